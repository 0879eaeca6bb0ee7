"""A cleaned text and the way back to the text as it came.

Comes in: nothing. Goes out: `CleanText`.

A literal example: `clean("1958 年爆發。").original_span(0, 5)` is `(0, 6)`: 1958年 stood there as six characters.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qgkd.answer import AnswerSpan
from qgkd.text.cleaning.kinds import Kind


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that was left out."""

    start_char: int
    """Counted in the text as it came."""
    end_char: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class CleanText:
    """See the module."""

    text: str
    """Sentences, each paragraph on its line."""
    origins: Sequence[int]
    """Where each character stood in the text as it came, rising."""
    left_out: tuple[LeftOut, ...] = ()

    @property
    def nothing_to_ask(self) -> Kind | None:
        """Why nothing is left to ask about: the kind of most of what was left out; None where something is left."""
        if any(character.isalnum() for character in self.text):
            return None
        chars: Counter[Kind] = Counter()
        for left in self.left_out:
            chars[left.kind] += left.end_char - left.start_char
        substance = Counter({kind: count for kind, count in chars.items() if kind is not Kind.HEADING}) or chars
        return substance.most_common(1)[0][0] if substance else None

    def original_span(self, start_char: int, end_char: int) -> tuple[int, int]:
        """Where a range of the cleaned text stood, with what was taken off within it."""
        return self.origins[start_char], self.origins[end_char - 1] + 1

    def clean_span(self, start_char: int, end_char: int) -> tuple[int, int] | None:
        """What is left of a range of the text as it came; None where nothing is."""
        start, end = bisect.bisect_left(self.origins, start_char), bisect.bisect_left(self.origins, end_char)
        return (start, end) if start < end else None

    def answer(self, answer: AnswerSpan) -> AnswerSpan:
        """An answer that a person chose in the text as it came, at its place in the cleaned text.

        A text is cleaned with the answers chosen in it, so that something of each is left.
        """
        span = self.clean_span(answer.start_char, answer.end_char)
        if span is None:
            raise ValueError(f"nothing is left of {answer.text!r}; was the text cleaned without this answer?")
        text = self.text[slice(*span)]
        if (text, span[0]) == (answer.text, answer.start_char):
            return answer
        return dataclasses.replace(answer, text=text, start_char=span[0])

    def part(self, start_char: int, end_char: int) -> CleanText:
        """The cleaned text of a part of the text as it came, its offsets still counted in the whole."""
        start, end = bisect.bisect_left(self.origins, start_char), bisect.bisect_left(self.origins, end_char)
        left_out = tuple(left for left in self.left_out if left.start_char < end_char and start_char < left.end_char)
        return CleanText(self.text[start:end], self.origins[start:end], left_out)
