"""What a search needs from a model, whichever way the model computes it.

Comes in: sources. Goes out: log-probabilities of the next token, step after step.

Rows are request-major: row `request * width + beam`.
"""

from __future__ import annotations

from typing import Protocol

import torch


class Stepper(Protocol):
    """Holds the state of N requests with `width` rows each (R = N * width)."""

    def next_log_probabilities(self, last_tokens: torch.Tensor | None) -> torch.Tensor:
        """Append a token to every row and predict the one after it.

        Args:
            last_tokens: [R], the tokens chosen for the step before; None at the first step.

        Returns:
            [R, V] natural-log probabilities at the [MASK] of this step, float32.
        """
        ...

    def widen(self, width: int) -> None:
        """Give every request `width` equal rows; only while it has one row each."""
        ...

    def reorder(self, parents: torch.Tensor) -> None:
        """Let row r go on from the question of row `parents[r]`, which must belong to the same request; [R]."""
        ...

    def keep(self, wanted: torch.Tensor) -> torch.Tensor:
        """Forget finished requests where that saves work.

        Args:
            wanted: [N] bool, the requests still needed.

        Returns:
            [N] bool, the requests that stay: at least the wanted ones.
        """
        ...
