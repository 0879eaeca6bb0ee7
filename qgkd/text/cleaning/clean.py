r"""The cleaning stage: one way for every text, pasted, from a file or from a command.

Comes in: any text, and the answers that a person chose in it. Goes out: `CleanText`.

A literal example: `clean("第二課　茶\n作者：林小梅\n杜德在1866\n年來到淡水。").text` is `杜德在1866年來到淡水。`.

An ordinary passage comes out as it went in, but for blanks beside Chinese characters.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

from qgkd.answer import AnswerSpan
from qgkd.text.cleaning.apparatus import mark_apparatus
from qgkd.text.cleaning.blanks import squeezed, without_blanks
from qgkd.text.cleaning.broken_lines import continuations
from qgkd.text.cleaning.clean_text import CleanText, LeftOut
from qgkd.text.cleaning.furniture import mark_furniture, without_lead_ins
from qgkd.text.cleaning.headings import mark_headings
from qgkd.text.cleaning.kinds import Kind
from qgkd.text.cleaning.lines import LETTER_MARK, LIST_MARK, Line, lines_of
from qgkd.text.cleaning.markup import without_markup
from qgkd.text.cleaning.phonetics import without_phonetics
from qgkd.text.cleaning.prose import kinds_of
from qgkd.text.cleaning.spelling import spelt_plainly
from qgkd.text.cleaning.time_stamps import without_time_stamps
from qgkd.text.cleaning.tracked import Edit, TrackedText, track
from qgkd.text.cleaning.verse import mark_verse

_CACHED_TEXTS = 64
_UNFINISHED = re.compile(r"(?<=[\w」』）)》%°])(?<![。！？][」』）)])\n(?=\n*[^\n])")
"""The feed of a line that its author ended without a mark, an item or a subtitle: a model sees no line feeds."""
_EMPTY_LINES = re.compile(r"\A\n+|(?<=\n\n)\n+")


@functools.lru_cache(maxsize=_CACHED_TEXTS)
def clean(text: str, chosen: tuple[tuple[int, int], ...] = ()) -> CleanText:
    """Take off a text what is not its sentences.

    Args:
        text: As it came.
        chosen: Ranges of the answers that a person chose in it: their lines stay, whatever they are.

    Returns:
        The sentences; where nothing is left, the reason is in `nothing_to_ask`.
    """
    marked = without_markup(spelt_plainly(track(text, chosen)))
    timeless = without_time_stamps(marked)
    tracked = squeezed(without_lead_ins(without_phonetics(timeless)))
    lines = lines_of(tracked.text)
    mark_verse(lines, is_recording=timeless is not marked)
    mark_furniture(lines)
    mark_apparatus(lines)
    broken = continuations(lines)
    mark_headings(lines, broken)
    _mark_prose(lines, broken)
    for line in lines:
        if line.kind is not Kind.TEXT and tracked.holds_kept(line.start_char, line.end_char):
            line.kind, line.is_furniture = Kind.TEXT, False
    left_out = tuple(
        LeftOut(tracked.origins[line.start_char], tracked.origins[line.end_char - 1] + 1, line.kind)
        for line in lines
        if line.kind is not Kind.TEXT and line.text
    )
    whole = without_blanks(tracked.edited(_edits(tracked, lines, broken))).without(_EMPTY_LINES)
    whole = whole.with_each(_UNFINISHED, lambda _: "。")
    return CleanText(whole.text, whole.origins, left_out)


def cleaned_for(text: str, answers: Sequence[AnswerSpan]) -> CleanText:
    """Clean a text about whose answers a person wants to ask.

    Raises:
        UserError: An answer is not at its offset.
    """
    for answer in answers:
        answer.check(text)
    return clean(text, tuple((answer.start_char, answer.end_char) for answer in answers))


def _mark_prose(lines: Sequence[Line], broken: Mapping[int, int]) -> None:
    """Give the paragraphs, their broken lines joined, their kinds."""
    goes_on = set(broken.values())
    paragraphs = []
    for number, line in enumerate(lines):
        if line.is_open and number not in goes_on:
            paragraph = [number]
            while paragraph[-1] in broken:
                paragraph.append(broken[paragraph[-1]])
            paragraphs.append(paragraph)
    texts = ["".join(lines[number].bare for number in paragraph) for paragraph in paragraphs]
    for paragraph, kind in zip(paragraphs, kinds_of(texts), strict=True):
        for number in paragraph:
            lines[number].kind = kind


def _edits(text: TrackedText, lines: Sequence[Line], broken: Mapping[int, int]) -> list[Edit]:
    """What is left out, the marks of lists, and the feeds of broken lines."""
    edits: list[Edit] = []
    goes_on = set(broken.values())
    letters = sum(LETTER_MARK.match(line.bare) is not None for line in lines)
    for number, line in enumerate(lines):
        after_feed = min(line.end_char + 1, len(text.text))
        if line.kind is not Kind.TEXT:
            edits.append((line.start_char, after_feed, ""))
            continue
        mark = LIST_MARK.match(line.text)
        is_initial = mark is not None and LETTER_MARK.fullmatch(mark[0].strip()) is not None and letters < 2
        if mark and mark.end() and number not in goes_on and not is_initial:
            edits.append((line.start_char, line.start_char + mark.end(), ""))
        if number in broken:
            following = lines[broken[number]]
            end_char = line.start_char + len(line.text.rstrip())
            start_char = following.start_char + len(following.text) - len(following.text.lstrip())
            latin = line.bare[-1:].isascii() and following.bare[:1].isascii()
            words = latin and line.bare[-1:].isalpha() and following.bare[:1].isalnum()
            edits.append((end_char, start_char, " " if words else ""))
    return edits
