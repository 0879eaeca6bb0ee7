"""The student's uncertainty, from its logits.

Comes in: logits [B, C], in a question generator [R, V]. Goes out: one number per position from 0 (certain) to 1
(uniform), detached: a weight made of it passes no gradient.

A literal example: logits (0, 0, 0) are 1 by every measure; probabilities (0.5, 0.25, 0.25) have entropy 1.040 of ln 3 =
1.099, which is 0.946, margin 1 - 0.25 = 0.75, least confidence (1 - 0.5) 3 / 2 = 0.75.

Source: Li et al. 2021 (Dynamic KD, arXiv 2109.11295), after active learning (Settles 2009): entropy at T = 1.
Differs: margin and least confidence are scaled to 0..1 and point the same way as entropy; the order is the paper's. The
reference code takes the logarithm of a softmax, which gives nan where a probability underflows; here it is a
log-softmax.
"""

from __future__ import annotations

import math
from enum import StrEnum

import torch


class Uncertainty(StrEnum):
    """The measure of uncertainty."""

    ENTROPY = "entropy"
    """H(p) / ln C."""
    MARGIN = "margin"
    """1 - (the largest probability - the second largest)."""
    LEAST_CONFIDENCE = "least-confidence"
    """(1 - the largest probability) C / (C - 1)."""


@torch.no_grad()
def uncertainty(student_logits: torch.Tensor, by: Uncertainty = Uncertainty.ENTROPY) -> torch.Tensor:
    """Measure every position, [B, C] to [B], from 0 (certain) to 1 (uniform), without a gradient.

    Raises:
        ValueError: A single output has no distribution.
    """
    classes = student_logits.shape[-1]
    if classes < 2:
        raise ValueError(f"expected logits of at least 2 classes, found {classes}: a score has no uncertainty")
    log_probabilities = student_logits.detach().float().log_softmax(dim=-1)
    probabilities = log_probabilities.exp()
    if by is Uncertainty.ENTROPY:
        found = -(probabilities * log_probabilities).sum(dim=-1) / math.log(classes)
    elif by is Uncertainty.MARGIN:
        first, second = probabilities.topk(2, dim=-1).values.unbind(dim=-1)
        found = 1 - (first - second)
    else:
        found = (1 - probabilities.max(dim=-1).values) * classes / (classes - 1)
    return found.clamp(0, 1)
