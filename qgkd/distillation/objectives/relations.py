"""Distances and angles among vectors, for student and teacher of any widths.

Comes in: states [..., N, D]. Goes out: [..., N, N] for pairs, [..., W, W] for the angles at a vertex with W arms. Arms
and lengths are computed from differences: inner products would lose the digits of vectors that nearly coincide.

A literal example: points (0, 0), (1, 0), (0, 2): the angle at the first between the others has cosine 0, at the second
between the first and the third 1 / sqrt(5) = 0.447.

Where two points coincide, to a millionth of their length, there is no direction between them: the cosine is then 0, on
both sides, and no gradient.
"""

from __future__ import annotations

from enum import StrEnum

import torch
from torch.nn import functional as F

_SMALL = 1e-6
_COINCIDING = _SMALL**2
"""Of squared lengths: float32 has seven digits."""


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
    exact = "donot_use_mm_for_euclid_dist"
    lengths = torch.cdist(states, states, compute_mode=exact)  # a length of 0 has no gradient
    pairs = pairs.expand_as(lengths)
    mean = lengths.masked_fill(~pairs, 0).sum(dim=(-2, -1)) / pairs.sum(dim=(-2, -1)).clamp(min=1)
    return lengths / mean[..., None, None].clamp(min=_SMALL**2)


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


def angle_cosines(vertices: torch.Tensor, arms: torch.Tensor) -> torch.Tensor:
    """The cosine at a vertex v between the arms to i and to j: <r_i - r_v, r_j - r_v> over both lengths.

    Args:
        vertices: [..., D], r_v.
        arms: [..., W, D], r_i.

    Returns:
        [..., W, W]; 0 where an arm has no length.
    """
    vertices = vertices.float()[..., None, :]
    arms = arms.float()
    differences = arms - vertices
    squared = differences.square().sum(dim=-1)
    scale = torch.maximum(arms.square().sum(dim=-1), vertices.square().sum(dim=-1)).detach()
    has_length = squared > _COINCIDING * scale
    inverse = torch.where(has_length, squared, torch.ones_like(squared)).rsqrt() * has_length
    directions = differences * inverse[..., None]
    return directions @ directions.transpose(-1, -2)


def angle_errors(
    student_vertices: torch.Tensor,
    student_arms: torch.Tensor,
    teacher_vertices: torch.Tensor,
    teacher_arms: torch.Tensor,
    triples: torch.Tensor,
) -> torch.Tensor:
    """The squared differences of both sides' cosines, summed over each vertex's triples; shapes as of `angle_cosines`.

    `triples`, bool and broadcast to [..., W, W], are the pairs of arms that count. No gradient goes into the teacher.
    """
    with torch.no_grad():
        target = angle_cosines(teacher_vertices, teacher_arms)
    errors = (angle_cosines(student_vertices, student_arms) - target).square()
    return errors.masked_fill(~triples, 0).sum(dim=(-2, -1))
