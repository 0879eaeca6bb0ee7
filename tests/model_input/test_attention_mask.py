"""Attention masks: every cell of the table in attention_mask.py."""

from __future__ import annotations

import pytest
import torch

from qgkd.model_input.attention_mask import additive, padding_mask, prefix_attention_mask
from qgkd.model_input.rows import Block

P, A, T, M, PAD = Block.PASSAGE, Block.ANSWER, Block.TARGET, Block.PSEUDO, Block.PADDING
# (block, step, group): a passage of two, two answers with questions of two tokens each, padding
ROW = [
    (P, 0, 0), (P, 0, 0),
    (A, 0, 1), (T, 1, 1), (T, 2, 1), (M, 1, 1), (M, 2, 1),
    (A, 0, 2), (T, 1, 2), (T, 2, 2), (M, 1, 2), (M, 2, 2),
    (PAD, 0, 0), (PAD, 0, 0),
]  # fmt: skip


def mask_of(row: list[tuple[Block, int, int]], dtype: torch.dtype = torch.float32) -> torch.Tensor:
    blocks, steps, groups = (torch.tensor([[cell[n] for cell in row]]) for n in range(3))
    return prefix_attention_mask(blocks, steps, groups, dtype)[0, 0]


def allowed(row: tuple[Block, int, int], column: tuple[Block, int, int]) -> bool:
    """The docstring's table, written independently."""
    (kind, i, group), (seen, j, other) = row, column
    if seen is P:
        return True
    if seen is PAD or kind in (P, PAD) or group != other:
        return False
    if kind is A:
        return seen is A
    if seen is A:
        return True
    if kind is T:
        return seen is T and j <= i
    return (seen is T and j < i) or (seen is M and j == i)


@pytest.mark.parametrize("row", range(len(ROW)))
def test_every_cell(row: int) -> None:
    mask = mask_of(ROW)
    found = [value == 0 for value in mask[row].tolist()]
    assert found == [allowed(ROW[row], column) for column in ROW]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_mask_is_additive_and_of_the_attentions_dtype(dtype: torch.dtype) -> None:
    mask = mask_of(ROW, dtype)
    assert mask.dtype is dtype
    assert set(mask.unique().tolist()) == {0.0, torch.finfo(dtype).min}
    assert (mask == 0).any(dim=1).all()  # no row is empty: its softmax would be NaN


def test_no_position_sees_padding() -> None:
    mask = mask_of(ROW)
    assert (mask[:, -2:] < 0).all()
    recurrent = padding_mask(torch.tensor([[P, P, PAD], [P, P, P]]))
    assert recurrent.shape == (2, 1, 1, 3)
    assert (recurrent[:, 0, 0] == 0).tolist() == [[True, True, False], [True, True, True]]


def test_additive() -> None:
    assert additive(torch.tensor([True, False]), torch.float32).tolist() == [0.0, torch.finfo(torch.float32).min]
