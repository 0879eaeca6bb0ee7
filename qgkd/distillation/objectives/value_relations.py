"""The objective on how the values of a layer's attention relate to each other.

Comes in: values [B, H, L, D / H] of layer pairs. Goes out: one KL per row, or per counted position.

A literal example: one head of width 1, values (0, 1): the rows of V V^T are (0, 0) and (0, 1), whose softmaxes are
(1/2, 1/2) and (0.27, 0.73).

Source: Wang et al. 2020 (MiniLM, arXiv 2002.10957), equations 3 to 5: KL(softmax(V_T V_T^T / sqrt(d)) ||
softmax(V_S V_S^T / sqrt(d))), the mean over heads and a row's tokens, of the last layer. Masked keys are left out
before the softmax, as the author says of both relations.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from qgkd.distillation.objectives.attention import KLOverKeys
from qgkd.distillation.teachers.capture import DistillCapture, Needs


@dataclass(frozen=True, kw_only=True)
class ValueRelationKL(KLOverKeys):
    """KL divergence of value relations."""

    name: str = "value_relation_kl"

    def captured(self, layers: frozenset[int]) -> Needs:
        """Values, and the mask with them."""
        return Needs(values=layers)

    def log_probabilities(self, capture: DistillCapture, layer: int) -> torch.Tensor:
        """The values' relations."""
        return capture.value_log_relations(layer)
