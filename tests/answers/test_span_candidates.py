"""The spans that a learnt scorer may choose from: whole words, within one clause, wider than the rule's."""

from __future__ import annotations

import pytest

from qgkd.answers.candidates import candidates_in
from qgkd.answers.span_candidates import FEATURE_VALUES, FEATURES, span_candidates
from qgkd.text.script import to_simplified_aligned


def texts_of(context: str) -> set[str]:
    found = span_candidates(context)
    return {context[start:end] for start, end in zip(found.start_chars, found.end_chars, strict=True)}


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        ("他看不懂葡萄牙語，只會說官話。", "葡萄牙"),  # a part of one word of jieba's
        ("識字的人佔83.4%，比十年前多。", "83.4%"),
        ("識字的人佔83.4%，比十年前多。", "83.4"),
        ("燈塔於2001年底落成，高42公尺。", "42公尺"),
        ("詩人寫了《海邊的夏天》，後來譯成法文。", "《海邊的夏天》"),
        ("工程師主張在北岸建造一座新的燈塔，議會同意。", "在北岸建造一座新的燈塔"),  # a clause to its end
        ("港口出口茶葉、樟腦和糖，進口棉布。", "茶葉、樟腦和糖"),
    ],
)
def test_what_people_choose_is_among_them(context: str, answer: str) -> None:
    assert answer in texts_of(context)
    assert to_simplified_aligned(answer) in texts_of(to_simplified_aligned(context))


def test_no_run_crosses_a_clause_or_begins_with_a_particle() -> None:
    context = "燈塔是白的，港口的船很多。遊客來了又走；沒有人留下。"
    runs = texts_of(context) - {context[c.start_char : c.end_char] for c in candidates_in(context)}
    assert runs
    for text in runs:
        assert not set(text) & set("，。；")
        assert not text.startswith("的")
        assert not text.endswith("的")


def test_candidates_are_sorted_and_described() -> None:
    context = "燈塔建於1867年，由林文海設計。" * 3
    found = span_candidates(context)
    spans = list(zip(found.start_chars.tolist(), found.end_chars.tolist(), strict=True))
    assert spans == sorted(set(spans))
    assert found.features.shape == (len(spans), len(FEATURES))
    assert found.features.max() < FEATURE_VALUES
    year = spans.index((4, 9))
    named = dict(zip(FEATURES, found.features[year].tolist(), strict=True))
    assert named["source"] == 1  # a date by its form
    assert named["chars"] == 5
    assert named["edges"] == 2  # its clause ends with it
    assert len(span_candidates("")) == 0
    assert len(span_candidates("，。\n")) == 0


def test_long_text_without_marks_is_found_in_pieces() -> None:
    context = "燈塔建於1867年由林文海設計" * 60
    found = span_candidates(context)
    assert found.end_chars.max() == len(context)
    assert len(found) < 60 * 120
