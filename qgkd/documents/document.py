"""What reading a document gives, and what may be wrong with one.

Comes in: what a reader found. Goes out: `Document`, or `DocumentError`, whose sentence exists in every language of the
page.

A literal example: `DocumentError("pdf_password", name="a.pdf")` says in English "a.pdf is protected by a password; save
it without one and open it again."
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources

from qgkd.errors import UserError
from qgkd.text.language import Language


class DocumentError(UserError):
    """Why a document cannot be read, as a code and the values its sentence names."""

    def __init__(self, code: str, **values: str | int) -> None:
        self.code = code
        self.values = values
        super().__init__(self.sentence(Language.ENGLISH))

    def sentence(self, language: Language) -> str:
        """What was found and what to do, in one sentence."""
        return _sentences()[self.code][language].format_map(self.values)


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


@functools.cache
def _sentences() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("qgkd.documents") / "problems.toml").read_text("utf-8"))
