r"""Paragraphs from the lines of a PDF: lines that only a column's width broke are joined.

Comes in: flows of lines in reading order. Goes out: paragraphs.

A literal example: `燈塔建於1867` and `年，由林文海設計。` of a column of eight characters are one paragraph; a heading, an
item of a list and a line that ends before the column does are paragraphs of their own.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence

from qgkd.documents.pdf_columns import Flow, Line

_SENTENCE_END = re.compile(r"[。！？!?…」』”)）\]】》.：:；;]\s*$")
_CLAUSE_END = re.compile(r"[，,、。！？!?；;：:…」』]\s*$")
_ITEM = re.compile(
    r"(?:\d{1,2}[.．](?!\d)|[(（][\d一二三四五六七八九十]{1,3}[)）]|[①-⑳⑴-⒇]|[•●○◎■□▪◆◇★※▶➢✓\uf0b7]|[A-Za-z][.)）]\s"
    r"|第[\d一二三四五六七八九十百]{1,4}[章節节課课單单]|[【〔]|[圖图表]\s?[\d一二三四五六七八九十]{1,3}[\s:：.．、-]"
    r"|[一二三四五六七八九十]{1,3}、)"
)
_WEAK_ITEM = re.compile(r"(?:\d{1,2}[、)）]|[-–*]\s|[甲乙丙丁戊己]、)")
_HYPHENATED = re.compile(r"[A-Za-z][-\u00ad]$")
_WIDE_EM = 10
_LATIN = re.compile(r"[A-Za-z0-9,.;:!?)'\"%\u00c0-\u024f]")
_LATIN_WORD = re.compile(r"[A-Za-z0-9.,'\u00c0-\u024f-]+")


def paragraphs_of(flows: Sequence[Flow]) -> Iterator[str]:
    """Join the lines of a document to paragraphs, also across columns and pages; footnotes follow their paragraph."""
    edges = _page_edges(flows)
    text = ""
    before: tuple[Line, Flow] | None = None
    notes: list[str] = []
    for flow in flows:
        x0, x1 = edges if flow.whole_page else (flow.x0, flow.x1)
        pitch = _pitch(flow.lines)
        verse = _is_verse(flow)
        for line in flow.lines:
            joined = (
                before is not None
                and not verse
                and _goes_on(before[0], line, before[1], flow, (x0, x1), edges, pitch, text)
            )
            if joined:
                text = _joined(text, line.text)
            else:
                if text:
                    yield text
                yield from notes
                notes = []
                text = line.text
            before = (line, flow)
        if flow.notes:
            note_flow = Flow(flow.notes, flow.x0, flow.x1, whole_page=False)
            notes.extend(paragraphs_of([note_flow]))
    if text:
        yield text
    yield from notes


def _page_edges(flows: Sequence[Flow]) -> tuple[float, float]:
    """The margins of the text that runs over the whole width; one long line beyond them does not move them."""
    lines = [line for flow in flows if flow.whole_page for line in flow.lines if not line.fixed]
    if not lines:
        return (0.0, 0.0)
    rights = sorted(line.x1 for line in lines)
    return min(line.x0 for line in lines), rights[-1 - len(rights) // 50]


def _pitch(lines: Sequence[Line]) -> float:
    steps = [above.y_end - below.y for above, below in zip(lines, lines[1:], strict=False)]
    return statistics.median_low(steps) if steps else 0.0


def _is_verse(flow: Flow) -> bool:
    """Whether every line is short and ends a clause, as the lines of a poem do."""
    lines = [line for line in flow.lines if not line.fixed]
    ends = sum(bool(_CLAUSE_END.search(line.text)) for line in lines)
    return (
        len(lines) >= 3 and ends >= 0.6 * len(lines) and flow.x1 - flow.x0 < _WIDE_EM * max(line.size for line in lines)
    )


def _goes_on(
    line: Line,
    after: Line,
    flow: Flow,
    next_flow: Flow,
    next_edges: tuple[float, float],
    page_edges: tuple[float, float],
    pitch: float,
    paragraph: str,
) -> bool:
    """Whether a line was broken by its column's width, and `after` is its other half."""
    left, right = page_edges if flow.whole_page else (flow.x0, flow.x1)
    if line.fixed or after.fixed or abs(line.size - after.size) > 0.08 * max(line.size, after.size):
        return False
    ends_sentence = bool(_SENTENCE_END.search(line.text))
    if _ITEM.match(after.text) or (
        _WEAK_ITEM.match(after.text) and (ends_sentence or _ITEM.match(paragraph) or _WEAK_ITEM.match(paragraph))
    ):
        return False
    first_word = _LATIN_WORD.match(after.text)
    needed = 0.55 * line.size * len(first_word[0]) if first_word else line.size
    slack = (0.2 if ends_sentence else 1.2) * line.size
    if right - line.x1 > needed + slack:
        return False
    if (
        flow is next_flow
        and line.y_end - after.y > 1.45 * pitch
        and (ends_sentence or line.y_end - after.y > 3 * pitch)
    ):
        return False
    hanging = bool(_ITEM.match(paragraph) or _WEAK_ITEM.match(paragraph))
    indent, next_indent = line.x0 - left, after.x0 - next_edges[0]
    return hanging or next_indent < indent + 1.2 * after.size


def _joined(text: str, line: str) -> str:
    if _HYPHENATED.search(text) and line[:1].islower():
        return text[:-1] + line
    blank = " " if _LATIN.match(text[-1:]) and _LATIN.match(line[:1]) and line[:1] not in ",.;:!?)" else ""
    if text[-1:].isdigit() and line[:1].isdigit():
        blank = ""
    return text + blank + line
