"""The objectives on how the words of a row relate to each other, layer pair by layer pair.

Comes in: hidden states of layer pairs. Goes out: one value per row, from the distances of its pairs of words, and from
the angles of its triples within a window.

A literal example: a row of 4 real tokens has 12 ordered pairs; in a window of 3 its 2 inner tokens are vertices of 2
ordered triples each.

Source: Park, Kim and Yang 2021 (CKD, arXiv 2109.08359), "word relation". Relations need no projection.
Differs: the mean is over each row's pairs or triples, then over rows; the reference code takes it over all rows
together, including padding in the windows and pairs of a word with itself. Distances are lengths instead of their
squares. The code's cosine path gives nan on today's torch, which multiplies -inf by 0.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch.utils.checkpoint import checkpoint

from qgkd.distillation.objectives.layer_map import LayerPair
from qgkd.distillation.objectives.objective import MeanOverLayers, OnLayers
from qgkd.distillation.objectives.relations import Comparison, Distance, angle_errors, pair_errors
from qgkd.distillation.teachers.capture import DistillCapture
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import Unit

_VERTICES_AT_ONCE = 64


def word_distance_error(
    student_states: torch.Tensor,
    teacher_states: torch.Tensor,
    real: torch.Tensor,
    distance: Distance = Distance.COSINE,
    comparison: Comparison = Comparison.KL,
) -> torch.Tensor:
    """The mean over a row's ordered pairs of different real tokens, [B]; 0 for a row of one token.

    The states are [B, L, D], D each model's own; `real` is bool [B, L].
    """
    itself = torch.eye(real.shape[1], dtype=torch.bool, device=real.device)
    pairs = real[:, :, None] & real[:, None, :] & ~itself  # [B, L, L]
    errors = pair_errors(student_states, teacher_states, pairs, distance, comparison)
    return errors.sum(dim=(1, 2)) / pairs.sum(dim=(1, 2)).clamp(min=1)


def word_angle_error(
    student_states: torch.Tensor, teacher_states: torch.Tensor, real: torch.Tensor, window: int = 21
) -> torch.Tensor:
    """The mean squared difference of cosines over a row's triples (i, v, j) of real tokens, [B]; 0 without a triple.

    i and j lie within the window around their vertex v, an odd number of tokens; shapes as of pairs.
    """
    length, half = real.shape[1], min((window - 1) // 2, real.shape[1] - 1)
    offsets = torch.cat([torch.arange(-half, 0), torch.arange(1, half + 1)]).to(real.device)
    different = ~torch.eye(len(offsets), dtype=torch.bool, device=real.device)
    errors, count = torch.zeros(len(real), device=real.device), torch.zeros(len(real), device=real.device)
    for vertices in torch.arange(length, device=real.device).split(_VERTICES_AT_ONCE):
        places = vertices[:, None] + offsets  # [V, W], the vertex left out
        inside = (places >= 0) & (places < length)
        places = places.clamp(0, length - 1)
        counted = real[:, vertices, None] & real[:, places] & inside  # [B, V, W]: vertex and arm are real
        triples = counted[..., :, None] & counted[..., None, :] & different  # [B, V, W, W]
        # The arms, W times the states, are made again for the backward pass instead of kept.
        parts = checkpoint(
            _window_errors, student_states, teacher_states, vertices, places, triples, use_reentrant=False
        )
        errors, count = errors + parts, count + triples.sum(dim=(1, 2, 3))
    return errors / count.clamp(min=1)


def _window_errors(
    student: torch.Tensor,
    teacher: torch.Tensor,
    vertices: torch.Tensor,
    places: torch.Tensor,
    triples: torch.Tensor,
) -> torch.Tensor:
    """States [B, L, D] of both, the vertices [V] and their arms [V, W], the triples that count [B, V, W, W], to [B]."""
    mine, its = ((states[:, vertices], states[:, places]) for states in (student, teacher))
    return angle_errors(*mine, *its, triples).sum(dim=1)


@dataclass(frozen=True, kw_only=True)
class OnPairs(OnLayers):
    """An objective on relations of pairs."""

    distance: Distance = Distance.COSINE
    """Of a pair."""
    comparison: Comparison = Comparison.KL
    """Of student and teacher."""

    def __post_init__(self) -> None:
        super().__post_init__()
        # A softmax of lengths would count far words most.
        if self.comparison is Comparison.KL and self.distance is not Distance.COSINE:
            raise UserError(f"{self.name}: expected cosine distances for comparison 'kl', found l2; use mse")


@dataclass(frozen=True, kw_only=True)
class _WordRelation(MeanOverLayers):
    """What both share: one error per row and layer pair."""

    def pair_error(
        self, student: DistillCapture, teacher: DistillCapture, pair: LayerPair, batch: Batch
    ) -> torch.Tensor:
        """[B]."""
        mine, target = student.hidden_state(pair.student), teacher.hidden_state(pair.teacher)
        return self._error(mine, target, batch.inputs.real_positions())

    def counted(self, errors: torch.Tensor, student: DistillCapture, batch: Batch) -> tuple[torch.Tensor, Unit]:
        """One value per row."""
        return errors, Unit.ROWS

    @abstractmethod
    def _error(self, student: torch.Tensor, teacher: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """[B, L, D] of both and the real tokens [B, L] to [B]."""


@dataclass(frozen=True, kw_only=True)
class WordRelationDistance(_WordRelation, OnPairs):
    """Relations of pairs of words."""

    name: str = "word_relation_distance"

    def _error(self, student: torch.Tensor, teacher: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        return word_distance_error(student, teacher, real, self.distance, self.comparison)


@dataclass(frozen=True, kw_only=True)
class WordRelationAngle(_WordRelation):
    """Relations of triples of words within a window."""

    window: int = 21
    """Tokens in a window around the vertex, odd; as many as a row has tokens or more: every triple."""
    name: str = "word_relation_angle"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window < 3 or self.window % 2 == 0:
            raise UserError(
                f"{self.name}: expected an odd window of at least 3 tokens, found {self.window}; correct it"
            )

    def _error(self, student: torch.Tensor, teacher: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        return word_angle_error(student, teacher, real, self.window)
