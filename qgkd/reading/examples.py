"""One training or test example: a question about one answer in one passage.

Comes in: nothing. Goes out: `QGExample`, read by `qgkd.reading.readers` and cut into windows by
`qgkd.model_input.window`.

A literal example (written for this project):

    QGExample(
        example_id="harbour-1-1",
        context="燈塔建於1867年，由工程師林文海設計。",
        answer_text="林文海",
        answer_start_char=14,
        question="這座燈塔是由哪位工程師設計的？",
        title="燈塔",
    )
"""

from __future__ import annotations

from dataclasses import dataclass

from qgkd.answer import AnswerSpan
from qgkd.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class QGExample:
    """One question, its answer and the passage that holds it.

    `context[answer_start_char:answer_end_char] == answer_text` holds for every instance; the offset decides which
    occurrence of a repeated answer is meant.
    """

    example_id: str
    """Unique within its file, e.g. `1147-5-1` of DRCD."""
    context: str
    """The whole passage, as in the file."""
    answer_text: str
    """The answer, a substring of the context."""
    answer_start_char: int
    """Where the answer starts in the context, in characters (Unicode code points)."""
    question: str = ""
    """The human-written question; empty where one is still to be generated."""
    title: str = ""
    """The article's title, where the file has one."""

    def __post_init__(self) -> None:
        try:
            self.answer.check(self.context)
        except UserError as error:
            raise ValueError(f"example {self.example_id}: {error}") from error

    @property
    def answer(self) -> AnswerSpan:
        """The answer as generators take it, not classified."""
        return AnswerSpan(text=self.answer_text, start_char=self.answer_start_char)

    @property
    def answer_end_char(self) -> int:
        """One past the answer's last character in the context."""
        return self.answer_start_char + len(self.answer_text)


def example_record(example: QGExample) -> dict[str, object]:
    """The fields as `readers` reads them back, one JSON object."""
    return {
        "id": example.example_id,
        "title": example.title,
        "context": example.context,
        "answer": example.answer_text,
        "answer_start": example.answer_start_char,
        "question": example.question,
    }
