"""Spans against people's: exact match and F1 by characters, recall at several list lengths."""

from __future__ import annotations

import pytest

from qgkd.scoring.span_scores import exact_match, proposal_recall, span_f1


@pytest.mark.parametrize(
    ("found", "wanted", "f1"),
    [
        ("林文海", "林文海", 1.0),
        ("《海》", "海", 1.0),
        ("工程師林文海", "林文海", 2 * 0.5 * 1 / 1.5),
        ("1867年", "1902年", 0.5),  # a number is one unit
        ("New York", "new york", 1.0),
        ("港口", "燈塔", 0.0),
        ("", "燈塔", 0.0),
        ("甲乙丙丁", "甲乙戊丙丁", 2 * 2 / 9),  # the longest common stretch, not all that is common
    ],
)
def test_f1(found: str, wanted: str, f1: float) -> None:
    assert span_f1(found, wanted) == pytest.approx(f1)
    assert exact_match(found, wanted) == (f1 == 1.0)


def test_recall_counts_a_longer_list_for_more_answers() -> None:
    first = ([(0, 2), (3, 5), (10, 14)], {(3, 5)})  # found second
    second = ([(7, 9), (1, 4)], {(0, 4), (7, 9)})  # one exactly, one by three characters of four
    recall = proposal_recall([first, second])
    assert recall.passages == 2
    assert recall.answers == 3
    assert recall.exact == {1: pytest.approx(1 / 3), 2: pytest.approx(2 / 3), 3: pytest.approx(2 / 3)}
    assert recall.overlapping == {1: pytest.approx(2 / 3), 2: 1.0, 3: 1.0}
    assert recall.as_json()["exact_at_2"] == pytest.approx(2 / 3)
