"""A `recurrent` teacher for a `prefix` student.

Comes in: a batch of packed rows, and a teacher that reads one [MASK] a row. Goes out: its logits in the order of the
batch's `mask_positions`.

A literal example: a packed row of a question of 23 tokens is 23 rows for the teacher: the source, the question tokens
given before the [MASK], the [MASK]. So it costs what recurrent rows cost; cached logits pay it once.

Only the logits correspond: in the teacher the passage sees the question, so its states and attention are of other
inputs than the student's.
"""

from __future__ import annotations

import torch

from qgkd.distillation.objectives.positions import Batch
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.model_input.rows import Block

_ROWS_PER_PASS = 64
_SIDES = ("input_ids", "token_type_ids", "position_ids")


class RecurrentTeacher:
    """Runs a teacher on the recurrent rows that packed rows stand for.

    Args:
        teacher: Trained on recurrent rows of the batch's layout.
    """

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher
        self._teacher.needs = Needs(logits=True)

    @property
    def needs(self) -> Needs:
        """The logits, whatever is asked for."""
        return self._teacher.needs

    @needs.setter
    def needs(self, needs: Needs) -> None:
        if needs.hidden_states or needs.attention or needs.values:
            raise ValueError("expected to be asked for logits alone: a recurrent teacher's states are of other rows")

    def to(self, device: torch.device | str) -> RecurrentTeacher:
        """Move it."""
        self._teacher.to(device)
        return self

    def __call__(self, batch: Batch) -> DistillCapture:
        """Logits [R, V] at the packed rows' [MASK]s."""
        rows = recurrent_batch(batch)
        logits = []
        for start in range(0, len(rows["input_ids"]), _ROWS_PER_PASS):
            part = {name: value[start : start + _ROWS_PER_PASS] for name, value in rows.items()}
            length = int((part["blocks"] != Block.PADDING).sum(dim=1).max())
            part = {name: value if name == "mask_positions" else value[:, :length] for name, value in part.items()}
            part["mask_positions"] = part["mask_positions"] - torch.tensor([[start, 0]], device=part["blocks"].device)
            captured = self._teacher(part).logits
            assert captured is not None
            logits.append(captured)
        return DistillCapture(logits=torch.cat(logits))


def recurrent_batch(batch: Batch) -> dict[str, torch.Tensor]:
    """One row per scored [MASK] of packed rows, as `recurrent_row` builds it from the same tokens.

    Args:
        batch: Packed rows of layout `marked` or `plain`.

    Returns:
        As the collator's, [R, L'] and `mask_positions` [R, 2].
    """
    row, position = batch["mask_positions"].unbind(dim=1)
    blocks, steps = batch["blocks"][row], batch["steps"][row]  # [R, L]
    length = blocks.shape[1]
    own_step = batch["steps"][row, position][:, None]
    places = torch.arange(length, device=blocks.device)
    kept = (blocks == Block.PASSAGE) | ((blocks == Block.TARGET) & (steps < own_step)) | (places == position[:, None])
    order = torch.argsort(kept.logical_not().to(torch.uint8), dim=1, stable=True)
    counts = kept.sum(dim=1)
    real = places < counts[:, None]
    found = {name: batch[name][row].gather(1, order).masked_fill(~real, 0) for name in _SIDES}
    numbers = torch.arange(len(row), device=blocks.device)
    return {
        **found,
        "blocks": real.long() * int(Block.PASSAGE),
        "steps": torch.zeros_like(order),
        "groups": torch.zeros_like(order),
        "mask_positions": torch.stack((numbers, counts - 1), dim=1),
    }
