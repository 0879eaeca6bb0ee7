"""Rare characters replaced by others, so that questions about a passage cannot be memorised.

Comes in: tokenised questions about one window. Goes out: the same with some characters replaced, each by the
same one everywhere; the frequent words stay.

A literal example: 林文海設計燈塔 and 誰設計燈塔？ become 林潭海設計燈洛 and 誰設計燈洛？

Source: names replaced consistently and drawn anew, so that an answer must be read, not known, Hermann et al.
2015 (arXiv 1506.03340), section 2.2.
Differs: characters instead of entities, which would need another model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qgkd.model_input.source import Source

_KEPT = 0.7
"""The most frequent tokens, up to this share of the text, stay: question words and function words."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """Which characters may be replaced, and how often."""

    rare_ids: NDArray[np.int64]
    """Sorted."""
    share: float

    @classmethod
    def of(
        cls,
        source_ids: NDArray[np.int32],
        target_ids: NDArray[np.int32],
        character_ids: NDArray[np.int64],
        share: float,
    ) -> Renaming:
        """The characters of the passages that are not among the most frequent tokens of passages or questions."""
        rare = np.intersect1d(source_ids, character_ids)
        for token_ids in (source_ids, target_ids):
            counts = np.bincount(token_ids)
            order = np.argsort(-counts, kind="stable")
            last = int(np.searchsorted(np.cumsum(counts[order]), _KEPT * counts.sum()))
            rare = np.setdiff1d(rare, order[: last + 1])
        return cls(rare, share)

    def rename(
        self, sources: Sequence[Source], targets: Sequence[Sequence[int]], random: np.random.Generator
    ) -> tuple[list[Source], list[tuple[int, ...]]]:
        """Replace the same characters in all of them."""
        present = sorted({token for source in sources for token in source.token_ids})
        found = np.intersect1d(np.asarray(present, np.int64), self.rare_ids)
        chosen = found[random.random(len(found)) < self.share]
        free = np.setdiff1d(self.rare_ids, found)
        count = min(len(chosen), len(free))
        names = dict(zip(chosen[:count].tolist(), random.choice(free, count, replace=False).tolist(), strict=True))
        renamed = [replace(s, token_ids=tuple(names.get(t, t) for t in s.token_ids)) for s in sources]
        return renamed, [tuple(names.get(token, token) for token in target) for target in targets]
