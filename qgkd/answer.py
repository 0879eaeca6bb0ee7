"""The answer of a question: a stretch of the passage and the kind of thing it is.

Comes in: nothing. Goes out: `AnswerSpan`, the one answer type from the reader of a file to the printed question.

A literal example: `AnswerSpan(text="1867年", start_char=4, type=AnswerType.DATE, score=0.9)`, whose `end_char` is 9.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from qgkd.errors import UserError

_SHOWN_CHARS = 40


class AnswerType(StrEnum):
    """The kinds of answer that have question words of their own; values are what `--json` prints."""

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
    """A stretch of the passage that a question can be asked about: `context[start_char:end_char] == text`."""

    text: str
    start_char: int
    """First character, counted in the passage."""
    type: AnswerType | None = None
    """What kind of thing it is; None for an answer just read, until a quiz is made of it."""
    question_type: AnswerType | None = None
    """Decides the question word where it is not `type`: the kind that a proposal's own words tell, set aside by what
    the passage tells (a name introduced before, a clause after a verb)."""
    score: float = 0.0
    """How good an answer it is likely to make; higher is better, comparable within one passage only."""

    @property
    def end_char(self) -> int:
        """One past the last character."""
        return self.start_char + len(self.text)

    def spelt_in(self, converted: str) -> AnswerSpan:
        """The same answer in the passage's conversion to the other script, character by character."""
        return dataclasses.replace(self, text=converted[self.start_char : self.end_char])

    def check(self, context: str) -> None:
        """Make sure that the answer stands in a passage at its offset.

        Raises:
            UserError: It is empty, lies outside the passage, or other text stands there.
        """
        if not self.text or self.start_char < 0:
            raise UserError(
                f"expected an answer inside the passage of {len(context)} characters, found characters "
                f"{self.start_char} to {self.end_char}; check the offset"
            )
        if not context.startswith(self.text, self.start_char):
            found = context[self.start_char : self.end_char][:_SHOWN_CHARS]
            raise UserError(
                f"answer {self.text[:_SHOWN_CHARS]!r} is not at characters {self.start_char} to {self.end_char} of "
                f"the passage (found {found!r}); if the passage was edited, correct the offset"
            )
