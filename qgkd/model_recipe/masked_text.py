"""Masked-LM rows with whole words masked.

Comes in: `TextTokens`. Goes out: rows of one window each, full attention, labels at the masked positions, so that the
trainer and its loss are those of questions. What is masked depends on the seed and the draw alone.

A literal example: `[CLS] 由 [MASK] [MASK] [MASK] 設 計 [SEP]` with labels 林 文 海.

Source: whole-word masking, Cui et al. 2021 (arXiv 1906.08101), section 3.1; 80/10/10, Devlin et al. 2019, section 3.1.
Differs: positions start at a random offset, so that those of questions are learnt as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from qgkd.model_input.rows import IGNORED_LABEL, Block, Row
from qgkd.model_recipe.text_tokens import TextTokens
from qgkd.training.batches import RowCollator
from qgkd.training.dataset import Draw, Vocabulary, WeightedRow
from qgkd.training.loss import cross_entropy_terms
from qgkd.training.model import TrainingModel


class MaskedTextRows(Dataset[list[WeightedRow]]):
    """Windows of a token stream; each pass over it has another order and other cuts.

    Args:
        text: The stream.
        total_items: Rows in all; several passes where the stream holds fewer.
        window_tokens: Row length, [CLS] and [SEP] included.
        mask_share: Share of tokens to predict.
        max_position: One past the highest position a row may use.
        vocabulary: Ids of [MASK] and of ordinary tokens.
        ends: Ids of ([CLS], [SEP], [UNK]).
        seed: Seed of every draw.
    """

    def __init__(
        self,
        text: TextTokens,
        total_items: int,
        *,
        window_tokens: int,
        mask_share: float,
        max_position: int,
        vocabulary: Vocabulary,
        ends: tuple[int, int, int],
        seed: int,
    ) -> None:
        self._ids, self._starts = text.ids.astype(np.int64), text.starts_word
        self._body = min(window_tokens - 2, len(text))
        self._windows = max(1, len(text) // self._body)
        self._share, self._positions = mask_share, max_position - self._body - 2
        self._vocabulary, self._ends, self._seed = vocabulary, ends, seed
        self._orders: dict[int, NDArray[np.int64]] = {}
        self.items: Sequence[tuple[int, ...]] = [(0,)] * total_items
        """One row each."""

    def __len__(self) -> int:
        return len(self.items)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """All rows are equally long."""
        return np.full(len(self), self._body + 2, np.int64)

    def __getitem__(self, draw: Draw) -> list[WeightedRow]:
        turn, place = divmod(draw.item, self._windows)
        if turn not in self._orders:
            self._orders = {turn: np.random.default_rng((self._seed, turn)).permutation(self._windows)}
        slack = len(self._ids) - self._windows * self._body
        shift = int(np.random.default_rng((self._seed, turn, 1)).integers(slack + 1))
        start = int(self._orders[turn][place]) * self._body + shift
        random = np.random.default_rng((self._seed, draw.epoch, draw.item, 2))
        return [WeightedRow(self.row(start, random), float(draw.counted))]

    def row(self, start: int, random: np.random.Generator) -> Row:
        """Make the row of the window from token `start`, with random masks."""
        end = start + self._body
        ids = self._ids[start:end].copy()
        hidden = masked_words(
            self._starts[start:end],
            eligible=~np.isin(ids, self._ends),
            next_starts=end >= len(self._ids) or bool(self._starts[end]),
            share=self._share,
            random=random,
        )
        labels = np.full(len(ids), IGNORED_LABEL, np.int64)
        for word in hidden:
            labels[word] = ids[word]
            draw = random.random()
            if draw < 0.8:
                ids[word] = self._vocabulary.mask_id
            elif draw < 0.9:
                ids[word] = random.choice(self._vocabulary.ordinary_ids, word.stop - word.start)
        length = len(ids) + 2
        first = int(random.integers(max(1, self._positions + 1)))
        cls_id, sep_id, _ = self._ends
        zeros = (0,) * length
        return Row(
            input_ids=(cls_id, *ids.tolist(), sep_id),
            token_types=zeros,
            positions=tuple(range(first, first + length)),
            blocks=(int(Block.PASSAGE),) * length,
            steps=zeros,
            groups=zeros,
            labels=(IGNORED_LABEL, *labels.tolist(), IGNORED_LABEL),
        )


def masked_words(
    starts_word: NDArray[np.bool_],
    *,
    eligible: NDArray[np.bool_],
    next_starts: bool,
    share: float,
    random: np.random.Generator,
) -> list[slice]:
    """Choose words until the share of tokens is reached; a word that the window cuts is never chosen.

    Args:
        starts_word: [N], whether a word begins at a token.
        eligible: [N], False for special tokens, which are not predicted.
        next_starts: Whether the token after the window begins a word.
        share: Share of tokens.
        random: Source of every draw.
    """
    bounds = np.flatnonzero(starts_word).tolist()
    words = [slice(a, b) for a, b in itertools.pairwise(bounds)]
    if bounds and next_starts:
        words.append(slice(bounds[-1], len(starts_word)))
    words = [word for word in words if eligible[word].all()]
    wanted = max(1, round(share * len(starts_word)))
    chosen: list[slice] = []
    for place in random.permutation(len(words)):
        length = words[place].stop - words[place].start
        if length <= wanted:
            chosen.append(words[place])
            wanted -= length
        if wanted <= 0:
            break
    return chosen


class TextValidator:
    """Measures the loss on held-out windows whose masks never change."""

    def __init__(self, dataset: MaskedTextRows, pad_id: int, batch_items: int) -> None:
        self.dataset = dataset
        self._collate, self._batch_items = RowCollator(pad_id), batch_items

    @torch.no_grad()
    def figures(self, model: Any, *, process: int = 0, processes: int = 1) -> dict[str, float]:
        """Return the mean negative log-likelihood per masked token in nats; every process measures all windows."""
        model.eval()
        total, tokens = 0.0, 0
        for start in range(0, len(self.dataset), self._batch_items):
            items = range(start, min(start + self._batch_items, len(self.dataset)))
            batch = self._collate([self.dataset[Draw(0, item)] for item in items])
            batch = batch.to(model.device)
            (term,) = cross_entropy_terms(TrainingModel(model)(batch.inputs), batch, 0.0)
            total, tokens = total + float(term.values.double().sum()), tokens + len(term.values)
        return {"loss": total / max(1, tokens)}
