"""The characters of a PDF's page, each with its place, in the direction in which it is read.

Comes in: a page of pypdfium2. Goes out: `Glyph`s by reading direction, and how many cannot be read.

A literal example: `燈` of 12 points at the page's left margin is `Glyph("燈", x0=72.0, x1=84.0, y=700.0, size=12.0)`;
x grows in the direction of reading, y from the last line to the first, also for vertical and turned text.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qgkd.documents.characters import is_common

UNREADABLE = "□"
"""Stands for a character that cannot be read, so that a sentence does not lose it unseen."""
_FIRST_EAST_ASIAN = "\u2e80"
_NO_CHARACTER = {"Cc", "Cn", "Co", "Cs"}
"""Categories of Unicode that hold no character: control, unassigned, private, half pairs."""
_PLAUSIBLE = re.compile("[ -~\u2010-\u2030\u2190-\u2199\u2460-\u2473\u25a0-\u25cf\u3000-\u30ff\uff00-\uff5e]")
"""What Chinese text is written with besides Han characters: ASCII, dashes, arrows, ①, ■, kana, full-width forms."""
_HORIZONTAL, _VERTICAL = "horizontal", "vertical"
_MAX_UPRIGHT_DIGITS = 4
_MIN_VERTICAL_RUN = 5
_VERTICAL_FONT_WIDTH = 1.6
_TURN_TOLERANCE_DEGREES = 3


Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""
RawGlyph = tuple[str, bool, Box, tuple[float, float], float, float]


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character at its place, in points."""

    text: str
    x0: float
    x1: float
    y: float
    """Of the baseline; of the middle in vertical text."""
    size: float


@dataclass(slots=True)
class PageGlyphs:
    """The characters of a page."""

    groups: list[list[Glyph]]
    """Those read in the same direction; the page's main direction first, in the order in which they were drawn."""
    unreadable: int
    """Characters whose font does not say what they are."""
    slanted: int
    """Characters set at an angle, as watermarks are."""
    upright: bool
    """Whether the first group is upright horizontal text, whose coordinates are those of the page's rules."""


def page_glyphs(page: Any) -> PageGlyphs:
    """Read the visible characters of a page."""
    turned: dict[int, list[Glyph]] = defaultdict(list)
    result = PageGlyphs(groups=[], unreadable=0, slanted=0, upright=False)
    left, bottom, right, top = page.get_cropbox()
    for text, failed, box, origin, size, angle in _raw_glyphs(page):
        middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if size <= 0 or not (left <= middle_x <= right and bottom <= middle_y <= top):
            continue
        category = unicodedata.category(text)
        if category == "Cf":  # invisible marks
            continue
        if (
            (category in _NO_CHARACTER and not is_symbol(text))
            or text == "\ufffd"
            or (failed and not _is_plausible(text))
        ):
            result.unreadable += 1
            text = UNREADABLE
        quarter = round(angle / 90)
        if abs(angle - 90 * quarter) > _TURN_TOLERANCE_DEGREES:
            result.slanted += 1
        else:
            turned[quarter % 4].append(_turned(text, box, origin, size, quarter % 4))
    upright = turned.pop(0, [])
    vertical, horizontal = _split_by_direction(upright)
    if len(vertical) > len(horizontal):
        # Latin words in vertical text are turned, and stand in its columns.
        result.groups = [vertical + turned.pop(3, []), horizontal]
    else:
        result.groups = [horizontal, vertical]
    result.groups = [group for group in (*result.groups, *turned.values()) if group]
    result.groups.sort(key=len, reverse=True)
    result.upright = bool(result.groups) and result.groups[0] is horizontal
    return result


def is_symbol(text: str) -> bool:
    """Whether a character is one of Symbol's or Wingdings', which Word puts at U+F000-F0FF: a bullet, most likely."""
    return "\uf000" <= text <= "\uf0ff"


def _is_plausible(text: str) -> bool:
    """Whether a code may be meant as a character although its font has no Unicode map; numbers of glyphs seldom are."""
    if "\u4e00" <= text <= "\u9fff":
        return is_common(text)
    return bool(_PLAUSIBLE.match(text))


