"""Means of the loss terms between two log entries.

Comes in: each term with its mean, step by step. Goes out: the mean of each, and each one's part of the loss.

A literal example: two steps with `cross_entropy` 4 and 2 at weight 0.5 are a mean of 3 and a part of 1.5.

A term that was absent from some steps counts 0 there, so the parts always add up to the loss.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from qgkd.training.loss import LossTerm


@dataclass
class TermSums:
    """Sums since the last log entry, on the device."""

    means: dict[str, torch.Tensor] = field(default_factory=dict)
    parts: dict[str, torch.Tensor] = field(default_factory=dict)
    """Times the terms' weights; terms of weight 0 are left out."""

    def add(self, term: LossTerm, mean: torch.Tensor) -> None:
        """Count one term of one micro-batch."""
        mean = mean.detach()
        self.means[term.name] = self.means.get(term.name, 0) + mean
        if term.weight:
            self.parts[term.name] = self.parts.get(term.name, 0) + term.weight * mean

    def take(self, accelerator: Any, steps: int) -> tuple[dict[str, float], dict[str, float]]:
        """Means and parts per step over all processes; the sums restart at 0."""
        means, parts = (
            {name: float(accelerator.reduce(value, reduction="mean")) / steps for name, value in sums.items()}
            for sums in (self.means, self.parts)
        )
        self.means, self.parts = {}, {}
        return means, parts
