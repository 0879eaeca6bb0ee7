from __future__ import annotations

import pytest

from qgkd.errors import UserError
from qgkd.scoring.diversity import copy_rate, distinct_n

CONTEXT = "鎮上的燈塔建於1898年，由林先生設計。"


def test_copied_whole() -> None:
    rate = copy_rate(["鎮上的燈塔建於1898年?"], [CONTEXT])
    assert (rate.mean, rate.in_four_grams, rate.whole) == (1, 1, 1)


def test_a_replaced_middle_halves_the_longest_piece_but_not_the_pieces() -> None:
    rate = copy_rate(["鎮上的燈塔建於幾年，由林先生設計？"], [CONTEXT])
    # 鎮上的燈塔建於 (7), 幾, 年，由林先生設計 (8)
    assert rate.mean == pytest.approx(8 / 16)
    assert rate.in_four_grams == pytest.approx(15 / 16)
    assert rate.whole == 0


def test_nothing_copied_and_empty_questions() -> None:
    assert copy_rate(["貓吃魚？"], [CONTEXT]).mean == 0
    assert copy_rate(["？", ""], [CONTEXT, CONTEXT]).mean == 0
    half = copy_rate(["", "由林先生設計？"], [CONTEXT, CONTEXT])
    assert (half.mean, half.whole) == (0.5, 0.5)


def test_widths_case_and_spaces_are_no_difference() -> None:
    assert copy_rate(["ｇｐｓ 衛星？"], ["GPS衛星繞行地球。"]).whole == 1


def test_longest_piece_against_a_plain_search() -> None:
    question, context = "甲乙丙甲乙丁戊己", "丁戊甲乙丙丁戊己庚"
    pieces = [question[a:b] for a in range(len(question)) for b in range(a + 1, len(question) + 1)]
    longest = max(len(piece) for piece in pieces if piece in context)
    assert copy_rate([question], [context]).mean == pytest.approx(longest / len(question))


@pytest.mark.parametrize(("questions", "contexts"), [([], []), (["誰？"], [])])
def test_copy_rate_needs_pairs(questions: list[str], contexts: list[str]) -> None:
    with pytest.raises(UserError, match="one passage per question"):
        copy_rate(questions, contexts)


def test_distinct() -> None:
    assert distinct_n(["誰建的？", "誰種的？"], 1) == pytest.approx(5 / 8)
    assert distinct_n(["誰建的？", "誰種的？"], 2) == pytest.approx(5 / 6)
    assert distinct_n(["誰建的？"] * 4) == pytest.approx(3 / 12)
    assert distinct_n(["誰"], 2) == 0
    assert distinct_n([], 1) == 0
