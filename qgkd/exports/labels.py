"""The words around the items of a quiz, and how its answers are told.

Comes in: a key of `labels.toml`, or an item. Goes out: text in one of the three languages.

A literal example: `key_of(item, Language.TRADITIONAL)` is `B. 林文海`, or for a false statement 錯（應為「林文海」）.
"""

from __future__ import annotations

import functools
import string
import tomllib
from importlib import resources
from typing import Any

from qgkd.answer import AnswerType
from qgkd.question_forms import Language, QuestionForm, QuizItem


def label(key: str, language: Language, **values: str) -> str:
    """One label of the table."""
    text: str = _table()[key][language]
    return text.format(**values) if values else text


def type_label(answer_type: AnswerType | None, language: Language) -> str:
    """What a type of answer is called; empty where none is known."""
    if answer_type is None:
        return ""
    key = answer_type.value
    return label(f"{key}_type" if key in ("number", "date") else key, language)


def letter_of(index: int) -> str:
    """What an option is called: A to Z, then by number."""
    return string.ascii_uppercase[index] if index < len(string.ascii_uppercase) else str(index + 1)


def key_of(item: QuizItem, language: Language) -> str:
    """The right answer as the answer key tells it."""
    if item.form is QuestionForm.MULTIPLE_CHOICE and item.correct_index is not None:
        return f"{letter_of(item.correct_index)}. {item.options[item.correct_index]}"
    if item.form is QuestionForm.TRUE_FALSE:
        verdict = label("true" if item.is_true else "false", language)
        if item.is_true or not item.answer:
            return verdict
        correction = label("right_would_be", language, answer=item.answer)
        return f"{verdict} ({correction})" if language is Language.ENGLISH else f"{verdict}（{correction}）"
    return item.answer


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads((resources.files("qgkd.exports") / "labels.toml").read_text("utf-8"))
