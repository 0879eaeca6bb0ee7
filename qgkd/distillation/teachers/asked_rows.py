"""A teacher that is asked about some rows of a batch alone.

Comes in: a teacher, a batch, the rows. Goes out: what it shows, of the batch's size; the other rows are zeros, which
nothing may count.

A literal example: 8 of 32 rows cost a quarter of the teacher's forward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import torch

from qgkd.distillation.objectives.positions import Batch
from qgkd.distillation.teachers.capture import DistillCapture

_Capture = TypeVar("_Capture", bound=DistillCapture)


def ask_about(teacher: Callable[[Batch], _Capture], batch: Batch, rows: torch.Tensor) -> _Capture:
    """Run the teacher on a batch's chosen rows.

    Args:
        teacher: Any.
        batch: One scored position per row.
        rows: Bool [B], at least one.
    """
    if bool(rows.all()):
        return teacher(batch)
    return _spread(teacher(batch_of(batch, rows)), rows)


def batch_of(batch: Batch, rows: torch.Tensor) -> dict[str, torch.Tensor]:
    """The chosen rows as a batch.

    Raises:
        ValueError: Rows without a scored position, or with several.
    """
    masks = batch["mask_positions"]
    if not torch.equal(masks[:, 0], torch.arange(len(rows), device=masks.device)):
        raise ValueError(f"expected one scored position per row, found {len(masks)} in {len(rows)} rows")
    chosen = {name: value[rows] for name, value in batch.items()}
    numbers = torch.arange(int(rows.sum()), device=masks.device)
    return {**chosen, "mask_positions": torch.stack([numbers, chosen["mask_positions"][:, 1]], dim=1)}


def _spread(capture: _Capture, rows: torch.Tensor) -> _Capture:
    """Put every tensor's rows back to their places."""
    spread = {field.name: _at(getattr(capture, field.name), rows) for field in fields(capture)}
    return type(capture)(**spread)


def _at(value: Any, rows: torch.Tensor) -> Any:
    if isinstance(value, torch.Tensor):
        whole = value.new_zeros((len(rows), *value.shape[1:]))
        whole[rows] = value
        return whole
    if isinstance(value, DistillCapture):
        return _spread(value, rows)
    if isinstance(value, dict):
        return {key: _at(each, rows) for key, each in value.items()}
    return tuple(_at(each, rows) for each in value) if isinstance(value, tuple) else value
