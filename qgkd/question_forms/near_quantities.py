"""The passage's other dates and numbers that could be taken for a right one.

Comes in: a date or quantity and the passage's spans. Goes out: those of the same form that are not far away.

A literal example: for `約235公尺` and the spans 410公尺, 3公里 and 9000公尺 it is `約410公尺`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qgkd.answer import AnswerSpan, AnswerType
from qgkd.question_forms.plausible_numbers import quantity_of, shape_of
from qgkd.text.word_lists import either

_ABOUT = re.compile(rf"^(?:{either('about')}|在|於|于|自|從|从)")
_AFTER = re.compile(r"(?:左右|以上|以下|多|餘|余|前後|前后|間|间|起)$")
_LEAST_YEARS_APART = 25
_THIS_YEAR = 2025
_MOST_TIMES = 8


def same_shape(answer_text: str, answer_type: AnswerType, spans: Sequence[AnswerSpan]) -> list[str]:
    """Other dates or numbers of the passage with the same unit, not far away, with the answer's qualifiers (`約`)."""
    before, core, after = without_about(answer_text)
    return [
        before + other_core + after
        for span in spans
        if span.type is answer_type
        for _, other_core, _ in [without_about(span.text)]
        if shape_of(other_core) == shape_of(core) and _is_near(quantity_of(other_core), quantity_of(core), answer_type)
    ]


def _is_near(one: tuple[float, ...], other: tuple[float, ...], answer_type: AnswerType) -> bool:
    """Whether a pupil could take a date or number for another one: 1405年 is too far from 2012年, 5克 from 300克."""
    if not one or not other:
        return True
    if answer_type is AnswerType.DATE:
        return abs(one[0] - other[0]) <= max(_LEAST_YEARS_APART, (_THIS_YEAR - other[0]) / 3)
    return min(one[0], other[0]) * _MOST_TIMES >= max(one[0], other[0])


def without_about(text: str) -> tuple[str, str, str]:
    """A quantity between what makes it less exact: `約`, 235公尺, `以上`."""
    before, after = _ABOUT.match(text), _AFTER.search(text)
    start_char = before.end() if before else 0
    end_char = after.start() if after else len(text)
    if start_char >= end_char:
        return "", text, ""
    return text[:start_char], text[start_char:end_char], text[end_char:]
