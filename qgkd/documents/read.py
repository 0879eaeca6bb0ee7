"""Documents are read in a child process, so that a hostile file cannot stop the server.

Comes in: a file's name and bytes. Goes out: `Document`.

A literal example: `read_document("燈塔.docx", data).text` is the document's text. All but plain text is
read by `python -m qgkd.documents`, whose time and memory are bounded.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import PurePosixPath

from qgkd.documents.document import Document, DocumentError, DocumentLimits
from qgkd.documents.plain import decode
from qgkd.text.plain_characters import plain_characters

SUFFIXES = (".txt", ".md", ".docx", ".pdf", ".pptx")
_IN_PROCESS = (".txt",)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_MANY_LINES = re.compile(r"\n{3,}")


def clean_text(text: str) -> str:
    """Text without control characters and lone surrogates, with line feeds only and plain Chinese characters."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _MANY_LINES.sub("\n\n", plain_characters(text)).strip()


def read_document(name: str, data: bytes, limits: DocumentLimits | None = None) -> Document:
    """Read a document.

    Args:
        name: The file's name; its suffix gives the format.
        data: The file.
        limits: How large it may be.

    Returns:
        Its text, without control characters.

    Raises:
        DocumentError: It cannot be read; the sentence says why.
    """
    limits = limits or DocumentLimits()
    suffix = PurePosixPath(name.lower()).suffix
    if suffix not in SUFFIXES:
        raise DocumentError("format", name=name, formats=" ".join(SUFFIXES))
    if len(data) > limits.max_bytes:
        raise DocumentError(
            "file_too_large", name=name, found_mb=-(-len(data) // 1_000_000), limit_mb=limits.max_bytes // 1_000_000
        )
    if not data:
        raise DocumentError("empty", name=name)
    read = read_here if suffix in _IN_PROCESS else _read_apart
    document = read(name, data, limits)
    if not document.text:
        raise DocumentError("empty", name=name)
    if len(document.text) > limits.max_chars:
        raise DocumentError("too_many_chars", name=name, found=len(document.text), limit=limits.max_chars)
    return document


def read_here(name: str, data: bytes, limits: DocumentLimits) -> Document:
    """Read a document in this process; the caller bounds time and memory."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    empty_pages = pages = 0
    left_out: Mapping[str, int] = {}
    if suffix == ".pdf":
        from qgkd.documents.pdf import pdf_text

        text, empty_pages, pages, left_out = pdf_text(data, name, limits)
    elif suffix == ".docx":
        from qgkd.documents.docx import docx_text

        text, left_out = docx_text(data, name, limits)
    elif suffix == ".pptx":
        from qgkd.documents.pptx import pptx_text

        text, left_out = pptx_text(data, name, limits)
    elif suffix == ".md":
        from qgkd.documents.markdown import markdown_text

        text, left_out = markdown_text(decode(data, name))
    else:
        text = decode(data, name)
    return Document(
        text=clean_text(text), title=path.stem, empty_pages=empty_pages, pages=pages, left_out=dict(left_out)
    )


def _read_apart(name: str, data: bytes, limits: DocumentLimits) -> Document:
    """Read it in a child process; a timeout raises `too_slow`, a crash or a lack of memory `broken`."""
    header = json.dumps({"name": name, "limits": {field: getattr(limits, field) for field in limits.__slots__}})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "qgkd.documents"],
            input=header.encode() + b"\n" + data,
            capture_output=True,
            timeout=limits.max_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DocumentError("too_slow", name=name, seconds=int(limits.max_seconds)) from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise DocumentError("broken", name=name) from error
    if "code" in answer:
        raise DocumentError(answer["code"], **answer["values"])
    return Document(**answer)
