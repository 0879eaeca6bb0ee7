"""What reading a document gives, and what may be wrong with one.

Comes in: what a reader found. Goes out: `Document`, or `DocumentError`; what they say to a user exists in every
language of the page.

A literal example: `DocumentError("pdf_password", name="a.pdf")` says in English "a.pdf is protected by a password; save
it without one and open it again."
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

from qgkd.errors import UserError
from qgkd.text.language import Language

_SEPARATOR = {Language.ENGLISH: ", ", Language.TRADITIONAL: "、", Language.SIMPLIFIED: "、"}


class DocumentError(UserError):
    """Why a document cannot be read, as a code and the values its sentence names."""

    def __init__(self, code: str, **values: str | int) -> None:
        self.code = code
        self.values = values
        super().__init__(self.sentence(Language.ENGLISH))

    def sentence(self, language: Language) -> str:
        """What was found and what to do, in one sentence."""
        return _sentences("problems")[self.code][language].format_map(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """How large a document may be."""

    max_bytes: int = 20_000_000
    """Of the file itself."""
    max_unpacked_bytes: int = 150_000_000
    """Of what a .docx or .pptx unpacks to; a bomb of 42 kB unpacks to gigabytes."""
    max_chars: int = 200_000
    """Of text: about a book of 400 pages."""
    max_pages: int = 1000
    """Of a PDF."""
    max_seconds: float = 60.0
    """Of reading; a file made to keep a reader busy is given up."""
    max_memory_bytes: int = 1_500_000_000
    """Of the process that reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The text of a document."""

    text: str
    title: str
    """The file's name without its end."""
    empty_pages: int = 0
    """Pages of a PDF that hold no text: scans and pictures."""
    pages: int = 0
    """Of a PDF; 0 for others."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many things of each kind were not read, by a code of left_out.toml: `{"running_lines": 6, "pictures": 1}`."""

    def left_out_notice(self, language: Language) -> str:
        """What was left out, in one sentence; empty where nothing was."""
        sentences = _sentences("left_out")
        parts = [
            sentences[code][language].format(count=count) for code, count in self.left_out.items() if code in sentences
        ]
        return sentences["notice"][language].format(parts=_SEPARATOR[language].join(parts)) if parts else ""


@functools.cache
def _sentences(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("qgkd.documents") / f"{name}.toml").read_text("utf-8"))
