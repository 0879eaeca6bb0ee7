"""The order in which the rows of a page are read: columns one after the other, tables row by row.

Comes in: the rows of a page from top to bottom. Goes out: `Flow`s of lines, in reading order.

A literal example: twelve rows of two pieces each, which fill their columns, are two flows of twelve lines; five rows
of three short pieces are one flow of five lines with tabs.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from qgkd.documents.pdf_lines import Piece, Row

Interval = tuple[float, float]
_MIN_GUTTER = 0.7
"""Of a gap between columns, in widths of a character."""
_MIN_ROWS = 2
_MIN_PROSE_WIDTH = 7
_WIDE_BLANK = 1.6
"""Up to which width a gap of a line by itself is a blank in a sentence, in characters."""
_MAX_STAGGER = 1.25
"""How far below one column the other may begin, in characters: less than to the next line."""
_HEADING_GAP = 1.4
"""From which gap on a line below columns is a heading of what follows, in distances of their lines."""
_MARGIN = 2
"""Columns are wider than this, in characters."""


@dataclass(slots=True)
class Line:
    """A line of a column, or a row of a table."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    fixed: bool = False
    """A row of a table, which is never joined with another line."""
    y_end: float = 0.0


@dataclass(slots=True)
class Flow:
    """Lines that follow each other in one column."""

    lines: list[Line]
    x0: float
    x1: float
    whole_page: bool
    """Whether it is no column beside others, so that the page's margins are its own."""
    notes: list[Line] = field(default_factory=list)
    """Footnotes below it."""


def flows_of(rows: Sequence[Row]) -> list[Flow]:
    """Put the rows of a page into reading order."""
    flows: list[Flow] = []
    alone: list[Row] = []
    at = 0
    while at < len(rows):
        end, gutters = _band(rows, at)
        if not gutters:
            alone.append(rows[at])
            at += 1
            continue
        if alone:
            flows.append(_single(alone))
            alone = []
        flows.extend(_columns_or_table(rows[at:end], gutters))
        at = end
    if alone:
        flows.append(_single(alone))
    return flows


def _band(rows: Sequence[Row], start: int) -> tuple[int, list[Interval]]:
    """Where the rows from `start` on that leave the same gaps free end, and these gaps; none for a row of its own."""
    size = statistics.median(row.size for row in rows)
    page = (min(row.pieces[0].x0 for row in rows), max(piece.x1 for row in rows for piece in row.pieces))
    free = [(page[0] + _MARGIN * size, page[1] - _MARGIN * size)]
    end, found = start, 0
    while end < len(rows):
        narrowed = [gap for gap in _without(free, rows[end].pieces) if gap[1] - gap[0] >= _MIN_GUTTER * size]
        now_found = sum(_divides(rows[start : end + 1], gap) for gap in narrowed)
        if not narrowed or now_found < found:
            break
        free, end, found = narrowed, end + 1, now_found
    band = rows[start:end]
    gutters = [gap for gap in free if _divides(band, gap)]
    if not gutters:
        return start, []
    beside = [at for at, row in enumerate(band) if any(_beyond(row.pieces, gap) for gap in gutters)]
    if band[0].y - band[beside[0]].y > _MAX_STAGGER * size:  # a line before the columns begin
        return start, []
    if end < len(rows):
        end = start + _without_heading(band, beside[-1] + 1, gutters[0])
    return (end, gutters) if len(rows[start:end]) >= _MIN_ROWS else (start, [])


def _without(free: list[Interval], pieces: Sequence[Piece]) -> list[Interval]:
    for piece in pieces:
        cut: list[Interval] = []
        for left, right in free:
            if piece.x1 <= left or right <= piece.x0:
                cut.append((left, right))
            else:
                cut.extend(gap for gap in ((left, piece.x0), (piece.x1, right)) if gap[0] < gap[1])
        free = cut
    return free


def _beyond(pieces: Sequence[Piece], gap: Interval) -> bool:
    return any(piece.x0 >= gap[1] for piece in pieces)


def _divides(band: Sequence[Row], gap: Interval) -> bool:
    """Whether there are lines on both sides of a gap, at the same height."""
    left = [row.y for row in band if any(piece.x1 <= gap[0] for piece in row.pieces)]
    right = [row.y for row in band if _beyond(row.pieces, gap)]
    if min(len(left), len(right)) < _MIN_ROWS:
        return False
    return min(left[0], right[0]) >= max(left[-1], right[-1])


