"""`Stepper`, the interface between a search and a model: one step predicts the next token of every row.

Comes in: the tokens chosen at the step before. Goes out: log-probabilities of the next token.

Rows are ordered by request: row `request * width + beam`.
"""

from __future__ import annotations

from typing import Protocol

import torch


class Stepper(Protocol):
    """The decoding state of N requests with `width` rows each (R = N * width)."""

    def next_log_probabilities(self, last_tokens: torch.Tensor | None) -> torch.Tensor:
        """Append a token to every row and predict the one after it.

        Args:
            last_tokens: [R], the tokens chosen at the step before; None at the first step.

        Returns:
            [R, V] natural-log probabilities at the [MASK] of this step, float32.
        """
        ...

    def widen(self, width: int) -> None:
        """Repeat the one row of every request `width` times; only before there are several."""
        ...

    def reorder(self, parents: torch.Tensor) -> None:
        """Continue row r from the question of row `parents[r]` of the same request; [R]."""
        ...

    def keep(self, wanted: torch.Tensor) -> torch.Tensor:
        """Drop finished requests where that saves work.

        Args:
            wanted: [N] bool, the requests still needed.

        Returns:
            [N] bool, the requests that are kept: at least the wanted ones.
        """
        ...
