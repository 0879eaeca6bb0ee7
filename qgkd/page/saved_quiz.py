r"""A saved quiz as the page can show and store it; files made by hand hold what no browser can show.

Comes in: the bytes of a file. Goes out: `SavedQuiz`, or a `UserError`.

A literal example: half of a surrogate pair (`"\ud83d"` alone), for which UTF-8 has no bytes, becomes `�`.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from qgkd.errors import UserError
from qgkd.exports.own_json import open_json
from qgkd.question_forms import QuestionForm, QuizItem

MOST_TITLE_CHARS = 200
MOST_OPTIONS = 26
"""One for each letter."""
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuiz:
    """A quiz that was opened."""

    title: str
    items: tuple[QuizItem, ...]
    mended_items: int = 0
    """How many items held characters that cannot be shown."""


def open_saved_quiz(content: bytes, *, name: str) -> SavedQuiz:
    """Open what the page saved, whatever has become of it.

    Args:
        content: The file's bytes.
        name: What error messages call the file.

    Raises:
        UserError: It is no quiz, or an item has more options than the page has letters for.
    """
    opened = open_json(content, name=name)
    for number, item in enumerate(opened.items, start=1):
        if len(item.options) > MOST_OPTIONS:
            raise UserError(
                f"{name}: item {number}: options: expected at most {MOST_OPTIONS}, found {len(item.options):,}; "
                "leave some out"
            )
    items = tuple(_showable(item) for item in opened.items)
    mended = sum(bool(_SURROGATE.search("".join(_texts(item)))) for item in opened.items)
    return SavedQuiz(title=showable_title(opened.title), items=items, mended_items=mended)


def showable_title(title: str) -> str:
    """A title in one line that can be shown, stored and edited in the title's field."""
    return " ".join(_showable_text(title).replace("\x00", "").split())[:MOST_TITLE_CHARS]


def _showable(item: QuizItem) -> QuizItem:
    """The item without halves of surrogate pairs; what is shown is what is edited."""
    if item.form not in (QuestionForm.CLOZE, QuestionForm.TRUE_FALSE) and item.statement is not None:
        item = dataclasses.replace(item, question=item.statement, statement=None)
    texts = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    shown: dict[str, Any] = {name: _showable_text(text) for name, text in texts.items() if type(text) is str}
    return dataclasses.replace(item, **shown, options=tuple(map(_showable_text, item.options)))


def _showable_text(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _texts(item: QuizItem) -> list[str]:
    return [item.question, item.answer, item.statement or "", item.source_sentence, *item.options]
