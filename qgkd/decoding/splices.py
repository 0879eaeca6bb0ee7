"""Where a question, quoting its passage, jumps from one place to another in the middle of a word.

Comes in: a source and the question so far. Goes out: the tokens that would be such a jump.

A model copies by looking for the token it wrote last. Where that stands several times, it may go on behind the wrong
one. The passage's own order tells: the last two tokens stand there together, but never before this one.

A literal example: the passage says 「以北銜接臺灣南端，以南銜接雅米島」 and the question so far ends in 「臺灣南」:
端 may follow, and so may what the passage never has behind 南, but not 銜, which only follows 「以南」.

Source: ours; eval/LOG.md has what it is worth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise

from qgkd.source import Source


class Splices:
    """The jumps of one source.

    Args:
        source: Its tokens, markers included: a jump over the answer is none.
        special_ids: The tokenizer's [SEP], [UNK] and so on: a question may end anywhere, and [UNK] stands for different
            characters.
    """

    def __init__(self, source: Source, special_ids: Collection[int]) -> None:
        ids = source.token_ids
        self._after_one: dict[int, set[int]] = defaultdict(set)
        self._after_two: dict[tuple[int, int], set[int]] = defaultdict(set)
        for first, second in pairwise(ids):
            if second not in special_ids:
                self._after_one[first].add(second)
        for first, second, third in zip(ids, ids[1:], ids[2:], strict=False):
            if first not in special_ids and second not in special_ids:
                self._after_two[first, second].add(third)

    def after(self, question: Sequence[int]) -> list[int]:
        """The tokens that would continue the question from another place than its last two tokens are at."""
        if len(question) < 2 or (question[-2], question[-1]) not in self._after_two:
            return []
        return sorted(self._after_one[question[-1]] - self._after_two[question[-2], question[-1]])
