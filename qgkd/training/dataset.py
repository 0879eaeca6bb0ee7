"""Training rows drawn from tokenised questions.

Comes in: a `TokenStore` and `(epoch, item, counted)`. Goes out: `WeightedRow`s. What is drawn (sampled positions,
token noise) depends on the seed, the epoch and the item only: a resumed run, a split batch and a second process draw
the same.

A literal example: `recurrent`, a question of 23 tokens, 4 positions per question: four rows of weight 23 / 4.

Source: BERT-SQG rows, Chan & Fan 2019 (D19-5821), section 3.2; token noise of s2s-ft, Bao et al. 2020
(arXiv 2002.12804).
Differs: s2s-ft corrupts the pseudo block as well, which reveals the answer to one in twenty of the [MASK]s; here it
stays clean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from qgkd.model_input.input_format import Attention, InputFormat, Layout
from qgkd.model_input.rows import Block, Row, packed_row, recurrent_row
from qgkd.training.config import RowsConfig
from qgkd.training.renaming import Renaming
from qgkd.training.token_store import TokenStore


class Draw(NamedTuple):
    """An item that a sampler requests."""

    epoch: int
    item: int
    counted: bool = True
    """False only fills a batch up: its rows have weight 0."""


@dataclass(frozen=True, slots=True)
class WeightedRow:
    """A row and its weight in the loss."""

    row: Row
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The token ids that rows are built with."""

    mask_id: int
    pad_id: int
    ordinary_ids: NDArray[np.int64]
    """Everything but special tokens: what a corrupted token may turn into."""
    character_ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Chinese characters: what may be renamed."""


class RowDataset(Dataset[list[WeightedRow]]):
    """One item per question; in `shared`, per group of up to `answers_per_row` questions about one window.

    Args:
        store: Tokenised questions.
        input_format: Decides between one packed row and many recurrent ones.
        rows: Sampling and noise.
        vocabulary: The tokenizer's ids.
        seed: Of every draw.
    """

    def __init__(
        self, store: TokenStore, input_format: InputFormat, rows: RowsConfig, vocabulary: Vocabulary, seed: int
    ) -> None:
        self._store, self._rows, self._vocabulary, self._seed = store, rows, vocabulary, seed
        renamed = (store.source_ids, store.target_ids, vocabulary.character_ids, rows.renamed_share)
        self._renaming = Renaming.of(*renamed) if rows.renamed_share else None
        self._recurrent = input_format.attention is Attention.RECURRENT
        share = rows.answers_per_row if input_format.layout is Layout.SHARED else 1
        self.items: list[tuple[int, ...]] = group_by_window(store, share)
        """The questions of each item."""

    def __len__(self) -> int:
        return len(self.items)

    @property
    def target_ends(self) -> NDArray[np.int64]:
        """[N], one past each question's last token among all questions' tokens."""
        return self._store.target_ends

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each item's longest row."""
        sources, targets = self._store.source_lengths, self._store.target_lengths
        per_target = 1 if self._recurrent else 2
        tails = sources - self._store.passage_lengths + per_target * targets
        longest = [self._store.passage_lengths[each[0]] + tails[list(each)].sum() for each in self.items]
        return np.asarray(longest, np.int64)

    def __getitem__(self, draw: Draw) -> list[WeightedRow]:
        random = np.random.default_rng((self._seed, draw.epoch, draw.item))
        questions = self.items[draw.item]
        sources = [self._store.source(question) for question in questions]
        targets = [self._store.target(question) for question in questions]
        if self._renaming is not None and draw.epoch > 0:  # nothing is known by heart at the first reading
            sources, targets = self._renaming.rename(sources, targets, random)
        if not self._recurrent:
            row = packed_row(sources, targets, self._vocabulary.mask_id)
            return [WeightedRow(self._corrupt(row, random), float(draw.counted))]
        target = targets[0]
        steps = sampled_steps(len(target), self._rows.positions_per_question, random)
        weight = len(target) / len(steps) if draw.counted else 0.0
        weighted = []
        for step in steps:
            row = recurrent_row(sources[0], target, step, self._vocabulary.mask_id)
            weighted.append(WeightedRow(self._corrupt(row, random, given=step - 1), weight))
        return weighted

    def _corrupt(self, row: Row, random: np.random.Generator, *, given: int | None = None) -> Row:
        """Token noise on the question tokens a row is given; in a recurrent row those before its last position."""
        share = self._rows.target_noise
        if not share:
            return row
        if given is None:
            places = [place for place, block in enumerate(row.blocks) if block == Block.TARGET]
        else:
            places = list(range(len(row) - 1 - given, len(row) - 1))
        ids = list(row.input_ids)
        hit, kind = random.random(len(places)), random.random(len(places))
        others = random.choice(self._vocabulary.ordinary_ids, len(places))
        for place, hit_draw, kind_draw, other in zip(places, hit, kind, others, strict=True):
            if hit_draw < share and kind_draw < 0.9:
                ids[place] = self._vocabulary.mask_id if kind_draw < 0.8 else int(other)
        return replace(row, input_ids=tuple(ids))


def sampled_steps(target_tokens: int, count: int, random: np.random.Generator) -> Sequence[int]:
    """`count` different steps of 1 to `target_tokens`, each as likely as any other; all of them where count is 0."""
    if not 0 < count < target_tokens:
        return range(1, target_tokens + 1)
    return sorted((1 + random.choice(target_tokens, count, replace=False)).tolist())


def group_by_window(store: TokenStore, answers_per_row: int) -> list[tuple[int, ...]]:
    """Questions that follow one another about the same window, up to so many together."""
    groups: list[list[int]] = []
    for question in range(len(store)):
        if groups and len(groups[-1]) < answers_per_row and _same_window(store, groups[-1][0], question):
            groups[-1].append(question)
        else:
            groups.append([question])
    return [tuple(group) for group in groups]


def _same_window(store: TokenStore, first: int, second: int) -> bool:
    starts = [store.source_ends[question - 1] if question else 0 for question in (first, second)]
    lengths = store.passage_lengths[[first, second]]
    one, other = (store.source_ids[start : start + length] for start, length in zip(starts, lengths, strict=True))
    return np.array_equal(one, other)
