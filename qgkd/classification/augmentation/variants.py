"""The variants of one example: of a pair the first text, the second or both are changed.

Comes in: an example, a way to change texts. Goes out: the texts of its variants, no two alike.

A literal example: of a pair, in turns, `A' B`, `A B'`, `A' B'`.

Source: Tang et al. 2019 (arXiv 1903.12136), section 3.3.
Differs: variants are compared within an example; the authors' code compares them over the whole set, which has to fit
into memory then.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Protocol

from qgkd.classification.augmentation.config import PAIR_TEXTS, AugmentConfig
from qgkd.classification.tasks.examples import ClassificationExample


class Changes(Protocol):
    """A way to change texts."""

    def read(self, text: str) -> Any:
        """What is found out about a text once, for all its variants."""

    def changed(self, read: Any, random: Random) -> str:
        """One variant of it; empty where there is none."""


def variants(
    example: ClassificationExample, changes: Changes, settings: AugmentConfig
) -> Iterator[tuple[str, str | None]]:
    """Yield the texts of its variants; the draws depend on the seed and the example's texts alone."""
    random = Random(f"{settings.seed}\n{example.text_a}\n{example.text_b or ''}")
    first, second = changes.read(example.text_a), None if example.text_b is None else changes.read(example.text_b)
    turns = PAIR_TEXTS["a" if second is None else settings.pair_texts]
    seen: set[tuple[str, str | None]] = {(example.text_a, example.text_b)}
    for number in range(settings.variants_of(pair=second is not None)):
        which = turns[number % len(turns)]
        text_a = example.text_a if which == "b" else changes.changed(first, random)
        text_b = example.text_b if which == "a" else changes.changed(second, random)
        found = (text_a, text_b)
        if text_a and text_b != "" and found not in seen:
            seen.add(found)
            yield found