def _without_heading(band: Sequence[Row], last: int, gutter: Interval) -> int:
    """How many rows a band has without the lines after a gap below it, which belong to what comes next."""
    for at in range(last, len(band)):
        is_right = _beyond(band[at].pieces, gutter)
        heights = [row.y for row in band[: at + 1] if any((piece.x0 >= gutter[1]) is is_right for piece in row.pieces)]
        steps = [above - below for above, below in itertools.pairwise(heights)]
        if steps and steps[-1] > _HEADING_GAP * statistics.median(steps):
            return at
    return len(band)


def _single(rows: Sequence[Row]) -> Flow:
    lines = [line for row in rows for line in _row_lines(row, [])]
    return Flow(lines, min(line.x0 for line in lines), max(line.x1 for line in lines), whole_page=True)


def _row_lines(row: Row, gutters: list[Interval]) -> list[Line]:
    """The lines that a row is: one, or those of a ruled table."""
    ruled = [piece for piece in row.pieces if piece.rows is not None]
    if ruled:
        return [
            Line(text, piece.x0, piece.x1, piece.y, piece.size, fixed=True, y_end=piece.y_end)
            for piece in ruled
            for text in piece.rows or ()
        ]
    gaps = [after.x0 - before.x1 for before, after in itertools.pairwise(row.pieces)]
    if not gutters and gaps and max(gaps) < _WIDE_BLANK * row.size:
        return [Line(row.text, row.pieces[0].x0, row.pieces[-1].x1, row.y, row.size, y_end=row.y)]
    cells = [""] * (len(gutters) + 1)
    for piece in row.pieces:
        column = sum(piece.x0 >= gap[1] for gap in gutters)
        cells[column] += (" " if cells[column] else "") + piece.text
    text = "\t".join(cells) if gutters else "\t".join(piece.text for piece in row.pieces)
    fixed = bool(gutters) or len(row.pieces) > 1
    return [Line(text, row.pieces[0].x0, row.pieces[-1].x1, row.y, row.size, fixed=fixed, y_end=row.y)]


def _columns_or_table(band: Sequence[Row], gutters: list[Interval]) -> list[Flow]:
    columns: list[list[Line]] = [[] for _ in range(len(gutters) + 1)]
    for row in band:
        for column, lines in enumerate(columns):
            pieces = [piece for piece in row.pieces if sum(piece.x0 >= gap[1] for gap in gutters) == column]
            if pieces:
                lines.extend(_row_lines(Row(row.y, pieces), []))
    together = sum(len(row.pieces) > 1 for row in band)
    if all(_is_prose(lines) for lines in columns) or together < 0.3 * len(band):
        return [
            Flow(lines, min(line.x0 for line in lines), max(line.x1 for line in lines), whole_page=False)
            for lines in columns
        ]
    lines = _table_lines(band, gutters)
    return [Flow(lines, lines[0].x0, max(line.x1 for line in lines), whole_page=True)]


def _is_prose(lines: Sequence[Line]) -> bool:
    """Whether lines are as wide as their column, but for the last ones of paragraphs."""
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    size = statistics.median(line.size for line in lines)
    full = sum(line.x1 >= right - 1.6 * size for line in lines)
    filled = statistics.mean((line.x1 - line.x0) / (right - left or 1) for line in lines)
    return right - left >= _MIN_PROSE_WIDTH * size and (full >= 0.5 * len(lines) or filled >= 0.75)


def _table_lines(band: Sequence[Row], gutters: list[Interval]) -> list[Line]:
    """The rows of a table without ruled lines; a row without a first cell goes on with the one above."""
    pitch = min((above.y - below.y for above, below in itertools.pairwise(band)), default=0.0)
    lines: list[Line] = []
    for row in band:
        line = _row_lines(row, gutters)[0]
        above = lines[-1] if lines else None
        if above is not None and line.text.startswith("\t") and above.y_end - line.y < 1.3 * pitch:
            pairs = zip(above.text.split("\t"), line.text.split("\t"), strict=False)
            above.text = "\t".join(before + after for before, after in pairs)
            above.y_end = line.y
        else:
            lines.append(line)
    return lines