def _raw_glyphs(page: Any) -> Iterator[RawGlyph]:
    """Text, whether its font does not name it, box, origin, size in points and angle in degrees of each character."""
    import pypdfium2.raw as pdfium

    text_page = page.get_textpage()
    raw = text_page.raw
    box, matrix, x, y = pdfium.FS_RECTF(), pdfium.FS_MATRIX(), ctypes.c_double(), ctypes.c_double()
    scale, angle, known = 1.0, 0.0, (0.0, 0.0)
    high = ""
    before: RawGlyph | None = None
    for index in range(text_page.count_chars()):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        if code in {10, 13, 32} and pdfium.FPDFText_IsGenerated(raw, index):
            if code == ord(" ") and before is not None and before[0] < _FIRST_EAST_ASIAN:
                yield (" ", False, (before[2][2], before[2][1], before[2][2], before[2][3]), *before[3:])
            continue
        if code > sys.maxunicode:  # what a damaged font gives
            code = ord("\ufffd")
        text = "-" if code == 2 and pdfium.FPDFText_IsHyphen(raw, index) == 1 else chr(code)
        if "\ud800" <= text <= "\udbff":
            high = text
            continue
        if "\udc00" <= text <= "\udfff":
            text = (high + text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        high = ""
        if not pdfium.FPDFText_GetLooseCharBox(raw, index, box) or not pdfium.FPDFText_GetCharOrigin(raw, index, x, y):
            continue
        if known != (y.value, box.top - box.bottom) and pdfium.FPDFText_GetMatrix(raw, index, matrix):
            known = (y.value, box.top - box.bottom)  # the same line and font: asking again for each character is slow
            scale = math.hypot(matrix.c, matrix.d) * pdfium.FPDFText_GetFontSize(raw, index)
            angle = math.degrees(math.atan2(matrix.b, matrix.a))
        failed = pdfium.FPDFText_HasUnicodeMapError(raw, index) == 1
        before = text, failed, (box.left, box.bottom, box.right, box.top), (x.value, y.value), scale, angle
        yield before


def _turned(text: str, box: Box, origin: tuple[float, float], size: float, quarter: int) -> Glyph:
    """A character in the coordinates of its own reading direction, which is turned by quarters of a circle."""
    left, bottom, right, top = box
    x, y = origin
    if quarter == 1:
        return Glyph(text, bottom, top, -x, size)
    if quarter == 2:
        return Glyph(text, -right, -left, -y, size)
    if quarter == 3:
        return Glyph(text, -top, -bottom, x, size)
    if right - left > _VERTICAL_FONT_WIDTH * size and len(text) == 1:
        left, right = x, x + size  # a vertical font, whose box is not where it draws
    return Glyph(text, left, right, y, size)


def _split_by_direction(glyphs: Sequence[Glyph]) -> tuple[list[Glyph], list[Glyph]]:
    """Vertical and horizontal text of upright characters; the vertical is turned to be read from left to right."""
    steps = [_step(here, after) for here, after in itertools.pairwise(glyphs)]
    if steps.count(_VERTICAL) < 3:
        return [], list(glyphs)
    mostly_vertical = steps.count(_VERTICAL) > steps.count(_HORIZONTAL)
    vertical: list[Glyph] = []
    horizontal: list[Glyph] = []
    for run, direction in _runs(glyphs, steps):
        if direction == _HORIZONTAL and mostly_vertical and len(run) <= _MAX_UPRIGHT_DIGITS and _is_number(run):
            run = [replace(run[0], text="".join(glyph.text for glyph in run), x1=run[-1].x1)]
            direction = _VERTICAL
        is_vertical = direction == _VERTICAL and len(run) >= _MIN_VERTICAL_RUN
        if mostly_vertical:
            is_vertical = direction == _VERTICAL or len(run) < 3
        (vertical if is_vertical else horizontal).extend(run)
    upended = [_upended(glyph) for glyph in vertical]
    # A number above or below all columns is the page's, even where it stands in line with one.
    words = [glyph for glyph in upended if not glyph.text.isascii()]
    top, end = min((glyph.x0 for glyph in words), default=0.0), max((glyph.x1 for glyph in words), default=0.0)
    apart = [not (top - glyph.size < glyph.x1 and glyph.x0 < end + glyph.size) for glyph in upended]
    horizontal.extend(glyph for glyph, is_apart in zip(vertical, apart, strict=True) if is_apart)
    return [glyph for glyph, is_apart in zip(upended, apart, strict=True) if not is_apart], horizontal


def _runs(glyphs: Sequence[Glyph], steps: Sequence[str]) -> Iterator[tuple[list[Glyph], str]]:
    """Stretches of characters that go the same way; a character alone has no direction."""
    run, direction = [glyphs[0]], ""
    for glyph, step in zip(glyphs[1:], steps, strict=True):
        if step and direction in {"", step}:
            run.append(glyph)
            direction = step
        else:
            yield run, direction
            run, direction = [glyph], ""
    yield run, direction


def _step(here: Glyph, after: Glyph) -> str:
    size = max(here.size, after.size)
    across, down = after.x0 - here.x0, here.y - after.y
    middles = abs((here.x0 + here.x1) - (after.x0 + after.x1)) / 2
    if middles < 0.3 * size and 0.4 * size < down < 2.5 * size:
        return _VERTICAL
    return _HORIZONTAL if abs(down) < 0.3 * size and 0 < across < 2.5 * size else ""


def _is_number(run: Iterable[Glyph]) -> bool:
    return all(glyph.text.isascii() and glyph.text.isalnum() for glyph in run)


def _upended(glyph: Glyph) -> Glyph:
    """A character of vertical text; its height is its size."""
    top = glyph.y + 0.88 * glyph.size
    middle = (glyph.x0 + glyph.x1) / 2
    return Glyph(glyph.text, -top, -top + glyph.size, middle, glyph.size)
