"""Mixes questions of several kinds by shares that change over a stage.

Comes in: one data set per kind. Goes out: one data set in the order of training, whose every step is a mixture.

A literal example: synthetic questions 95 % at the first step and 15 % at the last, the rest real.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from qgkd.training.dataset import Draw, RowDataset, WeightedRow

_STEPS_PER_POOL = 50  # items of similar length are brought together within so many steps


class MixedQuestions(Dataset[list[WeightedRow]]):
    """Items in training order; each kind is repeated, every time in another order.

    Args:
        kinds: One data set per kind; empty ones are never drawn from.
        first_shares: Share of each kind at the start.
        last_shares: Share of each kind at the end; in between they change evenly.
        total_items: Items in all.
        step_items: Items of an optimiser step.
        seed: Seed of every draw.
    """

    def __init__(
        self,
        kinds: Sequence[RowDataset],
        first_shares: Sequence[float],
        last_shares: Sequence[float],
        total_items: int,
        step_items: int,
        seed: int,
    ) -> None:
        self._kinds = list(kinds)
        shares = np.linspace(np.asarray(first_shares), np.asarray(last_shares), total_items)  # [N, kinds]
        shares[:, [len(kind) == 0 for kind in kinds]] = 0
        bounds = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
        random = np.random.default_rng((seed, 3))
        kind_of = (random.random(total_items)[:, None] > bounds[:, :-1]).sum(axis=1)
        item_of, turn_of = np.zeros(total_items, np.int64), np.zeros(total_items, np.int64)
        lengths = np.zeros(total_items, np.int64)
        for number, kind in enumerate(kinds):
            places = np.flatnonzero(kind_of == number)
            if len(places):
                item_of[places], turn_of[places] = _rounds(len(kind), len(places), random)
                lengths[places] = kind.lengths[item_of[places]]
        order = _similar_lengths_together(lengths, step_items, random)
        self.kind_of, self._item_of, self._turn_of = kind_of[order], item_of[order], turn_of[order]
        self.lengths: NDArray[np.int64] = lengths[order]
        """Tokens of each item."""
        self.items: list[tuple[int, ...]] = [
            self._kinds[kind].items[item] for kind, item in zip(self.kind_of, self._item_of, strict=True)
        ]
        """The questions of each item."""

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, draw: Draw) -> list[WeightedRow]:
        kind = self._kinds[self.kind_of[draw.item]]
        return kind[Draw(int(self._turn_of[draw.item]), int(self._item_of[draw.item]), draw.counted)]


def _rounds(items: int, wanted: int, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return `wanted` items, all of them in random order and then the same order again, and the pass of each."""
    turns = -(-wanted // items)
    order = np.concatenate([random.permutation(items) for _ in range(turns)])[:wanted]
    return order, np.repeat(np.arange(turns), items)[:wanted]


def _similar_lengths_together(
    lengths: NDArray[np.int64], step_items: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Return an order whose steps hold items of similar length, each not far from where it was."""
    pools = []
    size = step_items * _STEPS_PER_POOL
    for start in range(0, len(lengths), size):
        places = np.arange(start, min(start + size, len(lengths)))
        places = places[np.argsort(-lengths[places], kind="stable")]
        whole = len(places) // step_items * step_items
        steps = places[:whole].reshape(-1, step_items)
        pools += [steps[random.permutation(len(steps))].reshape(-1), places[whole:]]
    return np.concatenate(pools) if pools else np.zeros(0, np.int64)
