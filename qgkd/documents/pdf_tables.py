r"""Tables with ruled lines: what stands in a cell belongs to it, on however many lines it stands.

Comes in: a page and its characters. Goes out: a row per table, and the characters outside of tables.

A literal example: a grid of two columns gives a piece whose rows are `["山名\t高度", "玉山\t3952公尺"]`.
"""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qgkd.documents.package import row_lines
from qgkd.documents.pdf_columns import Flow, Line
from qgkd.documents.pdf_glyphs import Glyph
from qgkd.documents.pdf_lines import Piece, Row, rows_of
from qgkd.documents.pdf_paragraphs import paragraphs_of

_MAX_EDGES = 4000
"""Of a page; one with more is a drawing."""
_NEAR_POINTS = 2.5
_MIN_EDGE_POINTS = 6


@dataclass(frozen=True, slots=True)
class _Edge:
    """A ruled line: at `place` across the other axis, from `start` to `end` along its own."""

    place: float
    start: float
    end: float


def ruled_tables(page: Any, glyphs: Sequence[Glyph], left_out: Counter[str]) -> tuple[list[Row], list[Glyph]]:
    """Read the ruled tables of a page.

    Returns:
        A row per table, in the page's coordinates; the characters that stand in none.
    """
    across, down = _edges(page)
    tables = []
    for rows_at, columns_at, walls, floors in _grids(across, down):
        cells: dict[tuple[int, int], list[Glyph]] = defaultdict(list)
        rest = []
        for glyph in glyphs:
            column = bisect.bisect(columns_at, (glyph.x0 + glyph.x1) / 2) - 1
            row = len(rows_at) - 1 - bisect.bisect(rows_at, glyph.y + 0.35 * glyph.size)
            if 0 <= column < len(columns_at) - 1 and 0 <= row < len(rows_at) - 1:
                cells[row, column].append(glyph)
            else:
                rest.append(glyph)
        if len(cells) < 2:
            continue
        glyphs = rest
        lines = list(_lines(cells, rows_at[::-1], columns_at, walls, floors, left_out))
        size = max(glyph.size for cell in cells.values() for glyph in cell)
        piece = Piece("\n".join(lines), columns_at[0], columns_at[-1], rows_at[-1] - size, size, lines, rows_at[0])
        tables.append(Row(rows_at[-1] - size, [piece]))
    return tables, list(glyphs)


def _lines(
    cells: dict[tuple[int, int], list[Glyph]],
    rows_at: Sequence[float],
    columns_at: Sequence[float],
    walls: Sequence[_Edge],
    floors: Sequence[_Edge],
    left_out: Counter[str],
) -> Iterator[str]:
    """The lines of a table; cells without a line between them are one."""
    merged: dict[tuple[int, int], list[Glyph]] = defaultdict(list)
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    for row in range(len(rows_at) - 1):
        middle_y = (rows_at[row] + rows_at[row + 1]) / 2
        for column in range(len(columns_at) - 1):
            middle_x = (columns_at[column] + columns_at[column + 1]) / 2
            place = (row, column)
            if column and not _is_ruled(walls, columns_at[column], middle_y):
                place = owner[row, column - 1]
            elif row and not _is_ruled(floors, rows_at[row], middle_x):
                place = owner[row - 1, column]
            owner[row, column] = place
            merged[place].extend(cells.get((row, column), ()))
    for row in range(len(rows_at) - 1):
        texts: list[list[str]] = []
        for place in dict.fromkeys(owner[row, column] for column in range(len(columns_at) - 1)):
            if place[0] < row:  # a cell that began in a row above
                texts.append([])
                continue
            right = max(columns_at[column + 1] for (_, column), owned in owner.items() if owned == place)
            texts.append(_cell_paragraphs(merged[place], columns_at[place[1]], right, left_out))
        if any(texts):
            yield from row_lines(texts)


