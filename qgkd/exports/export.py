"""An exported file in memory, and what is wanted of it.

Comes in: its bytes and notices of what was left out. Goes out: `Export`. `ExportSettings` are what a teacher chooses.

A literal example: `Export(content=b"...", notices=()).sentences()` is `[]`: the file holds everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from qgkd.text.language import Language

if TYPE_CHECKING:
    from qgkd.question_forms.notices import Notice

_LEFT_OUT = frozenset({"form_left_out", "too_long", "options_alike", "unfinished"})


class Sheet(StrEnum):
    """Which pages a printed quiz has."""

    STUDENT = "student"
    KEY = "key"
    BOTH = "both"
    """The student's sheet, then the key from a new page on."""


MOST_VERSIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """What a teacher chooses beside the format; a format takes what it has a place for."""

    sheet: Sheet = Sheet.BOTH
    """Of a printed quiz."""
    passages: tuple[str, ...] = ()
    """Texts to print above the questions."""
    points: int | None = None
    """Of every question; None prints none, and is 1 where a platform needs a number."""
    versions: int = 1
    """Printed quizzes with the questions and options in another order each: 2 gives A and B, at most 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file, ready to be saved or sent."""

    content: bytes
    notices: tuple[Notice, ...] = ()
    """What was shortened, dropped or left out; empty where the file holds everything."""

    @property
    def left_out(self) -> int:
        """How many items are not in the file."""
        return sum(notice.code in _LEFT_OUT for notice in self.notices)

    def sentences(self, language: Language = Language.ENGLISH) -> list[str]:
        """The notices in one language."""
        return [notice.sentence(language) for notice in self.notices]
