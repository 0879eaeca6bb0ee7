"""Batches of classification rows and captures of a model's tensors, made of given numbers without a model."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from distill_batches import batch_of_blocks

from qgkd.distillation.objectives.objective import Objective, loss_terms
from qgkd.distillation.teachers.capture import DistillCapture
from qgkd.model_input.batch import Batch
from qgkd.model_input.rows import Block
from qgkd.training.loss import mean_over_step, unit_counts


def batch(lengths: Sequence[int], labels: Sequence[float] | None = None, *, pad_to: int = 0) -> Batch:
    """A batch of rows of these lengths."""
    count, length = len(lengths), max(*lengths, pad_to)
    blocks = torch.full((count, length), int(Block.PADDING))
    for row, real in enumerate(lengths):
        blocks[row, :real] = int(Block.PASSAGE)
    scored = torch.stack([torch.arange(count), torch.zeros(count, dtype=torch.long)], dim=1)
    return batch_of_blocks(blocks, scored, torch.tensor(list(labels or [0] * count)))


def capture(
    logits: torch.Tensor, states: Sequence[torch.Tensor] = (), *, grad: bool = False, rows: Batch | None = None
) -> DistillCapture:
    """A capture of logits and of the hidden states 0, 1, …; with `rows` also queries, keys and values of 2 heads."""
    tensors = [logits, *states]
    for tensor in tensors if grad else []:
        tensor.requires_grad_(True)
    found = DistillCapture(logits=logits, hidden_states=dict(enumerate(states)))
    if rows is not None:
        heads = {layer: state.unflatten(-1, (2, -1)).transpose(1, 2) for layer, state in enumerate(states) if layer}
        found.query_states = found.key_states = found.value_states = heads
        found.allowed = rows.inputs.real_positions()[:, None, None, :]
    return found


def loss(
    objectives: Objective | Sequence[Objective], student: DistillCapture, teacher: DistillCapture, rows: Batch
) -> torch.Tensor:
    """The weighted loss, reduced as the trainer does."""
    listed = [objectives] if isinstance(objectives, Objective) else list(objectives)
    terms = loss_terms(listed, student, teacher, rows)
    counts = unit_counts([rows])
    return sum((term.weight * mean_over_step(term, rows, counts) for term in terms), torch.zeros(()))
