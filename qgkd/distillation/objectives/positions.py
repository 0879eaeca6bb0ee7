"""Chooses the token positions over which a loss term is averaged.

Comes in: one value per position, [B, L]. Goes out: what a `LossTerm` holds, and the unit its mean is taken over.

A literal example: two rows of 5 and 3 tokens padded to 5: `all` sums 5 and 3 values, and the trainer divides by 8;
`cls` takes one of each; `masks` one for every scored position.
"""

from __future__ import annotations

from enum import StrEnum

import torch

from qgkd.model_input.batch import Batch
from qgkd.training.loss import Unit


class Positions(StrEnum):
    """Which positions count."""

    ALL = "all"
    """Every real token."""
    CLS = "cls"
    """The first token of each row."""
    MASKS = "masks"
    """The scored positions: a question generator's [MASK]s; in classification [CLS]."""


UNITS = {Positions.ALL: Unit.POSITIONS, Positions.CLS: Unit.ROWS, Positions.MASKS: Unit.TOKENS}
"""What the mean over these positions is divided by."""


def at_positions(values: torch.Tensor, positions: Positions, batch: Batch) -> torch.Tensor:
    """The values of [B, L] that count: of `all` a row's sum over real positions, [B]; of `cls` [B]; of `masks` [R]."""
    if positions is Positions.CLS:
        return values[:, 0]
    if positions is Positions.MASKS:
        row, position = batch.inputs.scored_positions.unbind(dim=1)
        return values[row, position]
    return values.masked_fill(~batch.inputs.real_positions(), 0).sum(dim=1)
