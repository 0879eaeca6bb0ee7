"""The words around the items of a quiz, and its answers as the key prints them.

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
from qgkd.question_forms import BLANK, Language, QuestionForm, QuizItem

_NAME_CHARS = 40
_MOODLE_BLANK = "_____"
"""Five underscores or more; Moodle puts the field there (`question/type/shortanswer/renderer.php`)."""


def label(key: str, language: Language, **values: str) -> str:
    """One label of the table."""
    text: str = _table()[key][language]
    return text.format(**values) if values else text


def type_label(answer_type: AnswerType | None, language: Language) -> str:
    """The name of an answer type; empty where it is unknown."""
    if answer_type is None:
        return ""
    key = answer_type.value
    return label(f"{key}_type" if key in ("number", "date") else key, language)


def letter_of(index: int) -> str:
    """An option's letter, A to Z, then its number."""
    return string.ascii_uppercase[index] if index < len(string.ascii_uppercase) else str(index + 1)


def lettered(item: QuizItem) -> list[str]:
    """The options with their letters: `A. 陳大山`."""
    return [f"{letter_of(index)}. {option}" for index, option in enumerate(item.options)]


def feedback_of(item: QuizItem, language: Language) -> str:
    """What a pupil reads after answering: the right answer, and the sentence of the passage that says so."""
    # Platforms show options without letters, or in another order.
    is_choice = item.form is QuestionForm.MULTIPLE_CHOICE and item.correct_index is not None
    right = item.options[item.correct_index or 0] if is_choice else key_of(item, language)
    texts = {"answer": right, "source": item.source_sentence}
    colon = ": " if language is Language.ENGLISH else "："
    return "\n".join(f"{label(key, language)}{colon}{text}" for key, text in texts.items() if text)


def question_name(number: int, item: QuizItem) -> str:
    """What a teacher looks for in a question bank: the number, which keeps the order, and how the question begins."""
    text = " ".join(item.prompt.split())
    return f"{number:02d} {text if len(text) <= _NAME_CHARS else f'{text[:_NAME_CHARS]}…'}"


def typed_answers(item: QuizItem) -> list[str]:
    """Every answer that counts as right where the pupil types it, the item's own first."""
    return [item.answer, *item.accepted_answers]


def with_inline_blank(item: QuizItem) -> str:
    """The prompt with Moodle's mark for the field in which the pupil types, in the blank of a cloze sentence."""
    return item.prompt.replace(BLANK, _MOODLE_BLANK, 1) if item.form is QuestionForm.CLOZE else item.prompt


def key_of(item: QuizItem, language: Language) -> str:
    """The right answer as the answer key prints it."""
    if item.form is QuestionForm.MULTIPLE_CHOICE and item.correct_index is not None:
        return lettered(item)[item.correct_index]
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
