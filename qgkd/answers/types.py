"""The types of answers, and an answer as a span of a passage.

Comes in: nothing; the other modules fill these types. Goes out: `AnswerType`, which decides the question word, and
`AnswerSpan`.

A literal example: `AnswerSpan(text="1867年", start_char=4, end_char=9, type=AnswerType.DATE, score=0.9)`
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AnswerType(StrEnum):
    """The types of answer for which the rule has question words; `--json` prints the values."""

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
    """A span of the passage that a question can ask about."""

    text: str
    """The span's characters; equals `context[start_char:end_char]`."""
    start_char: int
    """First character, counted in the passage."""
    end_char: int
    """One past the last character."""
    type: AnswerType = AnswerType.TERM
    """The answer's type."""
    score: float = 0.0
    """How suitable the answer is for a question; higher is better, comparable only within one passage."""
