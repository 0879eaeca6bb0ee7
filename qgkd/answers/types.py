"""What kind of thing an answer is, which decides the question word it is asked with.

Comes in: a passage and a span. Goes out: `AnswerType`, `AnswerSpan`.

A literal example: `AnswerSpan(text="1867年", start_char=4, end_char=9, type=AnswerType.DATE, score=0.9)`
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AnswerType(StrEnum):
    """The kinds of answer the rule system has question words for; values are what `--json` prints."""

    DATE = "date"
    NUMBER = "number"
    PERSON = "person"
    PLACE = "place"
    ORGANISATION = "organisation"
    WORK = "work"
    TERM = "term"
    CLAUSE = "clause"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSpan:
    """A stretch of the passage that a question can be asked about."""

    text: str
    """The span's characters; equals `context[start_char:end_char]`."""
    start_char: int
    """First character, counted in the passage."""
    end_char: int
    """One past the last character."""
    type: AnswerType = AnswerType.TERM
    """What kind of thing it is."""
    score: float = 0.0
    """How good an answer it is likely to make; higher is better, comparable within one passage only."""
