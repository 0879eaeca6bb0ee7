r"""Reads the text of PowerPoint slides (.pptx).

Comes in: the bytes of a .pptx. Goes out: what the slides show, a blank line between slides; no notes of the speaker.

A literal example: `pptx_text(data, "a.pptx", limits)` gives `"細胞的構造\n細胞膜：控制物質進出\n葉綠體：進行光合作用"`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from qgkd.documents.diagrams import chart_lines, smartart_lines
from qgkd.documents.document import DocumentError, DocumentLimits
from qgkd.documents.equations import equation_text
from qgkd.documents.package import (
    ALTERNATE_CONTENT,
    CHART,
    DIAGRAM,
    DRAWING,
    MATH,
    RELATION,
    Element,
    check_package,
    chosen_alternative,
    parse_xml,
    row_lines,
)

_SLIDE = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_SHAPES = {_SLIDE + name for name in ("sp", "grpSp", "graphicFrame", "pic")}
_FURNITURE = {"sldNum", "ftr", "dt", "hdr"}
_TITLES = {"title", "ctrTitle"}
_NEAR_EMU = 180_000
"""Half a centimetre, by which shapes below each other may overlap."""


def pptx_text(data: bytes, name: str, limits: DocumentLimits) -> tuple[str, Counter[str]]:
    """Read a presentation.

    Returns:
        Text, and how many things of each kind were left out.

    Raises:
        DocumentError: The file is no PowerPoint file, is protected, or unpacks to more than the limits allow.
    """
    check_package(data, name, limits)
    import pptx

    left_out: Counter[str] = Counter()
    slides = []
    try:
        for slide in pptx.Presentation(io.BytesIO(data)).slides:
            if slide.element.get("show", "1") in {"0", "false"}:
                left_out["hidden_slides"] += 1
                continue
            if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
                left_out["notes"] += bool(slide.notes_slide.notes_text_frame.text.strip())
            slides.append("\n".join(line for line in _slide_lines(slide, left_out) if line.strip()))
    except Exception as error:
        raise DocumentError("broken", name=name) from error
    return "\n\n".join(slides), +left_out


def _slide_lines(slide: Any, left_out: Counter[str]) -> Iterator[str]:
    inherited = {shape.shape_id: shape for shape in slide.shapes if shape.is_placeholder}
    shapes = list(_shapes(slide.shapes.element))
    titles = [shape for shape in shapes if _placeholder_type(shape) in _TITLES]
    others = [shape for shape in shapes if shape not in titles and _may_show_text(shape)]
    for shape in titles + _in_reading_order([(_corner(shape, inherited), shape) for shape in others]):
        yield from _shape_lines(shape, slide.part, left_out)


def _shapes(tree: Element) -> Iterator[Element]:
    """The shapes of a slide or group, those of newer kinds included; none that is hidden or stands on every slide."""
    for child in tree.iterchildren("{*}*"):
        if child.tag == ALTERNATE_CONTENT:
            chosen = chosen_alternative(child)
            yield from _shapes(child if chosen is None else chosen)
            continue
        properties = next(child.iter(_SLIDE + "cNvPr"), None)
        if child.tag not in _SHAPES:
            continue
        hidden = properties is not None and properties.get("hidden") in {"1", "true"}
        if not hidden and _placeholder_type(child) not in _FURNITURE:
            yield child


def _may_show_text(shape: Element) -> bool:
    return shape.tag != _SLIDE + "sp" or any(True for _ in shape.iter(DRAWING + "t", MATH + "t"))


def _placeholder_type(shape: Element) -> str | None:
    if shape.tag == _SLIDE + "grpSp":
        return None
    placeholder = next(shape.iter(_SLIDE + "ph"), None)
    return None if placeholder is None else placeholder.get("type", "body")


def _corner(shape: Element, inherited: dict[int, Any]) -> tuple[int, int, int] | None:
    """Top, left and bottom, in EMU; a placeholder may have them from its layout."""
    offset = next(shape.iter(DRAWING + "off"), None)
    extent = None if offset is None else offset.getnext()
    if offset is not None and extent is not None:
        top = int(offset.get("y", 0))
        return top, int(offset.get("x", 0)), top + int(extent.get("cy", 0))
    number = next(shape.iter(_SLIDE + "cNvPr"), None)
    found = None if number is None else inherited.get(int(number.get("id", 0)))
    if found is None or found.top is None:
        return None
    return found.top, found.left, found.top + (found.height or 0)


def _in_reading_order(placed: list[tuple[tuple[int, int, int] | None, Element]]) -> list[Element]:
    """Shapes from top to bottom; those that stand beside each other column by column, from left to right."""
    if any(corner is None for corner, _ in placed):
        return [shape for _, shape in placed]  # the order in which they were drawn
    waiting = sorted(((corner, shape) for corner, shape in placed if corner is not None), key=lambda pair: pair[0])
    order: list[Element] = []
    while waiting:
        band: list[tuple[tuple[int, int, int], Element]] = []
        bottom = waiting[0][0][0] + 2 * _NEAR_EMU
        while waiting and waiting[0][0][0] < bottom - _NEAR_EMU:
            band.append(waiting.pop(0))
            bottom = max(bottom, band[-1][0][2])
        column, left = 0, band[0][0][1]
        columns = []
        for corner, shape in sorted(band, key=lambda pair: pair[0][1]):
            if corner[1] > left + 2 * _NEAR_EMU:
                column, left = column + 1, corner[1]
            columns.append((column, corner[0], shape))
        order.extend(shape for _, _, shape in sorted(columns, key=lambda entry: entry[:2]))
    return order


def _shape_lines(shape: Element, part: Any, left_out: Counter[str]) -> Iterator[str]:
    if shape.tag == _SLIDE + "grpSp":
        for inner in _in_reading_order([(_corner(inner, {}), inner) for inner in _shapes(shape)]):
            yield from _shape_lines(inner, part, left_out)
        return
    left_out["pictures"] += shape.tag == _SLIDE + "pic"
    for table in shape.iter(DRAWING + "tbl"):
        for row in table.iter(DRAWING + "tr"):
            yield from row_lines([_paragraphs(cell) for cell in row.iter(DRAWING + "tc")])
    for drawing in shape.iter(DIAGRAM + "relIds", CHART + "chart"):
        smartart = drawing.tag == DIAGRAM + "relIds"
        relation = part.rels.get(drawing.get(RELATION + ("dm" if smartart else "id")))
        if relation is not None and not relation.is_external:
            root = parse_xml(relation.target_part.blob)
            yield from smartart_lines(root) if smartart else chart_lines(root)
    for body in shape.iter(_SLIDE + "txBody"):
        yield from _paragraphs(body)


def _paragraphs(body: Element) -> list[str]:
    return [_text(paragraph) for paragraph in body.iter(DRAWING + "p")]


def _text(element: Element) -> str:
    """The text of a paragraph: runs, line breaks and equations; no fields for the slide's number and date."""
    pieces = []
    for child in element.iterchildren("{*}*"):
        if child.tag == DRAWING + "br":
            pieces.append("\n")
        elif child.tag == DRAWING + "t":
            pieces.append((child.text or "").replace("\v", "\n").replace("_x000B_", "\n"))
        elif child.tag.startswith(MATH):
            pieces.append(equation_text(child))
        elif child.tag == ALTERNATE_CONTENT:
            chosen = chosen_alternative(child)
            pieces.append("" if chosen is None else _text(chosen))
        elif child.tag == DRAWING + "fld" and child.get("type", "").startswith(("slidenum", "datetime")):
            continue
        else:
            pieces.append(_text(child))
    return "".join(pieces)
