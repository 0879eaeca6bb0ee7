"""Training rows of the general stage: windows of text with tokens hidden.

Comes in: `TextWindows`. Goes out: rows of one window each, full attention, labels at the hidden positions.

A literal example: `[CLS] 由 [MASK] 文 海 設 計 [SEP]` with label 林. What is hidden depends on the seed and the draw.

Source: Devlin et al. 2019 (arXiv 1810.04805), section 3.1: 80 % [MASK], 10 % another token, 10 % as it was; Sanh et al.
2019 (DistilBERT), its code, for hiding rare tokens more often.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from qgkd.distillation.general.text_windows import TextWindows
from qgkd.model_input.rows import IGNORED_LABEL, Block, Row
from qgkd.training.dataset import Draw, Vocabulary, WeightedRow


class MaskedRows(Dataset[list[WeightedRow]]):
    """One row per window, hidden anew in each epoch.

    Args:
        windows: The text.
        vocabulary: Ids of [MASK] and of ordinary tokens.
        ends: Ids of ([CLS], [SEP]).
        mask_share: Share of tokens to hide.
        smoothing: The power of a token's count by which it is hidden less often.
        seed: Seed of every draw.
    """

    def __init__(
        self,
        windows: TextWindows,
        vocabulary: Vocabulary,
        ends: tuple[int, int],
        *,
        mask_share: float,
        smoothing: float,
        seed: int,
    ) -> None:
        self._windows, self._vocabulary, self._ends = windows, vocabulary, ends
        self._share, self._seed = mask_share, seed
        self._weights = np.maximum(windows.counts, 1).astype(np.float64) ** -smoothing
        self.items: Sequence[tuple[int, ...]] = [(0,)] * len(windows)
        """One row each."""

    def __len__(self) -> int:
        return len(self.items)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each row."""
        return self._windows.lengths + 2

    def __getitem__(self, draw: Draw) -> list[WeightedRow]:
        random = np.random.default_rng((self._seed, draw.epoch, draw.item))
        return [WeightedRow(self.row(self._windows[draw.item], random), float(draw.counted))]

    def row(self, ids: NDArray[np.int64], random: np.random.Generator) -> Row:
        """Hide some tokens of a window, one at least."""
        weights = self._weights[ids]
        count = max(1, round(self._share * len(ids)))
        hidden = random.choice(len(ids), count, replace=False, p=weights / weights.sum())
        shown, labels = ids.copy(), np.full(len(ids), IGNORED_LABEL, np.int64)
        labels[hidden] = ids[hidden]
        drawn = random.random(count)
        shown[hidden[drawn < 0.8]] = self._vocabulary.mask_id
        others = hidden[(drawn >= 0.8) & (drawn < 0.9)]
        shown[others] = random.choice(self._vocabulary.ordinary_ids, len(others))
        length = len(ids) + 2
        zeros = (0,) * length
        return Row(
            input_ids=(self._ends[0], *shown.tolist(), self._ends[1]),
            token_types=zeros,
            positions=tuple(range(length)),
            blocks=(int(Block.PASSAGE),) * length,
            steps=zeros,
            groups=zeros,
            labels=(IGNORED_LABEL, *labels.tolist(), IGNORED_LABEL),
        )
