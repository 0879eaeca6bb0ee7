from __future__ import annotations

import random

import numpy as np
import pytest

from qgkd.errors import UserError
from qgkd.scoring import score
from qgkd.scoring.bootstrap import paired_bootstrap
from qgkd.scoring.item_statistics import METRICS, count_items, tokenize_items, values_from_sums

REFERENCES = [[f"第{number}座燈塔是由哪一位工程師設計的？"] for number in range(60)]
GOOD = [refs[0].replace("哪一位工程師", "誰") for refs in REFERENCES]
BAD = [refs[0].replace("燈塔是由哪一位工程師設計", "燈塔在哪裡") for refs in REFERENCES]


def test_a_system_against_itself() -> None:
    for difference in paired_bootstrap(GOOD, GOOD, REFERENCES, resamples=100).values():
        assert (difference.difference, difference.low, difference.high) == (0, 0, 0)
        assert difference.p_value == 1


def test_differences_are_those_of_the_corpus_values_and_change_sign_with_the_order() -> None:
    forward = paired_bootstrap(GOOD, BAD, REFERENCES, resamples=200)
    backward = paired_bootstrap(BAD, GOOD, REFERENCES, resamples=200)
    good, bad = score(GOOD, REFERENCES).as_json_keys(), score(BAD, REFERENCES).as_json_keys()
    assert list(forward) == [*METRICS, "avg_score"]
    for name, difference in forward.items():
        assert difference.difference == pytest.approx(good[name] - bad[name], abs=1e-12)
        assert backward[name].difference == pytest.approx(-difference.difference)
        assert backward[name].low == pytest.approx(-difference.high)


def test_a_clear_difference_is_significant_and_a_random_one_is_not() -> None:
    clear = paired_bootstrap(GOOD, BAD, REFERENCES, resamples=500)["avg_score"]
    assert clear.low > 0
    assert clear.p_value < 0.01
    rng = random.Random(0)
    swapped = [pair if rng.random() < 0.5 else pair[::-1] for pair in zip(GOOD, BAD, strict=True)]
    first, second = [pair[0] for pair in swapped], [pair[1] for pair in swapped]
    chance = paired_bootstrap(first, second, REFERENCES, resamples=500)["avg_score"]
    assert chance.low < 0 < chance.high
    assert chance.p_value > 0.05


def test_the_seed_decides() -> None:
    first = paired_bootstrap(GOOD, BAD[:30] + GOOD[30:], REFERENCES, resamples=100, seed=1)
    assert first == paired_bootstrap(GOOD, BAD[:30] + GOOD[30:], REFERENCES, resamples=100, seed=1)
    assert first != paired_bootstrap(GOOD, BAD[:30] + GOOD[30:], REFERENCES, resamples=100, seed=2)


def test_resampling_counts_equals_scoring_the_resampled_text() -> None:
    hypotheses = BAD[:20] + GOOD[20:]
    drawn = np.random.default_rng(5).integers(0, 60, size=60)
    rows = count_items(tokenize_items(hypotheses, REFERENCES, "mixed")).rows
    from_counts = values_from_sums(rows[drawn].sum(axis=0), items=60)
    from_text = score([hypotheses[i] for i in drawn], [REFERENCES[i] for i in drawn])
    assert from_counts == pytest.approx(list(from_text.as_json_keys().values())[:6])


def test_systems_of_different_length_are_refused() -> None:
    with pytest.raises(UserError, match="59 hypotheses and 60"):
        paired_bootstrap(GOOD, BAD[1:], REFERENCES)
