r"""Read the text of Word documents and PowerPoint slides.

Comes in: the bytes of a .docx or .pptx. Goes out: text, a line per paragraph.

A literal example: `docx_text(data, "a.docx", limits)` gives `"燈塔\n燈塔建於1867年。"`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from qgkd.documents.document import DocumentError, DocumentLimits

_OLE_MARK = b"\xd0\xcf\x11\xe0"
_MAX_FILES = 20_000


def docx_text(data: bytes, name: str, limits: DocumentLimits) -> str:
    """Read the paragraphs and tables of a Word document, in order.

    Raises:
        DocumentError: The file is not a Word document, is protected, or is too large when unpacked.
    """
    check_package(data, name, limits)
    import docx
    from docx.table import Table

    try:
        document = docx.Document(io.BytesIO(data))
        blocks = []
        for block in document.iter_inner_content():
            blocks.append("\n".join(_table_lines(block)) if isinstance(block, Table) else block.text)
    except Exception as error:
        raise DocumentError("broken", name=name) from error
    return "\n".join(blocks)


def pptx_text(data: bytes, name: str, limits: DocumentLimits) -> str:
    """Read the text of slides, in order: titles, boxes, tables, groups; a blank line between slides.

    Raises:
        DocumentError: The file is not a PowerPoint file, is protected, or is too large when unpacked.
    """
    check_package(data, name, limits)
    import pptx

    try:
        slides = ["\n".join(_shape_lines(slide.shapes)) for slide in pptx.Presentation(io.BytesIO(data)).slides]
    except Exception as error:
        raise DocumentError("broken", name=name) from error
    return "\n\n".join(slides)


def check_package(data: bytes, name: str, limits: DocumentLimits) -> None:
    """Refuse a zip archive that is protected or too large, before it is unpacked.

    The declared sizes are sufficient, because `zipfile` never reads a file beyond its declared size.

    Raises:
        DocumentError: The file is not a zip archive, is encrypted, or is too large when unpacked.
    """
    if data.startswith(_OLE_MARK):  # protected files, and Office formats before 2007
        raise DocumentError("office_protected", name=name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise DocumentError("broken", name=name) from error
    if any(member.flag_bits & 1 for member in members):
        raise DocumentError("office_protected", name=name)
    unpacked_bytes = sum(member.file_size for member in members)
    if unpacked_bytes > limits.max_unpacked_bytes or len(members) > _MAX_FILES:
        raise DocumentError(
            "unpacks_too_large",
            name=name,
            found_mb=unpacked_bytes // 1_000_000,
            limit_mb=limits.max_unpacked_bytes // 1_000_000,
        )


def _table_lines(table: Any) -> Iterator[str]:
    for row in table.rows:
        cells: list[str] = []
        for cell in row.cells:  # a merged cell is repeated in each column
            if not cells or cells[-1] != cell.text:
                cells.append(cell.text)
        yield "\t".join(cells)


def _shape_lines(shapes: Any) -> Iterator[str]:
    for shape in shapes:
        if getattr(shape, "has_text_frame", False) and shape.has_text_frame:
            yield from (paragraph.text for paragraph in shape.text_frame.paragraphs if paragraph.text.strip())
        elif getattr(shape, "has_table", False) and shape.has_table:
            yield from ("\t".join(cell.text for cell in row.cells) for row in shape.table.rows)
        elif hasattr(shape, "shapes"):
            yield from _shape_lines(shape.shapes)
