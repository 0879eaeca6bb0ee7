"""Where a question, quoting its passage, jumps from one place to another in the middle of a word.

Comes in: a source and the question so far. Goes out: the tokens that would be such a jump.

A model copies by looking for the token it wrote last. Where that stands several times, it may go on behind the wrong
one. The passage's own order tells: the question's last tokens, as many as stand together in the passage, at least two,
are never followed by this one there, though the last of them is elsewhere.

A literal example: the passage says 「以北銜接臺灣南端，以南銜接雅米島」 and the question so far ends in 「臺灣南」:
端 may follow, and so may what the passage never has behind 南, but not 銜, which only follows 「以南」.

Source: ours; eval/LOG.md has what it is worth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from qgkd.model_input.source import Source


class Splices:
    """The jumps of one source.

    Args:
        source: Its tokens, markers included: a jump over the answer is none.
        special_ids: The tokenizer's [SEP], [UNK] and so on: a question may end anywhere, and [UNK] stands for different
            characters.
    """

    def __init__(self, source: Source, special_ids: Collection[int]) -> None:
        self._ids, self._special = source.token_ids, frozenset(special_ids)
        self._places: dict[int, list[int]] = defaultdict(list)
        for place, token in enumerate(self._ids[:-1]):
            if token not in self._special:
                self._places[token].append(place)

    def after(self, question: Sequence[int]) -> list[int]:
        """The tokens that would continue the question from another place than its last tokens are at."""
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
