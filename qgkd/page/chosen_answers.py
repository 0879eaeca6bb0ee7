"""The answers that a teacher switched off or added.

Comes in: the spans proposed, and the teacher's clicks. Goes out: `Choice`, and which proposals are switched on.

A literal example: with 1867年 and 林文海 proposed, `choice.toggle(Span(4, 9))` drops 1867年;
`occurrences(text, "燈塔")` gives every place of 燈塔.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from qgkd.answer import AnswerSpan
from qgkd.answers.given import is_too_long
from qgkd.text.cleaning.clean import clean
from qgkd.text.cleaning.clean_text import CleanText

MOST_OCCURRENCES = 50


class Span(NamedTuple):
    """A range of characters of the whole text."""

    start_char: int
    end_char: int

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a character."""
        return self.start_char < other.end_char and other.start_char < self.end_char


@dataclass(frozen=True, slots=True)
class Choice:
    """The teacher's changes to the proposed answers."""

    dropped: frozenset[Span] = frozenset()
    """Proposed, and not wanted."""
    added: tuple[Span, ...] = ()
    """The teacher's own; used before any proposal."""

    def toggle(self, span: Span) -> Choice:
        """Drop or take back a proposed answer, or take an added one away."""
        if span in self.added:
            return dataclasses.replace(self, added=tuple(other for other in self.added if other != span))
        return dataclasses.replace(self, dropped=self.dropped ^ {span})

    def add(self, text: str, span: Span) -> Choice:
        """Add an answer without the blanks and marks at its ends; adding it twice changes nothing.

        Raises:
            ValueError: Nothing is left of it, it lies outside the text, or it is too long; the message is the
                code of a sentence.
        """
        own = trimmed(text, span)
        if own is None:
            raise ValueError("empty")
        if is_too_long(text[own.start_char : own.end_char]):
            raise ValueError("too_long")
        if own in self.added:
            return self
        return dataclasses.replace(self, added=(*self.added, own), dropped=self.dropped - {own})

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"dropped": sorted(self.dropped), "added": list(self.added)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Choice:
        """Read back what `to_json` gave."""
        return cls(
            dropped=frozenset(Span(*pair) for pair in value.get("dropped", [])),
            added=tuple(Span(*pair) for pair in value.get("added", [])),
        )


def trimmed(text: str, span: Span) -> Span | None:
    """A span without the blanks and marks at its ends; None where nothing is left."""
    start_char, end_char = max(span.start_char, 0), min(span.end_char, len(text))
    while start_char < end_char and not (text[start_char].isalnum() or text[start_char] in "《「『〈（("):
        start_char += 1
    while end_char > start_char and not (text[end_char - 1].isalnum() or text[end_char - 1] in "》」』〉）)%％℃"):
        end_char -= 1
    return Span(start_char, end_char) if start_char < end_char else None


def occurrences(text: str, answer: str) -> list[Span]:
    """Every place of an answer, at most `MOST_OCCURRENCES`; not overlapping.

    Case is ignored, width is not.
    """
    needle = _small(answer.strip())
    if not needle:
        return []
    found = itertools.islice(re.finditer(re.escape(needle), _small(text)), MOST_OCCURRENCES)
    return [Span(*match.span()) for match in found]


def _small(text: str) -> str:
    """Small letters, one for each capital, so that offsets stay."""
    return "".join(character.lower() if len(character.lower()) == 1 else character for character in text)


def surroundings(text: str, span: Span, chars: int = 12) -> tuple[str, str, str]:
    """The text before, in and after a span, to distinguish occurrences."""
    before = text[max(0, span.start_char - chars) : span.start_char].replace("\n", " ")
    after = text[span.end_char : span.end_char + chars].replace("\n", " ")
    return before, text[span.start_char : span.end_char], after


def clean_with_choice(text: str, choice: Choice) -> CleanText:
    """The sentences of the text; the lines of the teacher's own answers stay, whatever they are."""
    return clean(text, tuple(sorted((span.start_char, span.end_char) for span in choice.added)))


def place_of(proposal: AnswerSpan, cleaned: CleanText) -> Span:
    """A proposal of a cleaned text, or a part of it, as a span of the text as it came."""
    return Span(*cleaned.original_span(proposal.start_char, proposal.end_char))


def is_switched_on(place: Span, choice: Choice) -> bool:
    """Whether a proposal at a place was not dropped, and no added answer overlaps it."""
    return place not in choice.dropped and not any(place.overlaps(added) for added in choice.added)
