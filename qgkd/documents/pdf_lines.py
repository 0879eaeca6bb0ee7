"""The lines of a PDF's page, in pieces that no wide gap divides.

Comes in: the characters of one reading direction. Goes out: `Row`s from top to bottom, each of `Piece`s.

A literal example: the row of a table gives the pieces `木星`, `139,820公里` and `95`; a line of two columns gives two.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qgkd.documents.characters import superscript
from qgkd.documents.pdf_glyphs import Glyph, is_symbol

_BOPOMOFO = re.compile("[\u3105-\u312f\u31a0-\u31bf\u02c7\u02ca\u02cb\u02d9]")
_READING = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff\u3040-\u30ff\u3105-\u312f\u02c7\u02ca\u02cb\u02d9\\s]+")
_HAN = re.compile("[\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_UNITS = "尺分里米度"
"""What a raised 2 or 3 belongs to; after other Han characters a raised number marks a note."""
_SAME_LINE = 0.3
"""How far baselines of one line lie apart, as a share of the character's size."""
_FIRST_EAST_ASIAN = "\u2e80"
_SMALL = 0.72
_PIECE_GAP = 0.85
_LIST_MARK = re.compile(r"([•●○◎■□▪◆◇★※▶➢✓*–-]|[(（]?[\dA-Za-z一二三四五六七八九十]{1,3}[.．、)）]|[①-⑳])\s*")
_LIST_MARK_CHARS = 6
_MARK_GAP = 4.0
"""How far the text of a list's item may stand from its mark, in characters."""
_DRAWN_TWICE = 0.3
"""How far aside, in its width, a character is drawn again to look bold."""
_MAX_BLANKS = 3
"""Typed blanks that are part of a line; more of them set pieces apart, as a gap does."""
_SPACED_HAN = re.compile(
    "([\u3400-\u9fff\u3001-\u301f\uff00-\uffef]) (?=(?:[\u3400-\u9fff\u3001-\u301f\uff00-\uffef] ){4})"
)
_WORD_GAP = 0.17


@dataclass(slots=True)
class Piece:
    """Characters of a line that stand together, with their place in points."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    rows: list[str] | None = None
    """The rows of a table with ruled lines, which stands here as one piece."""
    y_end: float = 0.0
    """Of such a table: its lower edge."""


@dataclass(slots=True)
class Row:
    """Pieces on one baseline, from left to right."""

    y: float
    pieces: list[Piece]

    @property
    def text(self) -> str:
        """The row's text, a blank between pieces."""
        return " ".join(piece.text for piece in self.pieces)

    @property
    def is_table(self) -> bool:
        """Whether it is, or stands beside, a table with ruled lines."""
        return any(piece.rows is not None for piece in self.pieces)

    @property
    def size(self) -> float:
        """Of its largest characters, in points."""
        return max(piece.size for piece in self.pieces)


def rows_of(glyphs: Sequence[Glyph], left_out: Counter[str]) -> list[Row]:
    """Set characters into rows; readings beside or above characters are left out, raised ones join their line."""
    glyphs = _without_bopomofo(glyphs, left_out)
    lines: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda glyph: -glyph.y):
        if lines and abs(lines[-1][0].y - glyph.y) <= _SAME_LINE * min(lines[-1][0].size, glyph.size):
            lines[-1].append(glyph)
        else:
            lines.append([glyph])
    for at, line in enumerate(lines):
        lines[at] = _without_symbols(_once(sorted(line, key=lambda glyph: glyph.x0)), left_out)
    _join_small_lines(lines, left_out)
    rows = [Row(y=line[0].y, pieces=_pieces(line)) for line in lines if line]
    return [row for row in rows if row.pieces]


def _without_bopomofo(glyphs: Sequence[Glyph], left_out: Counter[str]) -> list[Glyph]:
    han_sizes = [glyph.size for glyph in glyphs if _HAN.match(glyph.text)]
    if not han_sizes:
        return list(glyphs)
    limit = _SMALL * statistics.median(han_sizes)
    kept = [glyph for glyph in glyphs if glyph.size > limit or not _BOPOMOFO.match(glyph.text)]
    left_out["readings"] += len(glyphs) - len(kept)
    return kept


def _once(line: Sequence[Glyph]) -> list[Glyph]:
    """A line without characters drawn a second time, a little aside, to look bold."""
    once: list[Glyph] = []
    for glyph in line:
        twice = any(
            before.text == glyph.text and glyph.x0 - before.x0 < _DRAWN_TWICE * (before.x1 - before.x0)
            for before in once[-2:]
        )
        if not twice:
            once.append(glyph)
    return once


def _without_symbols(line: list[Glyph], left_out: Counter[str]) -> list[Glyph]:
    """A line whose first symbol is a bullet; others may be anything, and are left out."""
    kept = [glyph for at, glyph in enumerate(line) if at == 0 or not is_symbol(glyph.text)]
    left_out["symbols"] += len(line) - len(kept)
    return [replace(kept[0], text="•"), *kept[1:]] if is_symbol(kept[0].text) else kept


