"""One item of a quiz as a teacher edits it, takes it home and opens it again.

Comes in: what a builder (`qgkd.question_forms.build`) or a teacher wrote. Goes out: `QuizItem`, and its JSON object.

A literal example, a multiple choice item as JSON:

    {"id": "3f0c52a1b7d9", "form": "multiple_choice", "question": "燈塔由哪位工程師設計？", "answer": "林文海",
     "accepted_answers": ["工程師林文海"], "options": ["陳大山", "林文海", "王小明", "李四光"], "correct_index": 1,
     "statement": null, "is_true": null,
     "source_sentence": "燈塔建於1867年，由工程師林文海設計。", "passage_id": "lighthouse", "answer_start_char": 14,
     "answer_type": "person", "confidence": "high", "script": "traditional"}
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from qgkd.answer import AnswerType
from qgkd.text.script import Script

BLANK = "＿＿＿＿"
"""Takes the answer's place in a cloze sentence."""


class QuestionForm(StrEnum):
    """The form of an item; values are those of the JSON."""

    SHORT_ANSWER = "short_answer"
    MULTIPLE_CHOICE = "multiple_choice"
    CLOZE = "cloze"
    TRUE_FALSE = "true_false"


class Confidence(StrEnum):
    """Confidence of the system in a question."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"
    """Written by the rule or by a person, without a probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizItem:
    """One item; `prompt` is what the student reads."""

    item_id: str
    """Stable: the same answer of the same passage in the same form has the same id, whatever the question's words."""
    form: QuestionForm
    question: str
    """The question as generated or typed; kept for every form, so that an item can change its form and back."""
    answer: str
    """The right answer, as it stands in the passage."""
    accepted_answers: tuple[str, ...] = ()
    """What else counts as right where the pupil types the answer: proposed by `accepted.py`, changed by a teacher."""
    options: tuple[str, ...] = ()
    """Multiple choice: all options, the right answer among them."""
    correct_index: int | None = None
    """Multiple choice: which option is right; counted from 0."""
    statement: str | None = None
    """Cloze: the sentence with `BLANK` for the answer. True/false: the sentence to judge."""
    is_true: bool | None = None
    """True/false: whether the statement is right."""
    source_sentence: str = ""
    """The sentence of the passage that holds the answer; empty where a teacher wrote the item."""
    passage_id: str = ""
    answer_start_char: int | None = None
    """Where the answer starts in the passage; None where it is not in it."""
    answer_type: AnswerType | None = None
    confidence: Confidence = Confidence.UNKNOWN
    script: Script = Script.NEUTRAL
    """Of the passage, or of the question where there is none."""

    @property
    def prompt(self) -> str:
        """What the student reads: the statement of a cloze or true/false item, else the question."""
        return self.question if self.statement is None else self.statement

    def with_prompt(self, prompt: str) -> QuizItem:
        """The item with other words for the student to read."""
        if self.form in (QuestionForm.CLOZE, QuestionForm.TRUE_FALSE):
            return dataclasses.replace(self, statement=prompt)
        return dataclasses.replace(self, question=prompt)

    def to_json(self) -> dict[str, Any]:
        """The item as plain values, `item_id` as `id`, ready for `json.dumps`."""
        values = dataclasses.asdict(self)
        values["options"], values["accepted_answers"] = list(self.options), list(self.accepted_answers)
        return {"id": values.pop("item_id"), **{name: _plain(value) for name, value in values.items()}}


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value
