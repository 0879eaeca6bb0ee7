"""Read a document in a separate process, so that a malicious file cannot harm the server.

Comes in: a file's name and bytes. Goes out: `Document`.

A literal example: `read_document("燈塔.docx", data).text` is the document's text. A .docx, .pdf or .pptx is read by
`python -m qgkd.documents`, whose time and memory are limited; .txt and .md are read in this process.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import PurePosixPath

from qgkd.documents.document import Document, DocumentError, DocumentLimits

SUFFIXES = (".txt", ".md", ".docx", ".pdf", ".pptx")
_IN_PROCESS = (".txt", ".md")
_CONTROL_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean_text(text: str) -> str:
    """Remove control characters and surrogates, and write line breaks as line feeds, at most two in a row."""
    return _BLANK_LINES.sub("\n\n", _CONTROL_CHARACTER.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def read_document(name: str, data: bytes, limits: DocumentLimits | None = None) -> Document:
    """Read a document.

    Args:
        name: The file's name; its suffix gives the format.
        data: The file's bytes.
        limits: Limits on its size; None for the defaults.

    Returns:
        The document, its text without control characters.

    Raises:
        DocumentError: It cannot be read; the message explains why.
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
    read = read_here if suffix in _IN_PROCESS else _read_in_new_process
    document = read(name, data, limits)
    if not document.text:
        raise DocumentError("empty", name=name)
    if len(document.text) > limits.max_chars:
        raise DocumentError("too_many_chars", name=name, found=len(document.text), limit=limits.max_chars)
    return document


def read_here(name: str, data: bytes, limits: DocumentLimits) -> Document:
    """Read a document in this process; the caller limits time and memory."""
    from qgkd.documents import office, pdf, plain

    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        text, empty_pages, pages = pdf.pdf_text(data, name, limits)
        return Document(text=clean_text(text), title=path.stem, empty_pages=empty_pages, pages=pages)
    if suffix in _IN_PROCESS:
        text = plain.decode(data, name)
        return Document(text=clean_text(plain.markdown_text(text) if suffix == ".md" else text), title=path.stem)
    reader: Callable[[bytes, str, DocumentLimits], str] = office.docx_text if suffix == ".docx" else office.pptx_text
    return Document(text=clean_text(reader(data, name, limits)), title=path.stem)


def _read_in_new_process(name: str, data: bytes, limits: DocumentLimits) -> Document:
    """Read a document in another process; a timeout raises `too_slow`, a crash `broken`."""
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
