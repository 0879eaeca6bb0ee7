r"""A long text in parts of a page or so.

Comes in: a text. Goes out: `Part`s that tile it, cut between paragraphs, else between sentences.

A literal example: `split_parts("第一章 海\n…\n第二章 山\n…")` cuts before 第二章 where both do not fit in one part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qgkd.text.sentences import split_sentences

PART_CHARS = 1500
"""Wanted length: enough for a handful of questions."""
_LABEL_CHARS = 24
_HEADING = re.compile(
    r"\s*(?:第[一二三四五六七八九十百零〇0-9]+[章節节課课單单篇回]|[一二三四五六七八九十]+、|#{1,6} )"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text."""

    start_char: int
    end_char: int

    def of(self, text: str) -> str:
        """The part's own text."""
        return text[self.start_char : self.end_char]

    def holds(self, span: tuple[int, int]) -> bool:
        """Whether the whole range is in the part."""
        return self.start_char <= span[0] and span[1] <= self.end_char


def split_parts(text: str, part_chars: int = PART_CHARS) -> list[Part]:
    """Cut a text into parts, which together cover it; a sentence that is longer than a part is cut by length.

    A chapter's heading begins a part where the part before it is at least half full.
    """
    cuts = [0]
    for start_char, end_char in _pieces(text, part_chars):
        filled = start_char - cuts[-1]
        heads = filled > part_chars // 2 and _HEADING.match(text[start_char:end_char]) is not None
        if filled and (end_char - cuts[-1] > part_chars or heads):
            cuts.append(start_char)
    ends = [*cuts[1:], len(text)]
    return [Part(start, end) for start, end in zip(cuts, ends, strict=True) if end > start]


def part_label(text: str, part: Part) -> str:
    """The first words of a part."""
    first = part.of(text).lstrip().split("\n", 1)[0]
    return first if len(first) <= _LABEL_CHARS else f"{first[:_LABEL_CHARS]}…"


def shares(count: int, lengths: Sequence[int]) -> list[int]:
    """Deal questions out to parts by their lengths, evenly over the text where there are fewer than parts.

    Returns:
        One number per part; their sum is `count`.
    """
    total = sum(lengths)
    dealt, done, before = [], 0, 0
    for length in lengths:
        before += length
        due = (count * before * 2 + total) // (2 * total) if total else 0
        dealt.append(due - done)
        done = due
    return dealt


def _pieces(text: str, part_chars: int) -> list[tuple[int, int]]:
    """Paragraphs; those longer than a part in sentences, those longer still cut by length."""
    pieces = []
    start_char = 0
    for line in text.splitlines(keepends=True):
        for from_char, to_char in [(0, len(line))] if len(line) <= part_chars else split_sentences(line):
            for cut in range(from_char, to_char, part_chars):
                pieces.append((start_char + cut, start_char + min(cut + part_chars, to_char)))
        start_char += len(line)
    return pieces
