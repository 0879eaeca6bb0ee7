"""A document's text, the limits of reading one, and the errors.

Comes in: a reader's result. Goes out: `Document`, or `DocumentError` with a sentence in each language of the page.

A literal example: `DocumentError("pdf_password", name="a.pdf")` reads in English "a.pdf: the PDF is protected by a
password; save it without one and open it again."
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources

from qgkd.errors import UserError
from qgkd.text.language import Language


class DocumentError(UserError):
    """The reason why a document cannot be read: a code and the values for its sentence."""

    def __init__(self, code: str, **values: str | int) -> None:
        self.code = code
        self.values = values
        super().__init__(self.sentence(Language.ENGLISH))

    def sentence(self, language: Language) -> str:
        """Explain the error in one sentence: what was found and what to do."""
        return _sentences()[self.code][language].format_map(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """Limits on the size of a document and on the resources for reading it."""

    max_bytes: int = 20_000_000
    """Size of the file."""
    max_unpacked_bytes: int = 150_000_000
    """Unpacked size of a .docx or .pptx; a malicious file of 42 kB can unpack to gigabytes."""
    max_chars: int = 200_000
    """Length of the text; the default is about a book of 400 pages."""
    max_pages: int = 1000
    """Pages of a PDF."""
    max_seconds: float = 60.0
    """Time for reading a .docx, .pdf or .pptx, against files made to keep a reader busy."""
    max_memory_bytes: int = 1_500_000_000
    """Memory of the process that reads the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The text of a document."""

    text: str
    title: str
    """The file's name without its suffix."""
    empty_pages: int = 0
    """Pages of a PDF that contain no text, such as scans."""
    pages: int = 0
    """Pages of a PDF; 0 for other formats."""


@functools.cache
def _sentences() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("qgkd.documents") / "problems.toml").read_text("utf-8"))
