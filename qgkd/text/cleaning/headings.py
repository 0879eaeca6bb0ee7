"""Which of the remaining lines are headings.

Comes in: lines, and which of them are broken. Goes out: the same lines, headings marked.

A literal example: `一、開港通商` above `1858年，清廷戰敗。` is a heading, `遠離窗戶` in a list of such lines is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qgkd.text.cleaning.furniture import is_poet
from qgkd.text.cleaning.kinds import Kind
from qgkd.text.cleaning.lines import HEADING_MARK, Line

_MOST_WIDTH, _MOST_MARKED_WIDTH, _MOST_LAST_WIDTH, _MOST_LEAD_IN_WIDTH = 48, 80, 24, 18
"""In half-width characters: of any heading, of one with a mark of headings, of one that nothing follows, of one that
ends with a colon; longer ones lead a list in."""


def mark_headings(lines: Sequence[Line], continuations: Mapping[int, int]) -> None:
    """Mark short lines without marks above sentences, and in a text of sentences also those at its end."""
    broken = {*continuations, *continuations.values()}
    has_sentences = any(line.has_sentence for line in lines)
    below: Line | None = None
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number]
        if not line.is_open:
            continue
        if number not in broken and (_is_marked(line) or (has_sentences and _heads(line, below))):
            line.kind = Kind.HEADING
        else:
            below = line


def _is_marked(line: Line) -> bool:
    marked = HEADING_MARK.match(line.text) is not None and line.width <= _MOST_MARKED_WIDTH
    return (marked and not line.has_sentence) or line.text.lstrip().startswith("#")


def _heads(line: Line, below: Line | None) -> bool:
    """Whether a line stands above the text that the line below begins, or above nothing."""
    if not line.is_label or line.ends_sentence or line.width > _MOST_WIDTH:
        return False
    if line.bare.endswith(("：", ":")) and line.width > _MOST_LEAD_IN_WIDTH:
        return False
    if below is None:
        return line.body == line.bare and (is_poet(line) or line.width <= _MOST_LAST_WIDTH)
    in_one_list = line.body != line.bare and below.body != below.bare
    return not in_one_list and (below.has_sentence or (not below.is_label and below.width > line.width))
