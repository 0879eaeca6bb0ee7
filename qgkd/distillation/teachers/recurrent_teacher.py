"""Lets a teacher that predicts one token per row teach a student whose row holds a whole question.

Comes in: a batch of packed rows, and a teacher that reads one [MASK] a row. Goes out: its logits in the order of the
batch's scored positions.

A literal example: a packed row of a question of 23 tokens is 23 rows for the teacher: the source, the question tokens
before the [MASK], the [MASK]. It costs as much as recurrent rows; cached logits pay it once.

Only the logits correspond: in the teacher the passage attends to the question, so its states and attention belong to
other inputs than the student's.
"""

from __future__ import annotations

import torch

from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.model_input.batch import Batch, ModelInput
from qgkd.model_input.rows import Block

_ROWS_PER_PASS = 64


class RecurrentTeacher:
    """Runs a teacher, trained on recurrent rows of the batch's layout, on those that packed rows stand for."""

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher
        self._teacher.needs = Needs(logits=True)

    @property
    def needs(self) -> Needs:
        """The logits only."""
        return self._teacher.needs

    @needs.setter
    def needs(self, needs: Needs) -> None:
        if needs.hidden_states or needs.attention or needs.values:
            raise ValueError("expected to capture logits alone: a recurrent teacher's states are of other rows")

    def to(self, device: torch.device | str) -> RecurrentTeacher:
        """Move it."""
        self._teacher.to(device)
        return self

    def __call__(self, batch: Batch) -> DistillCapture:
        """Logits [R, V] at the packed rows' [MASK]s."""
        rows = recurrent_rows_of(batch.inputs)
        logits = []
        numbers = torch.arange(len(rows.input_ids), device=rows.input_ids.device)
        for start in range(0, len(numbers), _ROWS_PER_PASS):
            part = rows.select((numbers >= start) & (numbers < start + _ROWS_PER_PASS))
            captured = self._teacher.read(part.trimmed()).logits
            assert captured is not None
            logits.append(captured)
        return DistillCapture(logits=torch.cat(logits))


def recurrent_rows_of(packed: ModelInput) -> ModelInput:
    """One row per scored [MASK] of packed rows, in their order, as `recurrent_row` builds it from the same tokens.

    The packed rows are of layout `marked` or `plain`.
    """
    assert packed.steps is not None
    row, position = packed.scored_positions.unbind(dim=1)
    blocks, steps = packed.blocks[row], packed.steps[row]  # [R, L]
    own_step = packed.steps[row, position][:, None]
    places = torch.arange(blocks.shape[1], device=blocks.device)
    kept = (blocks == Block.PASSAGE) | ((blocks == Block.TARGET) & (steps < own_step)) | (places == position[:, None])
    order = torch.argsort(kept.logical_not().to(torch.uint8), dim=1, stable=True)
    counts = kept.sum(dim=1)
    real = places < counts[:, None]

    def gathered(column: torch.Tensor) -> torch.Tensor:
        return column[row].gather(1, order).masked_fill(~real, 0)

    return ModelInput(
        input_ids=gathered(packed.input_ids),
        token_type_ids=gathered(packed.token_type_ids),
        position_ids=gathered(packed.position_ids),
        blocks=real.long() * int(Block.PASSAGE),
        scored_positions=torch.stack((torch.arange(len(row), device=blocks.device), counts - 1), dim=1),
    )
