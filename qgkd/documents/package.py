"""The zip package that a .docx or .pptx is: checked before it is unpacked, its XML parsed without entities.

Comes in: a file's bytes. Goes out: nothing, or `DocumentError`; XML elements.

A literal example: `check_package(data, "a.docx", limits)` raises `unpacks_too_large` for 42 kB that unpack to 4 GB.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from qgkd.documents.document import DocumentError, DocumentLimits

if TYPE_CHECKING:
    from lxml.etree import _Element as Element
else:
    Element = Any

_OLE_MARK = b"\xd0\xcf\x11\xe0"
_MAX_PARTS = 20_000
_LONG_ROW_CHARS = 120
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
ALTERNATE_CONTENT = _ALTERNATIVES + "AlternateContent"


def check_package(data: bytes, name: str, limits: DocumentLimits) -> None:
    """Refuse a package before it is unpacked.

    A member is never read beyond the size it declares, so that the declared sizes bound what unpacking can take.

    Raises:
        DocumentError: No zip archive, an encrypted one, or one that unpacks to too much.
    """
    if data.startswith(_OLE_MARK):  # what Office wraps a protected file in, and its formats of before 2007
        raise DocumentError("office_protected", name=name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise DocumentError("broken", name=name) from error
    if any(member.flag_bits & 1 for member in members):
        raise DocumentError("office_protected", name=name)
    unpacked_bytes = sum(member.file_size for member in members)
    if unpacked_bytes > limits.max_unpacked_bytes or len(members) > _MAX_PARTS:
        raise DocumentError(
            "unpacks_too_large",
            name=name,
            found_mb=unpacked_bytes // 1_000_000,
            limit_mb=limits.max_unpacked_bytes // 1_000_000,
        )


def parse_xml(blob: bytes) -> Element:
    """The root of a part's XML; entities are not resolved and nothing is fetched."""
    from lxml import etree

    return etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True))


def chosen_alternative(alternate_content: Element) -> Element | None:
    """The one branch of an mc:AlternateContent to read; the others show the same text for older programs."""
    branches = list(alternate_content.iterchildren(_ALTERNATIVES + "Choice", _ALTERNATIVES + "Fallback"))
    with_text = (branch for branch in branches if any(text.strip() for text in branch.itertext()))
    return next(with_text, branches[0] if branches else None)


def row_lines(cells: Iterable[list[str]]) -> Iterator[str]:
    """The lines of a table's row: its cells with tabs between them; cells of long prose are lines of their own.

    Args:
        cells: Paragraphs of each cell.
    """
    filled = [[line for line in cell if line.strip()] for cell in cells]
    if not any(filled):
        return
    several = any(len(cell) > 1 for cell in filled)
    if several and (len(filled) == 1 or sum(len(line) for cell in filled for line in cell) > _LONG_ROW_CHARS):
        for cell in filled:
            yield from cell
        return
    yield "\t".join(" ".join(cell).replace("\n", " ") for cell in filled)
