"""Running heads, feet and page numbers, which stand at the edge of pages and interrupt their text.

Comes in: the rows of every page. Goes out: the rows without them.

A literal example: of three pages that begin with `七年級社會` and end with `第 1 頁，共 3 頁`, the six rows go.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from qgkd.documents.pdf_lines import Row

_MAX_RUNNING_ROWS = 4
"""At the top and the bottom of a page together."""
_NUMBER = r"(?:\d{1,4}|[ivxlc]{1,6}|[〇零一二三四五六七八九十百]{1,4})"
_PAGE_NUMBER = re.compile(
    rf"(?:[-–—·•~〜《〈\[(（]|第|[Pp]age|[Pp]\.?|頁|页)*\s*{_NUMBER}\s*(?:頁|页)?"
    rf"(?:\s*[/／，,、of共]+\s*{_NUMBER}\s*(?:頁|页)?)?\s*(?:[-–—·•~〜》〉\])）])*"
)
_BARE_NUMBER = re.compile(r"[-–—·\s]*\d{1,4}[-–—·\s]*")
_NOTE_MARK = re.compile(r"[\d①-⑳*＊※†\[【註注(（]")
_NOT_DIGIT = re.compile(r"\D")
_DIGITS = re.compile(r"\d+|(?<=第)[一二三四五六七八九十百]+")
_SAME_PLACE_POINTS = 4
_FAR = 3
"""In sizes of characters."""
_SET_APART_GAP = 1.2
"""In distances of the page's lines."""


def without_running_rows(pages: Sequence[list[Row]], left_out: Counter[str]) -> list[list[Row]]:
    """Take running heads, feet and page numbers off."""
    running = [set(_page_number_rows(page)) for page in pages]
    places: dict[tuple[str, bool], list[tuple[int, float]]] = defaultdict(list)
    for number, page in enumerate(pages):
        for at, is_top in _edges(page):
            places[_DIGITS.sub("#", page[at].text), is_top].append((number, page[at].y))
    for number, page in enumerate(pages):
        repeated: list[int] = []
        for is_top in (True, False):
            for at, _ in sorted((edge for edge in _edges(page) if edge[1] is is_top), reverse=not is_top):
                found = places[_DIGITS.sub("#", page[at].text), is_top]
                others = {other for other, y in found if abs(y - page[at].y) <= _SAME_PLACE_POINTS} - {number}
                near = others & {number - 2, number - 1, number + 1, number + 2}
                if not near or (len(others) < len(pages) // 2 and not _is_set_apart(page, at, is_top)):
                    break
                repeated.append(at)
        if len(repeated) <= _MAX_RUNNING_ROWS:  # more of them are a page that comes twice
            running[number].update(repeated)
    _add_numbered(pages, running)
    _add_set_apart(pages, running)
    left_out["running_lines"] += sum(len(rows) for rows in running)
    return [[row for at, row in enumerate(page) if at not in rows] for page, rows in zip(pages, running, strict=True)]


def _is_set_apart(page: Sequence[Row], at: int, is_top: bool) -> bool:
    """Whether a row differs from the next one of the text: by its size, or by a gap wider than between lines."""
    inner = at + 1 if is_top else at - 1
    if not 0 <= inner < len(page):
        return True
    pitch = statistics.median_low(above.y - below.y for above, below in itertools.pairwise(page))
    sizes = page[at].size, page[inner].size
    return abs(page[at].y - page[inner].y) > _SET_APART_GAP * pitch or abs(sizes[0] - sizes[1]) > 0.05 * sizes[1]


def _edges(page: Sequence[Row]) -> Iterator[tuple[int, bool]]:
    """The rows at the top and the bottom of a page, none of them twice."""
    count = min(_MAX_RUNNING_ROWS, (len(page) + 1) // 2)
    yield from ((at, True) for at in range(count))
    yield from ((at, False) for at in range(max(count, len(page) - _MAX_RUNNING_ROWS), len(page)))


def _page_number_rows(page: Sequence[Row]) -> Iterator[int]:
    """The first and the last row where it is a page's number, apart from the text."""
    if len(page) == 1 and _BARE_NUMBER.fullmatch(page[0].text):
        yield 0
    for at, neighbour in ((0, 1), (len(page) - 1, len(page) - 2)):
        if not (0 <= at < len(page) and 0 <= neighbour < len(page)):
            continue
        row = page[at]
        far = abs(row.y - page[neighbour].y) > _FAR * max(row.size, page[neighbour].size)
        if _PAGE_NUMBER.fullmatch(row.text) and (far or _is_set_apart(page, at, at == 0)):
            yield at


def _add_numbered(pages: Sequence[list[Row]], running: Sequence[set[int]]) -> None:
    """Add heads and feet with a page's number beside a text that changes: the number counts the pages."""
    counted: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, page in enumerate(pages):
        for at in {0, len(page) - 1} & set(range(len(page))):
            ends = {page[at].pieces[0].text, page[at].pieces[-1].text} if len(page[at].pieces) > 1 else set()
            for end in ends:
                if _BARE_NUMBER.fullmatch(end):
                    counted[int(_NOT_DIGIT.sub("", end)) - number].append((number, at))
    for found in counted.values():
        if len({number for number, _ in found}) > 1:
            for number, at in found:
                running[number].add(at)


def _add_set_apart(pages: Sequence[list[Row]], running: Sequence[set[int]]) -> None:
    """Add heads that change with the chapter: small, at one height on many pages, and far from the text."""
    heights: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for number, page in enumerate(pages):
        rest = [at for at in range(len(page)) if at not in running[number]]
        if len(rest) < 4:
            continue
        body_size = statistics.median(row.size for row in page)
        pitch = statistics.median(above.y - below.y for above, below in itertools.pairwise(page))
        for at, neighbour, is_top in ((rest[0], rest[1], True), (rest[-1], rest[-2], False)):
            gap = abs(page[at].y - page[neighbour].y)
            is_note = not is_top and _NOTE_MARK.match(page[at].text)
            if not is_note and gap > 1.6 * pitch and page[at].size < 0.95 * body_size:
                heights[round(page[at].y / _SAME_PLACE_POINTS), is_top].append(number * 100_000 + at)
    for found in heights.values():
        if len(found) >= 3:
            for place in found:
                running[place // 100_000].add(place % 100_000)
