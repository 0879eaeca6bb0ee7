"""Rows to tensors.

Comes in: rows of different lengths. Goes out: `RowBatch`, padded tensors with the attention mask and the positions of
the [MASK]s that are scored.

A literal example: two recurrent rows of 40 and 43 tokens give input_ids [2, 43], mask_positions [[0, 39], [1, 42]],
target_ids [2].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from qgkd.model_input.attention_mask import padding_mask, prefix_attention_mask
from qgkd.model_input.rows import IGNORED_LABEL, Block, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBatch:
    """Padded rows. B rows, L positions, R scored [MASK]s."""

    input_ids: torch.Tensor  # [B, L]
    token_type_ids: torch.Tensor  # [B, L]
    position_ids: torch.Tensor  # [B, L]
    attention_mask: torch.Tensor  # [B, 1, L, L] for packed rows, [B, 1, 1, L] for recurrent ones; additive
    mask_positions: torch.Tensor  # [R, 2]: (row, position), row by row, first step first
    target_ids: torch.Tensor  # [R]


def collate(rows: Sequence[Row], pad_id: int, dtype: torch.dtype = torch.float32) -> RowBatch:
    """Pad rows on the right and build their mask.

    Args:
        rows: All packed or all recurrent.
        pad_id: The tokenizer's [PAD].
        dtype: The attention's dtype.
    """
    length = max(len(row) for row in rows)

    def padded(name: str, filler: int) -> torch.Tensor:
        values = [(*getattr(row, name), *(filler,) * (length - len(row))) for row in rows]
        return torch.tensor(values, dtype=torch.long)

    blocks, labels = padded("blocks", Block.PADDING), padded("labels", IGNORED_LABEL)
    packed = bool((blocks == Block.PSEUDO).any())
    if packed:
        mask = prefix_attention_mask(blocks, padded("steps", 0), padded("groups", 0), dtype)
    else:
        mask = padding_mask(blocks, dtype)
    scored = labels != IGNORED_LABEL
    return RowBatch(
        input_ids=padded("input_ids", pad_id),
        token_type_ids=padded("token_types", 0),
        position_ids=padded("positions", 0),
        attention_mask=mask,
        mask_positions=scored.nonzero(),
        target_ids=labels[scored],
    )
