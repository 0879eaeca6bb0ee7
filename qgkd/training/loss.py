"""Loss terms: one value per token or row, reduced last.

Comes in: a `Capture` and its batch. Goes out: `LossTerm`s, one value per token or row, each with the unit its mean is
taken over. The trainer divides by the number of units in the whole optimiser step, over every micro-batch and
process, which is what makes 8 x 1 = 2 x 4 exact where questions differ in length.

A literal example: label smoothing 0.1 is two terms, `cross_entropy` of weight 0.9 and `uniform_cross_entropy` of weight
0.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch

from qgkd.model_input.batch import Batch
from qgkd.training.model import Capture


class Unit(StrEnum):
    """What a term's mean is taken over."""

    TOKENS = "tokens"
    """Predicted question tokens; a term has one value per scored [MASK], [R]."""
    ROWS = "rows"
    """A term has one value per row, [B]."""
    POSITIONS = "positions"
    """Real positions; a term has one value per row, the sum over its positions, [B]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossTerm:
    """One named part of the loss."""

    name: str
    """Its name in the log."""
    values: torch.Tensor
    """[R] or [B], not yet weighted by row."""
    unit: Unit
    weight: float = 1.0
    """Its factor in the loss."""


def cross_entropy_terms(capture: Capture, batch: Batch, label_smoothing: float) -> list[LossTerm]:
    """Cross entropy with the question's tokens; smoothed labels add one with the uniform distribution.

    Source: Szegedy et al. 2016 (arXiv 1512.00567), section 7: (1 - e) H(label, p) + e H(uniform, p).
    """
    assert capture.logits is not None
    log_probabilities = capture.logits.float().log_softmax(dim=-1)
    likelihood = log_probabilities.gather(1, batch.targets[:, None])[:, 0]
    terms = [LossTerm(name="cross_entropy", values=-likelihood, unit=Unit.TOKENS, weight=1 - label_smoothing)]
    if label_smoothing:
        uniform = -log_probabilities.mean(dim=-1)
        terms.append(LossTerm(name="uniform_cross_entropy", values=uniform, unit=Unit.TOKENS, weight=label_smoothing))
    return terms


def unit_counts(batches: Sequence[Batch]) -> torch.Tensor:
    """How many of each unit the batches hold, sampled rows at their weight; [3], in the order of `Unit`."""
    counts = torch.zeros(len(Unit), dtype=torch.float32)
    for batch in batches:
        weights = batch.row_weights
        positions = (weights * batch.inputs.real_positions().sum(dim=1)).sum()
        counts = counts.to(weights.device) + torch.stack([batch.target_weights.sum(), weights.sum(), positions])
    return counts


def mean_over_step(term: LossTerm, batch: Batch, counts: torch.Tensor) -> torch.Tensor:
    """A micro-batch's part of a term's mean over the optimiser step, whose `unit_counts` are `counts`; a scalar.

    0 where the step holds none of the unit.
    """
    weights = batch.target_weights if term.unit is Unit.TOKENS else batch.row_weights
    count = counts[list(Unit).index(term.unit)]
    return (term.values * weights).sum() / torch.where(count > 0, count, 1)
