"""Reads the text of SmartArt and charts in Word and PowerPoint files.

Comes in: the part that a drawing names. Goes out: lines.

A literal example: a SmartArt list of three boxes gives `["春耕", "夏耘", "秋收"]`.
"""

from __future__ import annotations

from collections import defaultdict

from qgkd.documents.package import CHART, DIAGRAM, DRAWING, Element

_SHOWN = {None, "node", "asst"}
"""Types of SmartArt points that hold text of the author; the others are layout."""


def smartart_lines(data_model: Element) -> list[str]:
    """The texts of a SmartArt drawing, a parent before its children, in their order."""
    points = {point.get("modelId"): point for point in data_model.iter(DIAGRAM + "pt")}
    children: dict[str | None, list[tuple[int, str]]] = defaultdict(list)
    for link in data_model.iter(DIAGRAM + "cxn"):
        if link.get("type", "parOf") == "parOf":
            children[link.get("srcId")].append((int(link.get("srcOrd") or 0), link.get("destId") or ""))
    lines: list[str] = []
    waiting = [model_id for model_id, point in points.items() if point.get("type") == "doc"]
    reached: set[str | None] = set()
    while waiting:
        model_id = waiting.pop()
        if model_id in reached or model_id not in points:
            continue
        reached.add(model_id)
        lines.extend(_point_lines(points[model_id]))
        waiting.extend(child for _, child in sorted(children[model_id], reverse=True))
    for model_id, point in points.items():
        if model_id not in reached:
            lines.extend(_point_lines(point))
    return lines


def chart_lines(chart_space: Element) -> list[str]:
    """The title, the axes' titles and the names of series and categories; no values."""
    lines = [_drawing_text(paragraph) for paragraph in chart_space.iter(DRAWING + "p")]
    for kind in (CHART + "tx", CHART + "cat"):
        for names in chart_space.iter(kind):
            values = [value.text or "" for point in names.iter(CHART + "pt") for value in point.iter(CHART + "v")]
            if kind == CHART + "cat":
                values = ["\t".join(values)]
            lines.extend(value for value in values if value not in lines)
    return [line for line in lines if line.strip()]


def _point_lines(point: Element) -> list[str]:
    if point.get("type") not in _SHOWN:
        return []
    lines = [_drawing_text(paragraph) for paragraph in point.iter(DRAWING + "p")]
    return [line for line in lines if line.strip()]


def _drawing_text(paragraph: Element) -> str:
    pieces = []
    for element in paragraph.iter(DRAWING + "t", DRAWING + "br"):
        pieces.append("\n" if element.tag == DRAWING + "br" else element.text or "")
    return "".join(pieces)
