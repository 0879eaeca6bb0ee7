"""Which line feeds a page's width has put into the middle of a sentence.

Comes in: lines. Goes out: for each the line that goes on with its sentence, if one does.

A literal example: `…率領二萬五` and `千名士兵出發。` are one sentence where the first line is as long as others;
a heading, an item of a list and a line of verse end where their author ended them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from qgkd.text.cleaning.lines import HEADING_MARK, Line

_LEAST_WIDTH, _LEAST_UNMARKED_WIDTH = 16, 24
_SLACK = 5
"""How much shorter than the longest a full line may be, in half-width characters: a mark may not begin a line."""
_OPEN_END = re.compile(r"[，、,（(「『《〈“‘—－\-][ \t]*$")
_COLON_END = re.compile(r"[：:][ \t]*$")
_CLOSING_START = re.compile(r"[，。、；：！？」』”’）)》〉】…]")
_INDENT = re.compile(r"(?:\u3000|[ ]{2}|\t)")
_MARKED = re.compile(r"[，。！？；、]")


def continuations(lines: Sequence[Line]) -> dict[int, int]:
    """Find the broken lines.

    Returns:
        The number of the line that goes on, by the number of the line that is broken.
    """
    found: dict[int, int] = {}
    spaced = _is_double_spaced(lines)
    for block in _blocks(lines, spaced=spaced):
        widths = [lines[number].width for number in block]
        full = max(widths)
        wraps = _shows_a_width(lines, block, full)
        for place, (number, following) in enumerate(itertools.pairwise(block)):
            is_full = widths[place] >= full - _SLACK and full >= _LEAST_WIDTH
            if _goes_on(lines[number], lines[following], lines[block[0]], is_full=is_full and wraps):
                found[number] = following
    return found


def _is_double_spaced(lines: Sequence[Line]) -> bool:
    """Whether an empty line stands after every line, also in the middle of sentences."""
    filled = [number for number, line in enumerate(lines) if line.is_open]
    gaps = [after - before for before, after in itertools.pairwise(filled)]
    broken = sum(not lines[number].ends_sentence for number in filled)
    return len(filled) > 3 and bool(gaps) and min(gaps) > 1 and broken * 2 > len(filled)


def _blocks(lines: Sequence[Line], *, spaced: bool) -> list[list[int]]:
    """Runs of open lines; furniture between them is passed over, an empty line or another kind ends a run.

    A blank line next to furniture does not end one: pages end in the middle of sentences.
    """
    blocks: list[list[int]] = [[]]
    near_furniture = False
    empty = False
    for number, line in enumerate(lines):
        if line.is_furniture:
            near_furniture = True
        elif not line.bare:
            empty = True
        elif not line.is_open:
            blocks.append([])
            near_furniture = empty = False
        else:
            if empty and not (spaced or near_furniture):
                blocks.append([])
            blocks[-1].append(number)
            near_furniture = empty = False
    return [block for block in blocks if len(block) > 1]


def _shows_a_width(lines: Sequence[Line], block: Sequence[int], full: int) -> bool:
    """Whether several lines, or one that has a mark within it, end near the same width, and there are sentences.

    Without any mark there are none to be seen; then all lines but the last have to be as long.
    """
    inner = [lines[number] for number in block[:-1] if lines[number].width >= full - _SLACK]
    broken = [line for line in inner if not line.ends_sentence]
    sentences = any(_MARKED.search(lines[number].text) for number in block)
    if not sentences and not any(lines[number].has_mark for number in block):
        return len(inner) > 1 and len(inner) == len(block) - 1 and full >= _LEAST_UNMARKED_WIDTH
    return sentences and (len(broken) > 1 or any(_MARKED.search(line.bare[:-1]) for line in broken))


def _goes_on(line: Line, following: Line, first: Line, *, is_full: bool) -> bool:
    if line.ends_sentence or HEADING_MARK.match(following.text):
        return False
    if _CLOSING_START.match(following.bare):
        return True
    if following.has_mark:
        return False
    indented = _INDENT.match(following.text) is not None and _INDENT.match(line.text) is None and not line.has_mark
    if indented or (_INDENT.match(following.text) and _INDENT.match(first.text) and not first.has_mark and not is_full):
        return False
    if _COLON_END.search(line.text):
        return is_full and following.bare[:1] not in "「『“"
    if _OPEN_END.search(line.text):
        return True
    return is_full
