r"""Read the text of PDF files.

Comes in: the bytes of a PDF. Goes out: its text, the lines of each paragraph joined, and the number of pages
without text.

A literal example: `join_lines("燈塔建於1867\n年，由林文海\n設計。\n它很高。")` is
`"燈塔建於1867年，由林文海設計。\n它很高。"`.
"""

from __future__ import annotations

import io
import logging
import re

from qgkd.documents.document import DocumentError, DocumentLimits

_ENDS = re.compile(r"[。！？!?：:；;…」』”）)\]】》.]\s*$")
_PAGE_NUMBER = re.compile(r"\s*[-–—·第]?\s*\d{1,4}\s*[-–—·頁页]?\s*")
_SHORT_LINE_SHARE = 0.6


def pdf_text(data: bytes, name: str, limits: DocumentLimits) -> tuple[str, int, int]:
    """Read the text of a PDF.

    Returns:
        Text, number of pages without text, number of pages.

    Raises:
        DocumentError: The file is broken, protected, too long, or contains only pictures.
    """
    import pypdf
    from pypdf.errors import DependencyError, FileNotDecryptedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("pdf_password", name=name)
        count = len(reader.pages)
        if count > limits.max_pages:
            raise DocumentError("pdf_pages", name=name, found=count, limit=limits.max_pages)
        texts = [page.extract_text() for page in reader.pages]
    except DocumentError:
        raise
    except (FileNotDecryptedError, DependencyError) as error:
        raise DocumentError("pdf_password", name=name) from error
    except Exception as error:
        raise DocumentError("broken", name=name) from error
    empty_pages = sum(not text.strip() for text in texts)
    if empty_pages == count:
        raise DocumentError("pdf_no_text", name=name)
    return join_lines("\n".join(texts)), empty_pages, count


def join_lines(text: str) -> str:
    """Join the lines of each paragraph; a line that ends a sentence or is short ends the paragraph."""
    lines = [line.strip() for line in text.split("\n") if not _PAGE_NUMBER.fullmatch(line) or not line.strip()]
    longest = max((len(line) for line in lines), default=0)
    paragraphs: list[str] = []
    open_line = False
    for line in lines:
        if not line:
            open_line = False
            continue
        if open_line:
            space = " " if paragraphs[-1][-1:].isascii() and line[:1].isascii() and line[:1].isalpha() else ""
            paragraphs[-1] += space + line
        else:
            paragraphs.append(line)
        open_line = not _ENDS.search(line) and len(line) >= longest * _SHORT_LINE_SHARE
    return "\n".join(paragraphs)
