"""Finds splices: tokens at which a question that quotes its passage would jump to another place of it in mid-word.

Comes in: a source and the question so far. Goes out: the tokens that would be a splice.

A model copies by looking up the token it wrote last; where the passage has that token several times, it may go on after
the wrong one. A token is a splice if the passage has it after the question's last token, but never after the longest
ending of the question, two tokens or more, that the passage contains.

A literal example: the passage contains 「以北銜接臺灣南端，以南銜接雅米島」 and the question so far ends in 「臺灣南」:
端 may follow, and so may any token that the passage never has after 南, but not 銜, which only follows 「以南」.

Source: this project; eval/LOG.md has its effect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from qgkd.model_input.source import Source


class Splices:
    """The splices of one source.

    Special tokens are never splices: a question may end anywhere, and [UNK] stands for different characters.
    """

    def __init__(self, source: Source, special_ids: Collection[int]) -> None:
        self._ids, self._special = source.token_ids, frozenset(special_ids)
        self._places: dict[int, list[int]] = defaultdict(list)
        for place, token in enumerate(self._ids[:-1]):
            if token not in self._special:
                self._places[token].append(place)

    def after(self, question: Sequence[int]) -> list[int]:
        """The tokens that would continue the question from another place of the passage than it quotes."""
        anywhere = self._places.get(question[-1], []) if question else []
        quoted, length = anywhere, 1
        while length < len(question) and question[-length - 1] not in self._special:
            before = question[-length - 1]
            longer = [place for place in quoted if place >= length and self._ids[place - length] == before]
            if not longer:
                break
            quoted, length = longer, length + 1
        if length == 1:
            return []
        following = {self._ids[place + 1] for place in anywhere} - self._special
        return sorted(following - {self._ids[place + 1] for place in quoted})
