"""A teacher that runs on some rows of a batch only.

Comes in: a teacher, a batch, the rows. Goes out: its capture, of the whole batch's size; the other rows are zeros,
which no term may count.

A literal example: 8 of 32 rows cost a quarter of the teacher's forward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import torch

from qgkd.distillation.teachers.capture import DistillCapture
from qgkd.model_input.batch import Batch

_Capture = TypeVar("_Capture", bound=DistillCapture)


def run_on_rows(teacher: Callable[[Batch], _Capture], batch: Batch, rows: torch.Tensor) -> _Capture:
    """Run the teacher on a batch's chosen rows, bool [B], at least one."""
    if bool(rows.all()):
        return teacher(batch)
    scored = rows[batch.inputs.scored_positions[:, 0]]
    return _spread(teacher(batch.select(rows)), rows, scored)


def _spread(capture: _Capture, rows: torch.Tensor, scored: torch.Tensor) -> _Capture:
    """Put every tensor's rows, and the logits at their scored positions, back to their places."""
    found = {}
    for field in fields(capture):
        places = scored if field.name == "logits" else rows
        found[field.name] = _at(getattr(capture, field.name), places, rows, scored)
    return type(capture)(**found)


def _at(value: Any, places: torch.Tensor, rows: torch.Tensor, scored: torch.Tensor) -> Any:
    if isinstance(value, torch.Tensor):
        whole = value.new_zeros((len(places), *value.shape[1:]))
        whole[places] = value
        return whole
    if isinstance(value, DistillCapture):
        return _spread(value, rows, scored)
    if isinstance(value, dict):
        return {key: _at(each, places, rows, scored) for key, each in value.items()}
    return tuple(_at(each, places, rows, scored) for each in value) if isinstance(value, tuple) else value
