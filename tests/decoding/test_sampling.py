"""Sampling: the right set of tokens, the right frequencies, draws that depend on seed and request alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_model import PASSAGES, tiny_checkpoint

from qgkd.answer import AnswerSpan
from qgkd.decoding.generator import ModelGenerator
from qgkd.decoding.greedy import nucleus
from qgkd.decoding.settings import DecodingSettings
from qgkd.generator import GenerationRequest

PROBABILITIES = torch.tensor([[0.4, 0.3, 0.2, 0.08, 0.02], [0.02, 0.08, 0.2, 0.3, 0.4]])


def kept(top_k: int = 0, top_p: float = 1.0) -> list[list[int]]:
    return [row.nonzero()[:, 0].tolist() for row in nucleus(PROBABILITIES.log(), top_k=top_k, top_p=top_p)]


def test_top_k_keeps_the_k_likeliest() -> None:
    assert kept(top_k=1) == [[0], [4]]
    assert kept(top_k=3) == [[0, 1, 2], [2, 3, 4]]
    assert kept(top_k=99) == kept() == [[0, 1, 2, 3, 4]] * 2


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    assert kept(top_p=0.39) == [[0], [4]]
    assert kept(top_p=0.41) == [[0, 1], [3, 4]]
    assert kept(top_p=0.69) == [[0, 1], [3, 4]]
    assert kept(top_p=0.71) == [[0, 1, 2], [2, 3, 4]]
    assert kept(top_p=1e-9) == [[0], [4]]  # never empty


def test_both_together_and_renormalised() -> None:
    found = nucleus(PROBABILITIES.log(), top_k=3, top_p=0.7)  # of the three: 4/9, 3/9, 2/9
    assert found[0].tolist() == pytest.approx([4 / 7, 3 / 7, 0, 0, 0])
    torch.testing.assert_close(nucleus(PROBABILITIES.log(), top_k=0, top_p=1.0), PROBABILITIES)
    assert nucleus(PROBABILITIES.log(), top_k=4, top_p=0.95).sum(dim=1).tolist() == pytest.approx([1, 1])


def test_a_row_without_any_token_has_no_probability() -> None:
    dead = torch.full((1, 5), -torch.inf)
    for top_k, top_p in [(0, 1.0), (2, 0.9)]:
        assert nucleus(dead, top_k=top_k, top_p=top_p).tolist() == [[0.0] * 5]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


def requests() -> list[GenerationRequest]:
    found = []
    for passage in PASSAGES:
        for answer in ("林文海", "港務局", "1867年", "港口", "三百人"):
            if answer in passage:
                found.append(
                    GenerationRequest(context=passage, answer=AnswerSpan(text=answer, start_char=passage.index(answer)))
                )
    return found


def generator(folder: Path, attention: str = "prefix", batch: int = 8192, **settings: object) -> ModelGenerator:
    checkpoint = tiny_checkpoint(folder, attention=attention, layout="marked")
    return ModelGenerator(checkpoint, DecodingSettings(sample=True, **settings), max_batch_tokens=batch)


def texts(found: list[list]) -> list[list[str]]:
    return [[question.text for question in questions] for questions in found]


@pytest.mark.parametrize("attention", ["prefix", "recurrent"])
def test_a_seed_gives_the_same_questions_and_another_gives_others(folder: Path, attention: str) -> None:
    asked = requests()
    first = texts(generator(folder, attention, seed=1).generate(asked, questions_per_answer=2))
    assert texts(generator(folder, attention, seed=1).generate(asked, questions_per_answer=2)) == first
    assert texts(generator(folder, attention, seed=2).generate(asked, questions_per_answer=2)) != first


@pytest.mark.parametrize("attention", ["prefix", "recurrent"])
@pytest.mark.parametrize("settings", [{"top_k": 10}, {"top_p": 0.8, "sampling_temperature": 0.7}])
def test_the_batch_does_not_change_the_draws(folder: Path, attention: str, settings: dict[str, object]) -> None:
    asked = requests()
    together = texts(generator(folder, attention, **settings).generate(asked, questions_per_answer=3))
    backwards = texts(generator(folder, attention, **settings).generate(asked[::-1], questions_per_answer=3))[::-1]
    small = texts(generator(folder, attention, batch=1, **settings).generate(asked, questions_per_answer=3))
    alone = [texts(generator(folder, attention, **settings).generate([r], questions_per_answer=3))[0] for r in asked]
    assert together == backwards == small == alone


def test_top_k_of_one_is_greedy(folder: Path) -> None:
    asked = requests()
    checkpoint = tiny_checkpoint(folder, attention="prefix", layout="marked")
    greedy = ModelGenerator(checkpoint).generate(asked)
    drawn = generator(folder, top_k=1, seed=5).generate(asked)
    assert texts(drawn) == texts(greedy)
    for row, expected in zip(drawn, greedy, strict=True):
        assert row[0].mean_log_probability == pytest.approx(expected[0].mean_log_probability, abs=1e-5)


def test_a_low_temperature_is_greedy_and_a_high_one_is_not(folder: Path) -> None:
    asked = requests()
    greedy = texts(ModelGenerator(tiny_checkpoint(folder, attention="prefix", layout="marked")).generate(asked))
    assert texts(generator(folder, sampling_temperature=1e-3).generate(asked)) == greedy
    assert texts(generator(folder, sampling_temperature=3.0).generate(asked)) != greedy


def test_draws_of_one_request_differ_and_come_best_first(folder: Path) -> None:
    for questions in generator(folder, sampling_temperature=1.5).generate(requests(), questions_per_answer=4):
        assert len({question.text for question in questions}) == len(questions) > 1
        gains = [question.mean_log_probability for question in questions]
        assert gains == sorted(gains, reverse=True)
