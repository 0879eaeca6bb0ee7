r"""Which positions may attend to which.

Comes in: blocks, steps and groups of a batch of rows. Goes out: an additive float mask.

| row \\ column     | passage | answer | target j | pseudo j |
|------------------|---------|--------|----------|----------|
| passage          | yes     | no     | no       | no       |
| answer (shared)  | yes     | yes    | no       | no       |
| target i         | yes     | yes    | j <= i   | no       |
| pseudo i         | yes     | yes    | j < i    | j = i    |

Answer, target and pseudo positions attend to their own group only, so several answers share a row's passage.

The mask is additive and float on purpose: under `eager` attention transformers 5 ignores a boolean 4-D mask without a
warning.

Source: UniLM v2 / s2s-ft, Bao et al. 2020 (arXiv 2002.12804), figure 3.
"""

from __future__ import annotations

import torch

from qgkd.model_input.rows import Block

# Plain numbers: torch.compile does not compare a tensor with a member of an enumeration.
_PADDING, _PASSAGE, _ANSWER, _TARGET, _PSEUDO = map(int, Block)


def prefix_attention_mask(
    blocks: torch.Tensor, steps: torch.Tensor, groups: torch.Tensor, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """The additive mask of packed rows, [B, 1, L, L]: 0 where row position i may attend to column j.

    Elsewhere it has the minimum of the dtype that attention runs in. Blocks, steps and groups are [B, L], as in `Row`.
    Nothing attends to padding; padding rows attend to the passage, so that no row is empty.
    """
    row, column = blocks[:, :, None], blocks[:, None, :]
    row_step, column_step = steps[:, :, None], steps[:, None, :]
    same_group = groups[:, :, None] == groups[:, None, :]
    in_question = (row == _TARGET) | (row == _PSEUDO)
    sees_answer = (column == _ANSWER) & same_group & (in_question | (row == _ANSWER))
    earlier = torch.where(row == _TARGET, column_step <= row_step, column_step < row_step)
    sees_target = (column == _TARGET) & same_group & in_question & earlier
    itself = (column == _PSEUDO) & same_group & (row == _PSEUDO) & (column_step == row_step)
    allowed = (column == _PASSAGE) | sees_answer | sees_target | itself
    return additive(allowed, dtype)[:, None]


def padding_mask(blocks: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """The additive mask of recurrent rows, [B, 1, 1, L]: everything attends to everything but padding."""
    return additive(blocks != _PADDING, dtype)[:, None, None]


def additive(allowed: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """0 where allowed, the dtype's minimum elsewhere; same shape."""
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill_(~allowed, torch.finfo(dtype).min)
