"""`Stepper`, the interface between a search and a model: one step predicts the next token of every row, or several.

Comes in: the tokens chosen at the step before. Goes out: log-probabilities of the next token.

Rows are ordered by request: row `request * width + beam`.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class DraftStepper(Stepper, Protocol):
    """A stepper that predicts several tokens in one step, where a draft says which may come; one row per request."""

    def verify(self, last_tokens: torch.Tensor | None, drafts: torch.Tensor) -> torch.Tensor:
        """Append a token to every row, and predict the one after it and after each token of its draft.

        Args:
            last_tokens: [R], the tokens chosen at the step before; None at the first step.
            drafts: [R, k], the tokens that may come next.

        Returns:
            [R, k + 1, V] natural-log probabilities, float32: of the token after the first i tokens of the draft.
        """
        ...

    def advance(self, counts: Sequence[int]) -> None:
        """Keep the first `counts[r]` of the tokens that the last `verify` gave row r, last token and draft."""
        ...
