"""Computes attention over a tree of cached blocks, without copying a block per row.

Comes in: queries of R rows, and keys and values of at most as many blocks above them. Goes out: the attended values,
by one exact softmax over the columns of all blocks.

A literal example: 40 rows (ten answers, four beams), one passage block of 300 columns, ten answer blocks of 6, forty
question blocks of 12: every row sees 318 columns, the passage's keys are read once for all rows.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import scaled_dot_product_attention


@dataclass(slots=True)
class KeyValues:
    """One layer's keys and values of N blocks, [N, H, L, d] each, and the mask of their padding."""

    keys: torch.Tensor
    values: torch.Tensor
    mask: torch.Tensor | None
    """Additive, broadcastable to [N, H, queries, L]; None where every column may be seen."""

    def select(self, blocks: torch.Tensor) -> KeyValues:
        """Copy the blocks with these indices, or those marked True."""
        return KeyValues(self.keys[blocks], self.values[blocks], None if self.mask is None else self.mask[blocks])


def attend(query: torch.Tensor, levels: Sequence[KeyValues]) -> torch.Tensor:
    """Attend to several levels of keys at once, exactly: one softmax over all their columns.

    Args:
        query: [R, H, Q, d]
        levels: Keys and values of N blocks each; block n serves the rows n * R/N to (n + 1) * R/N.

    Returns:
        [R, H, Q, d]
    """
    if len(levels) == 1 and levels[0].keys.shape[0] == query.shape[0]:
        level = levels[0]
        return scaled_dot_product_attention(query, level.keys, level.values, attn_mask=level.mask)
    rows, _, queries, width = query.shape
    scaled = query * width**-0.5
    scores = []
    for level in levels:
        score = _to_blocks(scaled, level.keys.shape[0]) @ level.keys.transpose(-1, -2)
        if level.mask is not None:
            score = score + level.mask
        scores.append(_to_rows(score, rows, queries))
    weights = torch.softmax(torch.cat(scores, dim=-1), dim=-1)
    parts = weights.split([level.keys.shape[2] for level in levels], dim=-1)
    return functools.reduce(
        operator.add,
        (
            _to_rows(_to_blocks(part, level.keys.shape[0]) @ level.values, rows, queries)
            for level, part in zip(levels, parts, strict=True)
        ),
    )


def _to_blocks(tensor: torch.Tensor, blocks: int) -> torch.Tensor:
    """Reshape [R, H, Q, x] to [N, H, R/N * Q, x]: the rows of one block side by side."""
    rows, heads, queries, width = tensor.shape
    if rows == blocks:
        return tensor
    grouped = tensor.reshape(blocks, rows // blocks, heads, queries, width)
    return grouped.transpose(1, 2).reshape(blocks, heads, rows // blocks * queries, width)


def _to_rows(tensor: torch.Tensor, rows: int, queries: int) -> torch.Tensor:
    """Reshape [N, H, R/N * Q, x] back to [R, H, Q, x]."""
    blocks, heads, _, width = tensor.shape
    if rows == blocks:
        return tensor
    split = tensor.view(blocks, heads, rows // blocks, queries, width).transpose(1, 2)
    return split.reshape(rows, heads, queries, width)
