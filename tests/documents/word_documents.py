"""Word documents whose XML is written by the test, so that they hold what python-docx does not write."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

_NAMES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "v": "urn:schemas-microsoft-com:vml",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
}
_DECLARED = " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in _NAMES.items())


def word_document(body: str, *, change: Callable[[Any], None] | None = None) -> bytes:
    """A .docx of some body XML.

    Args:
        body: Blocks, such as `<w:p>…</w:p>`.
        change: What else to do to the document before it is saved.
    """
    document = docx.Document()
    for block in parse_xml(f"<w:body {_DECLARED}>{body}</w:body>"):
        document.element.body.insert(len(document.element.body) - 1, block)
    if change is not None:
        change(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def add_part(document: Any, kind: str, xml: str) -> str:
    """Add a part such as `footnotes` or `diagramData` and return the id of its relation."""
    root = xml.replace(" ", f" {_DECLARED} ", 1) if " " in xml.split(">")[0] else xml.replace(">", f" {_DECLARED}>", 1)
    part = Part(PackURI(f"/word/{kind}.xml"), "application/xml", root.encode(), document.part.package)
    return str(document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES.rpartition("/")[0] + "/" + kind))


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(content: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def field(instruction: str, result: str | None = None) -> str:
    """A field; without a result it is what its instruction draws."""
    separate = "" if result is None else '<w:r><w:fldChar w:fldCharType="separate"/></w:r>' + run(result)
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{instruction}</w:instrText></w:r>{separate}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
