"""What is captured of a forward pass: logits, hidden states, queries, keys and values, and from these attention.

Comes in: tensors taken by `qgkd.distillation.teachers.hooks`. Goes out: `DistillCapture`; `Needs` says
what to capture.

A literal example: `capture.attention_scores(6)` is [B, H, L, L], computed from the queries and keys of layer 6.

Reading what was not captured is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch

from qgkd.distillation.teachers.logit_pair import LogitPair
from qgkd.training.model import Capture

States = dict[int, torch.Tensor]
"""By layer; hidden state 0 is the embeddings', layers count from 1."""
SHARED_MAP = "shared"
"""In an objective's projections the name of one for all layers, in the place of a layer's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What to capture of one model."""

    logits: bool = False
    hidden_states: frozenset[int] = frozenset()
    """0 is the embeddings' output, k that of layer k."""
    attention: frozenset[int] = frozenset()
    """Layers whose queries and keys are needed, from 1."""
    values: frozenset[int] = frozenset()
    """Layers whose values are needed, from 1."""

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            logits=self.logits or other.logits,
            hidden_states=self.hidden_states | other.hidden_states,
            attention=self.attention | other.attention,
            values=self.values | other.values,
        )


@dataclass
class DistillCapture(Capture):
    """A `Capture` with the inside of the encoder."""

    hidden_states: States | None = None  # each [B, L, D]
    query_states: States | None = None  # each [B, H, L, D / H], and so are the next two
    key_states: States | None = None
    value_states: States | None = None
    allowed: torch.Tensor | None = None  # bool, broadcasts to [B, 1, L, L]: query row, key column
    projected_states: dict[str, States] | None = None  # objective name, student layer: [B, L, teacher's D]

    def against(self, teacher: DistillCapture) -> LogitPair:
        """Both logits; the same pair whenever the same teacher's capture is given.

        Raises:
            ValueError: Logits were not captured.
        """
        logits = captured_logits(self), captured_logits(teacher, "teacher")
        # Outside the fields: a wrapper that rebuilds the capture needs no copy of it.
        pairs = self.__dict__.setdefault("_pairs", {})
        if id(teacher) not in pairs:
            pairs[id(teacher)] = teacher, LogitPair(*logits)
        return cast(LogitPair, pairs[id(teacher)][1])

    def hidden_state(self, layer: int) -> torch.Tensor:
        """The output of a layer, 0 for the embeddings, [B, L, D]."""
        return _captured(self.hidden_states, layer, "hidden state")

    def attention_scores(self, layer: int) -> torch.Tensor:
        """Queries times keys over the root of the head's width, [B, H, L, L], before the mask and the softmax.

        Cells outside `allowed` have scores too, which the model masks.
        """
        query = _captured(self.query_states, layer, "query").float()
        key = _captured(self.key_states, layer, "key").float()
        return torch.matmul(query, key.transpose(-1, -2)) * query.shape[-1] ** -0.5

    def attention_log_probabilities(self, layer: int) -> torch.Tensor:
        """The logarithm of what eager attention gives without dropout, [B, H, L, L]; very low where masked."""
        return self._log_softmax(self.attention_scores(layer))

    def value_log_relations(self, layer: int) -> torch.Tensor:
        """The log-softmax of values times values over the root of the head's width, [B, H, L, L], masked likewise."""
        value = _captured(self.value_states, layer, "value").float()
        return self._log_softmax(torch.matmul(value, value.transpose(-1, -2)) * value.shape[-1] ** -0.5)

    def _log_softmax(self, scores: torch.Tensor) -> torch.Tensor:
        return scores.masked_fill(~self.allowed_cells(), torch.finfo(scores.dtype).min).log_softmax(dim=-1)

    def attention_probabilities(self, layer: int) -> torch.Tensor:
        """What eager attention gives without dropout, [B, H, L, L]; 0 where masked."""
        return self.attention_log_probabilities(layer).exp()

    def allowed_cells(self) -> torch.Tensor:
        """The cells that are not masked, bool, broadcasts to [B, 1, L, L]."""
        if self.allowed is None:
            raise ValueError("expected a captured attention mask, found none; add the layer's attention to `Needs`")
        return self.allowed


def captured_logits(capture: DistillCapture, whose: str = "student") -> torch.Tensor:
    """The logits, [R, V].

    Raises:
        ValueError: They were not captured.
    """
    if capture.logits is None:
        raise ValueError(f"expected the {whose}'s logits, found none captured; add them to `Needs`")
    return capture.logits


def _captured(states: States | None, layer: int, what: str) -> torch.Tensor:
    if states is None or layer not in states:
        found = sorted(states or {})
        raise ValueError(
            f"expected the {what} of layer {layer}, captured were those of layers {found}; add it to `Needs`"
        )
    return states[layer]
