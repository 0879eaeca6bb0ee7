"""Text that remembers where each of its characters stood before anything was taken off.

Comes in: a text and the ranges that must not vanish. Goes out: `TrackedText`, and after every step another one.

A literal example: `track("甲 乙").edited([(1, 2, "")])` has the text 甲乙, whose second character stood at 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Edit = tuple[int, int, str]
"""From a character to before another, and what comes in their place: nothing, or one character."""


@dataclass(frozen=True, slots=True)
class TrackedText:
    """See the module."""

    text: str
    origins: Sequence[int]
    """Where each character stood in the text as it came."""
    kept: tuple[tuple[int, int], ...] = ()
    """Ranges of the text as it came of which something has to stay: answers that a person chose."""

    def edited(self, edits: Iterable[Edit]) -> TrackedText:
        """Take ranges off or put one character in their place.

        Args:
            edits: Ranges of this text, in any order; of two that overlap the earlier one counts. One that would take a
                kept range off altogether is left undone.
        """
        pieces: list[str] = []
        origins: list[int] = []
        at = 0
        for start, end, put in sorted(edits):
            if start < at or (end > start and not put and self._takes_kept(start, end)):
                continue
            pieces += (self.text[at:start], put)
            origins += self.origins[at:start]
            origins += self.origins[start : start + len(put)]
            at = end
        if not at:
            return self
        pieces.append(self.text[at:])
        origins += self.origins[at:]
        return TrackedText("".join(pieces), origins, self.kept)

    def without(self, pattern: re.Pattern[str], group: int | str = 0) -> TrackedText:
        """Take every match of a pattern off, or a group of each."""
        return self.edited((*match.span(group), "") for match in pattern.finditer(self.text) if match.end(group) > -1)

    def with_each(self, pattern: re.Pattern[str], character: Callable[[re.Match[str]], str]) -> TrackedText:
        """Put one character, or none, in the place of every match; a text of another length leaves the match as is."""
        found = ((match, character(match)) for match in pattern.finditer(self.text))
        return self.edited((*match.span(), put) for match, put in found if len(put) < 2)

    def holds_kept(self, start: int, end: int) -> bool:
        """Whether a kept range touches this range."""
        if not self.kept or start >= end:
            return False
        first, last = self.origins[start], self.origins[end - 1]
        return any(kept_start <= last and first < kept_end for kept_start, kept_end in self.kept)

    def _takes_kept(self, start: int, end: int) -> bool:
        if not self.kept:
            return False
        first, last = self.origins[start], self.origins[end - 1]
        return any(first <= kept_start and kept_end <= last + 1 for kept_start, kept_end in self.kept)


def track(text: str, kept: tuple[tuple[int, int], ...] = ()) -> TrackedText:
    """A text from which nothing has been taken off yet."""
    return TrackedText(text, range(len(text)), kept)
