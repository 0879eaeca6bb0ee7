"""Distances and angles among vectors, for student and teacher of any widths.

Comes in: states [..., N, D]. Goes out: [..., N, N] for pairs, [..., N, N] per vertex for angles. Everything is computed
from inner products, so no tensor of size N² D is built.

A literal example: points (0, 0), (1, 0), (0, 2): the angle at the first between the others has cosine 0, at the second
between the first and the third 1 / sqrt(5) = 0.447.

Where two points coincide there is no direction between them: the cosine is then 0, on both sides, and no gradient.
"""

from __future__ import annotations

from enum import StrEnum

import torch
from torch.nn import functional as F

_SMALL = 1e-6


class Distance(StrEnum):
    """How a pair of vectors is compared."""

    COSINE = "cosine"
    """The cosine between the two."""
    L2 = "l2"
    """The length of their difference, as a share of the mean over the pairs that count: student and teacher differ in
    scale."""


class Comparison(StrEnum):
    """How the student's relations are compared with the teacher's."""

    KL = "kl"
    """Each vector's cosines with the others as a softmax; KL(teacher || student)."""
    MSE = "mse"
    """The squared difference."""


def pair_relations(states: torch.Tensor, distance: Distance, pairs: torch.Tensor) -> torch.Tensor:
    """Every pair's relation, [..., N, D] to [..., N, N]; `pairs`, bool and broadcast to that, are those that count."""
    states = states.float()
    if distance is Distance.COSINE:
        directions = F.normalize(states, dim=-1, eps=_SMALL)
        return directions @ directions.transpose(-1, -2)
    lengths = squared_distances(inner_products(states, pairs.any(dim=-1))).clamp(min=_SMALL).sqrt()
    pairs = pairs.expand_as(lengths)
    mean = lengths.masked_fill(~pairs, 0).sum(dim=(-2, -1)) / pairs.sum(dim=(-2, -1)).clamp(min=1)
    return lengths / mean[..., None, None].clamp(min=_SMALL)


def pair_errors(
    student_states: torch.Tensor,
    teacher_states: torch.Tensor,
    pairs: torch.Tensor,
    distance: Distance,
    comparison: Comparison,
) -> torch.Tensor:
    """Each pair's part of the difference, [..., N, D] to [..., N, N]; 0 where a pair does not count.

    No gradient goes into the teacher; of `kl` each row is a distribution over its pairs.
    """
    student = pair_relations(student_states, distance, pairs)
    with torch.no_grad():
        teacher = pair_relations(teacher_states, distance, pairs)
    pairs = pairs.expand_as(student)
    if comparison is Comparison.MSE:
        return (student - teacher).square().masked_fill(~pairs, 0)
    low = torch.finfo(student.dtype).min  # not -inf: 0 times its difference would not be a number
    log_student = student.masked_fill(~pairs, low).log_softmax(dim=-1)
    log_teacher = teacher.masked_fill(~pairs, low).log_softmax(dim=-1)
    return (log_teacher.exp() * (log_teacher - log_student)).masked_fill(~pairs, 0)


def inner_products(states: torch.Tensor, counted: torch.Tensor | None = None) -> torch.Tensor:
    """All inner products of vectors taken from their mean, which changes no difference and saves digits.

    [..., N, D] to [..., N, N]; `counted`, bool [..., N], are those whose mean it is, the others become 0; None: all.
    """
    states = states.float()
    if counted is None:
        centred = states - states.mean(dim=-2, keepdim=True)
    else:
        left_out = ~counted[..., None]
        sums = states.masked_fill(left_out, 0).sum(dim=-2, keepdim=True)
        mean = sums / counted.sum(dim=-1)[..., None, None].clamp(min=1)
        centred = (states - mean).masked_fill(left_out, 0)
    return centred @ centred.transpose(-1, -2)


def squared_distances(products: torch.Tensor) -> torch.Tensor:
    """|r_i - r_j|² from inner products, [..., N, N]."""
    own = products.diagonal(dim1=-2, dim2=-1)
    return own[..., :, None] + own[..., None, :] - 2 * products


def angle_cosines(own: torch.Tensor, arms: torch.Tensor, between: torch.Tensor) -> torch.Tensor:
    """The cosine at a vertex v between the arms to i and to j: <r_i - r_v, r_j - r_v> over both lengths.

    Args:
        own: [...], <r_v, r_v>.
        arms: [..., W], <r_v, r_i>.
        between: [..., W, W], <r_i, r_j>.

    Returns:
        [..., W, W]; 0 where an arm has no length.
    """
    scaled = between - arms[..., :, None] - arms[..., None, :] + own[..., None, None]
    squared = scaled.diagonal(dim1=-2, dim2=-1)
    has_length = squared > _SMALL
    inverse = torch.where(has_length, squared, torch.ones_like(squared)).rsqrt() * has_length
    return scaled * inverse[..., :, None] * inverse[..., None, :]
