"""Notices to the teacher about items that could not be made, or exported, as wanted.

Comes in: a code and the values its sentence needs. Goes out: `Notice`, a sentence in any of the three languages.

A literal example: `Notice.of("shortened", number=3, field="question", found=140, limit=120).sentence()` is "Item 3: the
question has 140 characters and 120 fit: it was shortened."
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from qgkd.text.language import Language

_SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice, in any language of the page."""

    code: str
    """A key of `notices.toml`."""
    values: tuple[tuple[str, str | int], ...] = ()

    @classmethod
    def of(cls, code: str, **values: str | int) -> Notice:
        """Make a notice from a code of the table and the values its sentence names."""
        return cls(code, tuple(values.items()))

    @property
    def number(self) -> int | None:
        """Which item it is about, counted from 1; None where it is about the whole quiz."""
        number = dict(self.values).get("number")
        return number if isinstance(number, int) else None

    def with_number(self, number: int) -> Notice:
        """The same about an item that has another number."""
        return Notice.of(self.code, **{**dict(self.values), "number": number})

    def sentence(self, language: Language = Language.ENGLISH) -> str:
        """The sentence, in one language; a long answer is cut, a `field` may be several words' keys with spaces."""
        sentences, words = _table()["sentences"][self.code], _table()["words"]
        between = "; " if language is Language.ENGLISH else "；"
        shown = {
            name: between.join(words[key][language] for key in str(value).split())
            if name in ("field", "form")
            else _short(value)
            if name == "answer"
            else value
            for name, value in self.values
        }
        text: str = sentences[language].format(**shown)
        return text

    def __str__(self) -> str:
        return self.sentence()


def _short(value: str | int) -> str | int:
    if isinstance(value, str) and len(value) > _SHOWN_CHARS:
        return f"{value[:_SHOWN_CHARS]}…"
    return value


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads((resources.files("qgkd.question_forms") / "notices.toml").read_text("utf-8"))
