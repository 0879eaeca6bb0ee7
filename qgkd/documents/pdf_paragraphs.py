r"""Paragraphs from the lines of a PDF: lines that only a column's width broke are joined.

Comes in: flows of lines in reading order. Goes out: paragraphs.

A literal example: `燈塔建於1867` and `年，由林文海設計。` of a narrow column are one paragraph; a heading, an
item of a list and a line that ends before the column does are paragraphs of their own.
"""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qgkd.documents.pdf_columns import Flow, Line

_SENTENCE_END = re.compile(r"[。！？!?…」』”)）\]】》.：:；;]\s*$")
_CLAUSE_END = re.compile(r"[，,、。！？!?；;：:…」』]\s*$")
_ITEM = re.compile(
    r"(?:\d{1,2}[.．](?!\d)|[(（](?:[\d一二三四五六七八九十]{1,3}|[A-Za-z])[)）]|[①-⑳⑴-⒇]|[•●○◎■□▪◆◇★※▶➢✓]|[A-Za-z][.)）]\s"
    r"|第[\d一二三四五六七八九十百]{1,4}[章節节課课單单題题]|[【〔]|[問问答註注][:：]"
    r"|[圖图表]\s?[\d一二三四五六七八九十]{1,3}[\s:：.．、-]|[一二三四五六七八九十]{1,3}、)"
)
_WEAK_ITEM = re.compile(r"(?:\d{1,2}[、)）]|\d{1,2} (?=[\u3400-\u9fff「])|[-–*]\s|[甲乙丙丁戊己]、)")
_HYPHENATED = re.compile(r"[A-Za-z][-\u00ad]$")
_VERSE_WIDTH = 10
"""Of a poem's line, in characters."""
_MIN_WIDTH = 5.5
"""Of a column that breaks lines, in characters."""
_SAME_SIZE = 0.08
_SLACK, _SLACK_AT_END = 1.2, 0.2
"""How much of a full line may stay empty, in characters."""
_GAP, _GAP_IN_SENTENCE = 1.45, 3.0
"""From which distance on two lines are two paragraphs, in distances of the column's lines."""
_INDENT = 1.2
_MARGIN_SHARE = 0.3
"""How many of a column's lines begin at its margin where the first lines of paragraphs are indented."""
_LATIN_WIDTH = 0.55
_LATIN = re.compile(r"[A-Za-z0-9,.;:!?)'\"%\u00c0-\u024f]")
_LATIN_WORD = re.compile(r"[A-Za-z0-9.,'\u00c0-\u024f-]+")


@dataclass(frozen=True, slots=True)
class _Place:
    """A line with what it is judged by: its column, its margins and the distance of its column's lines, in points."""

    line: Line
    flow: Flow
    left: float
    right: float
    pitch: float
    is_verse: bool
    indents_first_lines: bool


def paragraphs_of(flows: Sequence[Flow]) -> Iterator[str]:
    """Join the lines of a document to paragraphs, also across columns and pages; footnotes follow their paragraph."""
    margins = _page_margins(flows)
    text = ""
    before: _Place | None = None
    notes: list[str] = []
    for flow in flows:
        left, right = margins if flow.whole_page else (flow.x0, flow.x1)
        at_margin = sum(line.x0 < left + _INDENT * line.size for line in flow.lines)
        of_flow = _pitch(flow.lines), _is_verse(flow), at_margin > _MARGIN_SHARE * len(flow.lines)
        for line in flow.lines:
            place = _Place(line, flow, left, right, *of_flow)
            if before is not None and _goes_on(before, place, text):
                text = _joined(text, line.text)
            else:
                yield from (text, *notes) if text else notes
                notes = []
                text = line.text
            before = place
        if flow.notes:
            notes.extend(paragraphs_of([Flow(flow.notes, flow.x0, flow.x1, whole_page=False)]))
    yield from (text, *notes) if text else notes


def _page_margins(flows: Sequence[Flow]) -> tuple[float, float]:
    """The margins of the text that runs over the whole width; one long line beyond them does not move them."""
    lines = [line for flow in flows if flow.whole_page for line in flow.lines if not line.fixed]
    if not lines:
        return (0.0, 0.0)
    rights = sorted(line.x1 for line in lines)
    return min(line.x0 for line in lines), rights[-1 - len(rights) // 50]


def _pitch(lines: Sequence[Line]) -> float:
    """The usual distance of a column's lines; rows of tables do not count."""
    pairs = [(above, below) for above, below in itertools.pairwise(lines) if not (above.fixed or below.fixed)]
    return statistics.median_low(above.y - below.y for above, below in pairs) if pairs else math.inf


def _is_verse(flow: Flow) -> bool:
    """Whether every line is short and ends a clause, as the lines of a poem do."""
    lines = [line for line in flow.lines if not line.fixed]
    ends = sum(bool(_CLAUSE_END.search(line.text)) for line in lines)
    width = _VERSE_WIDTH * max((line.size for line in lines), default=0.0)
    return len(lines) >= 3 and ends >= 0.6 * len(lines) and flow.x1 - flow.x0 < width


def _goes_on(before: _Place, place: _Place, paragraph: str) -> bool:
    """Whether a line was broken by its column's width, and the next is its other half.

    Args:
        before: The line.
        place: The next one.
        paragraph: The text that ends with the line, which may begin with the mark of a list.
    """
    line, after = before.line, place.line
    if before.right - before.left < _MIN_WIDTH * line.size:
        return False
    if line.fixed or after.fixed or place.is_verse or abs(line.size - after.size) > _SAME_SIZE * after.size:
        return False
    in_list = bool(_ITEM.match(paragraph) or _WEAK_ITEM.match(paragraph))
    ends_sentence = bool(_SENTENCE_END.search(line.text))
    if _ITEM.match(after.text) or (_WEAK_ITEM.match(after.text) and (ends_sentence or in_list)):
        return False
    # A full line has no room for what the next one begins with; punctuation that may not begin a line takes some too.
    first_word = _LATIN_WORD.match(after.text)
    needed = _LATIN_WIDTH * line.size * len(first_word[0]) if first_word else line.size
    if before.right - line.x1 > needed + (_SLACK_AT_END if ends_sentence else _SLACK) * line.size:
        return False
    step = line.y_end - after.y
    if before.flow is place.flow and step > (_GAP if ends_sentence else _GAP_IN_SENTENCE) * place.pitch:
        return False
    indent, next_indent = line.x0 - before.left, after.x0 - place.left
    if in_list or next_indent < _INDENT * after.size:
        return True
    # Of two indented lines, the second begins a paragraph where paragraphs do so, or goes on with a quotation.
    starts = ends_sentence and place.indents_first_lines
    return next_indent < indent + _INDENT * after.size and not starts


def _joined(text: str, line: str) -> str:
    if _HYPHENATED.search(text) and line[:1].islower():
        return text[:-1] + line
    blank = " " if _LATIN.match(text[-1:]) and _LATIN.match(line[:1]) and line[:1] not in ",.;:!?)" else ""
    if text[-1:].isdigit() and line[:1].isdigit():
        blank = ""
    return text + blank + line
