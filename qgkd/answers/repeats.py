"""Counts how often candidates occur in their passage, in time that does not grow with the square of its length.

Comes in: a passage. Goes out: for each of its candidates, how often it occurs, up to a limit.

A literal example: in 「燈塔在山上。燈塔很高。」 燈塔 occurs 2 times.

Every candidate of a long passage would be looked for in all of it: a million characters took minutes so. Instead, the
places of every pair of characters are kept, and a candidate is looked for where its rarest pair is.
"""

from __future__ import annotations

from collections import defaultdict

_SHORT_CHARS = 5000  # below, looking through the whole passage is quicker


class Repeats:
    """The places of the pairs of a passage's characters."""

    def __init__(self, context: str, *, short_chars: int = _SHORT_CHARS) -> None:
        self._context = context
        self._places: dict[str, list[int]] = defaultdict(list)
        if len(context) > short_chars:
            for place in range(len(context) - 1):
                self._places[context[place : place + 2]].append(place)

    def count(self, text: str, *, most: int) -> int:
        """`min(context.count(text), most)`, for a text that is in the passage."""
        if not self._places or len(text) < 2:
            return min(self._context.count(text), most)
        pairs = ((self._places.get(text[at : at + 2], []), at) for at in range(len(text) - 1))
        places, at = min(pairs, key=lambda pair: len(pair[0]))
        found, end = 0, 0
        for place in places:
            if place - at >= end and self._context.startswith(text, place - at):
                found, end = found + 1, place - at + len(text)
                if found == most:
                    break
        return found
