"""Our own JSON: everything a quiz holds, to be opened again.

Comes in: a quiz. Goes out: `Export`; and back: `OpenedQuiz`.

A literal example: `{"format": "qgkd quiz", "version": 1, "title": "燈塔", "items": [{"id": "3f0c52a1b7d9", …}]}`
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from qgkd.errors import UserError
from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.question_forms import QuizItem, with_different_ids
from qgkd.question_forms.item_json import read_item

FORMAT = "qgkd quiz"
VERSION = 1
MOST_ITEMS = 5000
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedQuiz:
    """A quiz read back."""

    title: str
    items: tuple[QuizItem, ...]


def write_json(quiz: ExportedQuiz) -> Export:
    """Write everything, NUL and unfinished items too; nothing is ever shortened."""
    items = [item.to_json() for item in quiz.items]
    value = {"format": FORMAT, "version": VERSION, "title": quiz.title, "items": items}
    text = json.dumps(value, ensure_ascii=False, indent=1)
    # Half of a surrogate pair has no UTF-8; JSON can still name it.
    text = _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
    return Export(content=text.encode("utf-8"))


def open_json(content: bytes, *, name: str = "quiz.json") -> OpenedQuiz:
    """Read what `write_json` wrote.

    Args:
        content: The file's bytes.
        name: What error messages call the file.

    Returns:
        The quiz, every field as it was; of two items with one id the second gets another.

    Raises:
        UserError: The file is no JSON of ours, or an item does not fit together; the sentence names the item. An
            unfinished item is opened as it was saved.
    """
    value = _parsed(content, name)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UserError(f"{name}: expected a quiz saved as JSON by this program, found other JSON; choose another file")
    if value.get("version") != VERSION:
        raise UserError(
            f"{name}: version: expected {VERSION}, found {str(value.get('version'))[:40]!r}; "
            "open it with the version of the program that saved it"
        )
    title, items = value.get("title", ""), value.get("items")
    if not isinstance(title, str):
        raise UserError(f"{name}: title: expected a text, found {type(title).__name__}; mend the file")
    if not isinstance(items, list) or not items or len(items) > MOST_ITEMS:
        found = f"{len(items):,} items" if isinstance(items, list) else "no list of items"
        raise UserError(f"{name}: items: expected a list of 1 to {MOST_ITEMS:,} items, found {found}; mend the file")
    read = tuple(read_item(item, where=f"{name}: item {n}") for n, item in enumerate(items, start=1))
    return OpenedQuiz(title=title, items=with_different_ids(read))


def _parsed(content: bytes, name: str) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError(f"{name}: expected JSON in UTF-8, found other bytes; choose another file") from None
    except json.JSONDecodeError as error:
        raise UserError(
            f"{name}: expected JSON, found something else in line {error.lineno}; choose a quiz saved as JSON"
        ) from None
    except (RecursionError, ValueError):
        raise UserError(f"{name}: expected a quiz, found JSON that cannot be read; choose another file") from None