def _cell_paragraphs(glyphs: Sequence[Glyph], left: float, right: float, left_out: Counter[str]) -> list[str]:
    lines = [
        Line(row.text, row.pieces[0].x0, row.pieces[-1].x1, row.y, row.size, y_end=row.y)
        for row in rows_of(glyphs, left_out)
    ]
    if not lines:
        return []
    padding = max(min(line.x0 for line in lines) - left, 0.0)
    edge = max(*(line.x1 for line in lines), right - padding - lines[0].size)
    return list(paragraphs_of([Flow(lines, min(line.x0 for line in lines), edge, whole_page=False)]))


def _is_ruled(edges: Iterable[_Edge], place: float, along: float) -> bool:
    return any(abs(edge.place - place) <= _NEAR_POINTS and edge.start <= along <= edge.end for edge in edges)


def _grids(
    across: list[_Edge], down: list[_Edge]
) -> Iterator[tuple[list[float], list[float], list[_Edge], list[_Edge]]]:
    """Lines that meet, as the places of a table's rows and columns; a frame around text is no table."""
    waiting_down = list(down)
    waiting_across = list(across)
    while waiting_down:
        walls, floors = [waiting_down.pop()], []
        grown = True
        while grown:
            new_floors = [floor for floor in waiting_across if any(_meet(floor, wall) for wall in walls)]
            waiting_across = [floor for floor in waiting_across if floor not in new_floors]
            floors.extend(new_floors)
            new_walls = [wall for wall in waiting_down if any(_meet(floor, wall) for floor in new_floors)]
            waiting_down = [wall for wall in waiting_down if wall not in new_walls]
            walls.extend(new_walls)
            grown = bool(new_walls)
        rows_at = _places(floor.place for floor in floors)
        columns_at = _places(wall.place for wall in walls)
        if len(columns_at) > 2 and len(rows_at) > 1:
            yield rows_at, columns_at, walls, floors


def _meet(floor: _Edge, wall: _Edge) -> bool:
    return (
        floor.start - _NEAR_POINTS <= wall.place <= floor.end + _NEAR_POINTS
        and wall.start - _NEAR_POINTS <= floor.place <= wall.end + _NEAR_POINTS
    )


def _places(values: Iterable[float]) -> list[float]:
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > 2 * _NEAR_POINTS:
            places.append(value)
    return places


def _edges(page: Any) -> tuple[list[_Edge], list[_Edge]]:
    """The horizontal and vertical lines that a page draws."""
    across: list[_Edge] = []
    down: list[_Edge] = []
    for path in _paths(page):
        for (x0, y0), (x1, y1) in path:
            if abs(y1 - y0) < 1 and abs(x1 - x0) >= _MIN_EDGE_POINTS:
                across.append(_Edge((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
            elif abs(x1 - x0) < 1 and abs(y1 - y0) >= _MIN_EDGE_POINTS:
                down.append(_Edge((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
        if len(across) + len(down) > _MAX_EDGES:
            return [], []
    return list(dict.fromkeys(across)), list(dict.fromkeys(down))


def _paths(page: Any) -> Iterator[list[tuple[tuple[float, float], tuple[float, float]]]]:
    """The straight stretches of each drawing of a page, in its coordinates."""
    import ctypes

    import pypdfium2.raw as pdfium

    x, y = ctypes.c_float(), ctypes.c_float()
    for drawing in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=3):
        matrix = drawing.get_matrix()
        stretches, start, here = [], (0.0, 0.0), (0.0, 0.0)
        for index in range(min(pdfium.FPDFPath_CountSegments(drawing.raw), _MAX_EDGES)):
            segment = pdfium.FPDFPath_GetPathSegment(drawing.raw, index)
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            point = matrix.on_point(x.value, y.value)
            kind = pdfium.FPDFPathSegment_GetType(segment)
            if kind == pdfium.FPDF_SEGMENT_MOVETO:
                start = point
            elif kind == pdfium.FPDF_SEGMENT_LINETO:
                stretches.append((here, point))
            if pdfium.FPDFPathSegment_GetClose(segment):
                stretches.append((point, start))
            here = point
        yield stretches
