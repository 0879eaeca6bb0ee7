"""What the span model reads: a window of a passage, alone or behind a question.

Comes in: tokens. Goes out: `SpanRow`s; `SpanInput`, padded, with the candidates to score.

A literal example: `[CLS] 誰 設 計 燈 塔 ？ [SEP] 燈 塔 建 於 … [SEP]`, the window's tokens of type 1, the others of 0.

Source: Devlin et al. 2019 (arXiv 1810.04805), section 4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from qgkd.answers.span_candidates import FEATURES
from qgkd.model_input.batch import ModelInput
from qgkd.model_input.rows import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialIds:
    """The ids of the tokens around question and window."""

    cls_id: int
    sep_id: int
    pad_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRow:
    """One row."""

    token_ids: NDArray[np.int32]  # [L]
    window_start: int
    """Position of the window's first token; the last position is a [SEP]."""

    def __len__(self) -> int:
        return len(self.token_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanInput(ModelInput):
    """Padded rows with N candidates in them."""

    spans: torch.Tensor  # [N, 3]: row, first position, last position
    features: torch.Tensor  # [N, F], see `qgkd.answers.span_candidates`

    def may_answer(self) -> torch.Tensor:
        """Where an answer may start or end, bool [B, L]: in the window, and at [CLS] for no answer."""
        allowed = self.token_type_ids == 1
        allowed[:, 0] = True
        return allowed


def question_row(question_ids: Sequence[int], window_ids: Sequence[int], special: SpecialIds) -> SpanRow:
    """A question and a window."""
    ids = [special.cls_id, *question_ids, special.sep_id, *window_ids, special.sep_id]
    return SpanRow(token_ids=np.asarray(ids, np.int32), window_start=len(question_ids) + 2)


def window_row(window_ids: Sequence[int], special: SpecialIds) -> SpanRow:
    """A window alone."""
    return SpanRow(token_ids=np.asarray([special.cls_id, *window_ids, special.sep_id], np.int32), window_start=1)


def pad_span_rows(
    rows: Sequence[SpanRow],
    pad_id: int,
    spans: NDArray[np.int64] | None = None,
    features: NDArray[np.uint8] | None = None,
) -> SpanInput:
    """Pad rows on the right.

    Args:
        rows: The rows.
        pad_id: The tokenizer's [PAD].
        spans: [N, 3], as in `SpanInput`; none by default.
        features: [N, F].
    """
    shape = len(rows), max(map(len, rows))
    ids, types = np.full(shape, pad_id, np.int64), np.zeros(shape, np.int64)
    blocks = np.full(shape, int(Block.PADDING), np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row.token_ids
        types[place, row.window_start : len(row) - 1] = 1
        blocks[place, : len(row)] = int(Block.PASSAGE)
    no_spans, no_features = np.zeros((0, 3), np.int64), np.zeros((0, len(FEATURES)), np.int64)
    return SpanInput(
        input_ids=torch.from_numpy(ids),
        token_type_ids=torch.from_numpy(types),
        position_ids=torch.arange(shape[1]).expand(shape).contiguous(),
        blocks=torch.from_numpy(blocks),
        scored_positions=torch.zeros((0, 2), dtype=torch.long),
        spans=torch.from_numpy(no_spans if spans is None else spans.astype(np.int64)),
        features=torch.from_numpy(no_features if features is None else features.astype(np.int64)),
    )
