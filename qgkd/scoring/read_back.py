"""Whether a question leads a reader back to the answer that it was written for.

Comes in: questions with the examples they were written for, and a span model. Goes out: `ReadBack`s, and their means.

A literal example: of "誰設計了燈塔？", written for 林文海, the reader answers 林文海: found, F1 1.

Source: roundtrip consistency, Alberti et al. 2019 (arXiv 1906.05416), section 2.
Differs: besides the same answer (exact match) its F1 is reported, and how often the reader finds none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qgkd.reading.examples import QGExample
from qgkd.scoring.span_scores import exact_match, span_f1

if TYPE_CHECKING:
    from qgkd.spans.span_model import SpanModel

_PAIRS_PER_CALL = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """One question as the reader sees it."""

    is_answered: bool
    """Whether the passage answers it at all."""
    is_same: bool
    """Whether with the answer it was written for; False where it is not answered."""
    f1: float
    """Of the answer read with that one, by characters; 0 where it is not answered."""


def read_back_each(model: SpanModel, examples: Sequence[QGExample], questions: Sequence[str]) -> list[ReadBack]:
    """Answer each question from its example's passage; an empty one is not answered."""
    found: list[ReadBack] = []
    for start in range(0, len(examples), _PAIRS_PER_CALL):
        part = range(start, min(start + _PAIRS_PER_CALL, len(examples)))
        asked = [place for place in part if questions[place].strip()]
        readings = model.read([(questions[place], examples[place].context) for place in asked])
        answers = {place: reading.best().accepted for place, reading in zip(asked, readings, strict=True)}
        for place in part:
            answer, wanted = answers.get(place), examples[place].answer_text
            found.append(
                ReadBack(
                    is_answered=answer is not None,
                    is_same=answer is not None and exact_match(answer.text, wanted),
                    f1=0.0 if answer is None else span_f1(answer.text, wanted),
                )
            )
    return found


def read_back_figures(found: Sequence[ReadBack]) -> dict[str, float]:
    """Shares and the mean F1 of one question or more."""
    count = len(found)
    return {
        "answered": sum(each.is_answered for each in found) / count,
        "read_back": sum(each.is_same for each in found) / count,
        "read_back_f1": sum(each.f1 for each in found) / count,
    }
