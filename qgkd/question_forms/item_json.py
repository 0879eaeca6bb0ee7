"""An item read from JSON, with every field's type checked; an unfinished item is read as it is.

Comes in: what `json.loads` gave. Goes out: `QuizItem`, or a `UserError`.

A literal example: `read_item({"id": "a", "form": "essay"}, where="quiz.json: item 1")` raises
"quiz.json: item 1: form: expected one of short_answer, multiple_choice, cloze, true_false, found 'essay'; …".
"""

from __future__ import annotations

import dataclasses
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar

from qgkd.answer import AnswerType
from qgkd.errors import UserError
from qgkd.question_forms.accepted import propose_accepted
from qgkd.question_forms.item import Confidence, QuestionForm, QuizItem
from qgkd.text.script import Script

_Choice = TypeVar("_Choice", bound=StrEnum)
_FIELDS = ("id", *(field.name for field in fields(QuizItem) if field.name != "item_id"))
_SHOWN_CHARS = 40


def read_item(value: Any, *, where: str = "item") -> QuizItem:
    """Read an item back from what `json.loads` gave; absent fields take their defaults.

    Args:
        value: An object with no unknown fields.
        where: What error messages call it, such as `quiz.json: item 3`.

    Raises:
        UserError: A field is missing, unknown or of the wrong kind, or the parts do not fit each other; a blank text
            or two equal options are no error (see `unfinished.py`).
    """
    if not isinstance(value, dict):
        raise UserError(
            f"{where}: expected an object with the fields of a question, found {_short(value)}; mend the file"
        )
    unknown = [name for name in value if name not in _FIELDS]
    if unknown:
        raise UserError(f"{where}: {unknown[0]}: expected only {', '.join(_FIELDS)}; remove this field")
    read = _Fields(value, where)
    item = QuizItem(
        item_id=read.text("id"),
        form=read.choice("form", QuestionForm),
        question=read.text("question"),
        answer=read.text("answer"),
        options=read.texts("options"),
        correct_index=read.integer("correct_index"),
        statement=read.text("statement") if value.get("statement") is not None else None,
        is_true=read.boolean("is_true"),
        source_sentence=read.text("source_sentence", ""),
        passage_id=read.text("passage_id", ""),
        answer_start_char=read.integer("answer_start_char"),
        answer_type=read.choice("answer_type", AnswerType) if value.get("answer_type") is not None else None,
        confidence=read.choice("confidence", Confidence, Confidence.UNKNOWN),
        script=read.choice("script", Script, Script.NEUTRAL),
    )
    # Quizzes saved before there were accepted answers get those that a new item would have.
    accepted = read.texts("accepted_answers") if "accepted_answers" in value else propose_accepted(item)
    item = dataclasses.replace(item, accepted_answers=accepted)
    problem = _problem_of(item)
    if problem is not None:
        raise UserError(f"{where}: {problem}; mend the file")
    return item


def _problem_of(item: QuizItem) -> str | None:
    """The first parts that do not fit each other, as what was expected and found; None where all do."""
    if item.form is QuestionForm.MULTIPLE_CHOICE:
        return _problem_of_options(item)
    if item.options or item.correct_index is not None:
        return f"expected options in a multiple_choice item only, found them in a {item.form.value} item"
    if item.form in (QuestionForm.CLOZE, QuestionForm.TRUE_FALSE) and item.statement is None:
        return f"expected a statement in a {item.form.value} item, found none"
    return None


def _problem_of_options(item: QuizItem) -> str | None:
    if len(item.options) < 2:
        return f"expected two options or more in a multiple_choice item, found {len(item.options)}"
    if item.correct_index is None:
        return None
    if item.correct_index >= len(item.options):
        return f"expected correct_index to be 0 to {len(item.options) - 1}, found {item.correct_index}"
    if item.options[item.correct_index] != item.answer:
        right = item.options[item.correct_index]
        return f"expected the answer to be the right option {_short(right)}, found {_short(item.answer)}"
    return None


class _Fields:
    """The fields of one object, each checked for its type."""

    def __init__(self, value: dict[str, Any], where: str) -> None:
        self._value = value
        self._where = where

    def text(self, name: str, default: str | None = None) -> str:
        return str(self._checked(name, str, "a text", default))

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._checked(name, list, "a list of texts", [])
        if not all(isinstance(text, str) for text in found):
            raise self._error(name, "a list of texts", found)
        return tuple(found)

    def integer(self, name: str) -> int | None:
        found = self._value.get(name)
        if found is None:
            return None
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise self._error(name, "a whole number from 0 on, or null", found)
        return found

    def boolean(self, name: str) -> bool | None:
        found = self._value.get(name)
        if found is not None and not isinstance(found, bool):
            raise self._error(name, "true, false or null", found)
        return found

    def choice(self, name: str, kind: type[_Choice], default: _Choice | None = None) -> _Choice:
        found = self._value.get(name, default)
        if not isinstance(found, str) or found not in {member.value for member in kind}:
            raise self._error(name, f"one of {', '.join(member.value for member in kind)}", found)
        return kind(found)

    def _checked(self, name: str, kind: type, expected: str, default: Any) -> Any:
        found = self._value.get(name, default)
        if not isinstance(found, kind):
            raise self._error(name, expected, found)
        return found

    def _error(self, name: str, expected: str, found: Any) -> UserError:
        found_text = _short(found) if name in self._value else "nothing"
        return UserError(f"{self._where}: {name}: expected {expected}, found {found_text}; mend the file")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