def _join_small_lines(lines: list[list[Glyph]], left_out: Counter[str]) -> None:
    """Put raised and lowered characters into the line that they touch; leave out readings above a line."""
    for at, line in enumerate(lines):
        near = [lines[other] for other in (at + 1, at - 1) if 0 <= other < len(lines) and lines[other]]
        for other in near:
            main_size = max(glyph.size for glyph in other)
            rise = line[0].y - other[0].y
            if max(glyph.size for glyph in line) > _SMALL * main_size or abs(rise) > 1.4 * main_size:
                continue
            text = "".join(glyph.text for glyph in line)
            if rise > 0.5 * main_size and _READING.fullmatch(text) and _lies_over(line, other):
                left_out["readings"] += len(line)
                line.clear()
                break
            runs = _touching_runs(line)
            followed = [_touched(run[0], other) for run in runs]
            if abs(rise) < 0.75 * main_size and any(followed):
                line.clear()
                for run, before in zip(runs, followed, strict=True):
                    if before is None:
                        line.extend(run)
                    else:
                        _attach(run, before, other, raised=rise > 0)
                other.sort(key=lambda glyph: glyph.x0)
                if not line:
                    break


def _lies_over(line: Sequence[Glyph], below: Sequence[Glyph]) -> bool:
    left, right = below[0].x0 - below[0].size, below[-1].x1 + below[-1].size
    return line[0].x0 >= left and line[-1].x1 <= right and any(_HAN.match(glyph.text) for glyph in below)


def _touching_runs(line: Sequence[Glyph]) -> list[list[Glyph]]:
    runs = [[line[0]]]
    for glyph in line[1:]:
        if glyph.x0 - runs[-1][-1].x1 < 0.3 * glyph.size:
            runs[-1].append(glyph)
        else:
            runs.append([glyph])
    return runs


def _touched(glyph: Glyph, main: Sequence[Glyph]) -> Glyph | None:
    """The character of a line that a raised or lowered one directly follows."""
    near = [other for other in main if other.x0 < glyph.x0 and abs(other.x1 - glyph.x0) < 0.5 * other.size]
    return max(near, key=lambda other: other.x0, default=None)


def _attach(run: Sequence[Glyph], before: Glyph, main: list[Glyph], *, raised: bool) -> None:
    """Put a raised or lowered run into its line; a raised number after Han text marks a note and is left out."""
    text = "".join(glyph.text for glyph in run)
    shown = superscript(text) if raised else text
    if shown != text and _HAN.match(before.text) and before.text not in _UNITS:
        return
    main.extend(
        Glyph(character, glyph.x0, glyph.x1, before.y, before.size)
        for character, glyph in zip(shown, run, strict=False)
    )


def _pieces(line: Sequence[Glyph]) -> list[Piece]:
    """Cut a line at its wide gaps; the even gaps of letter-spaced text are none."""
    spacing = _letter_spacing(line)
    pieces: list[Piece] = []
    run: list[Glyph] = []
    last: Glyph | None = None
    blanks = 0
    for glyph in line:
        if glyph.text.isspace():
            if last is not None:
                blanks += 1
                run.append(glyph)
            continue
        if last is not None:
            reached = run[-1].x1 if 0 < blanks <= _MAX_BLANKS else last.x1
            limit = max(_PIECE_GAP * glyph.size, _PIECE_GAP * last.size, 2.2 * spacing)
            if not pieces and _LIST_MARK.fullmatch("".join(before.text for before in run[:_LIST_MARK_CHARS])):
                limit = _MARK_GAP * glyph.size
            if glyph.x0 - reached > limit:
                pieces.append(_piece(run, spacing))
                run = []
        run.append(glyph)
        last, blanks = glyph, 0
    if last is not None:
        pieces.append(_piece(run, spacing))
    return pieces


def _letter_spacing(line: Sequence[Glyph]) -> float:
    """The gap between the characters of a line, in points; 0 unless most are Han characters set apart."""
    visible = [glyph for glyph in line if not glyph.text.isspace()]
    gaps = [after.x0 - here.x1 for here, after in itertools.pairwise(visible)]
    han = sum(bool(_HAN.match(glyph.text)) for glyph in visible)
    if len(gaps) < 3 or 2 * han < len(visible):
        return 0.0
    gap = statistics.median(gaps)
    even = sum(abs(other - gap) < 0.35 * max(gap, visible[0].size / 3) for other in gaps)
    return max(gap, 0.0) if even >= 0.7 * len(gaps) else 0.0


def _piece(run: Sequence[Glyph], spacing: float) -> Piece:
    """The text of characters that stand together, with the blanks that were typed or that divide Latin words."""
    text: list[str] = []
    sizes: list[float] = []
    before: Glyph | None = None
    blank = ""
    for glyph in run:
        if glyph.text.isspace():
            blank = "\u3000" if "\u3000" in (glyph.text, blank) else " "
            continue
        if before is not None and not blank and max(before.text, glyph.text) < _FIRST_EAST_ASIAN:
            blank = " " if glyph.x0 - before.x1 - spacing > _WORD_GAP * min(before.size, glyph.size) else ""
        text.append(blank + glyph.text if before is not None else glyph.text)
        sizes.append(glyph.size)
        before, blank = glyph, ""
    right = run[0].x1 if before is None else before.x1
    return Piece(_SPACED_HAN.sub(r"\1", "".join(text)), run[0].x0, right, run[0].y, statistics.median(sizes))
