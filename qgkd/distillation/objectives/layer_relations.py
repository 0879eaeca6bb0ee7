"""The objectives on how a word's states relate from layer to layer.

Comes in: hidden states of layer pairs. Goes out: one value per word, from the distances of its pairs of states, and
from the angles of its triples.

A literal example: embeddings and six layers are 7 states of a word, 42 ordered pairs and 210 ordered triples.

Source: Park, Kim and Yang 2021 (CKD, arXiv 2109.08359), "layer transforming relation".
Differs: pairs of a state with itself are left out, where the reference code counts them as zeros; distances are lengths
instead of their squares.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch.utils.checkpoint import checkpoint

from qgkd.distillation.objectives.layer_map import LayerMap, LayerPair
from qgkd.distillation.objectives.objective import OnLayers
from qgkd.distillation.objectives.positions import Positions, at_positions
from qgkd.distillation.objectives.relations import Comparison, Distance, angle_errors, pair_errors
from qgkd.distillation.objectives.schedule import EVERYTHING, StageWeights
from qgkd.distillation.objectives.word_relations import OnPairs
from qgkd.distillation.teachers.capture import DistillCapture
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import LossTerm, Unit


def layer_distance_error(
    student_states: torch.Tensor,
    teacher_states: torch.Tensor,
    distance: Distance = Distance.COSINE,
    comparison: Comparison = Comparison.KL,
) -> torch.Tensor:
    """The mean over the ordered pairs of a word's states; of n layers [B, L, n, D], D each model's own, to [B, L]."""
    count = student_states.shape[2]
    pairs = ~torch.eye(count, dtype=torch.bool, device=student_states.device)
    errors = pair_errors(student_states, teacher_states, pairs, distance, comparison)
    return errors.sum(dim=(2, 3)) / (count * (count - 1))


def layer_angle_error(student_states: torch.Tensor, teacher_states: torch.Tensor) -> torch.Tensor:
    """The mean squared difference of cosines over the ordered triples of a word's states, shapes as of pairs."""
    count = student_states.shape[2]
    same = torch.eye(count, dtype=torch.bool, device=student_states.device)
    errors = torch.zeros(student_states.shape[:2], device=student_states.device)
    for vertex in range(count):
        arms = ~same[vertex]
        triples = arms[:, None] & arms[None, :] & ~same
        errors = errors + checkpoint(
            _errors_at, student_states, teacher_states, vertex, triples, use_reentrant=False
        )  # made again for the backward pass instead of kept
    return errors / (count * (count - 1) * (count - 2))


def _errors_at(student: torch.Tensor, teacher: torch.Tensor, vertex: int, triples: torch.Tensor) -> torch.Tensor:
    """States [B, L, n, D] of both, the layer that is the vertex, the pairs of layers that count [n, n], to [B, L]."""
    return angle_errors(student[:, :, vertex], student, teacher[:, :, vertex], teacher, triples)


@dataclass(frozen=True, kw_only=True)
class _LayerRelation(OnLayers):
    """What both share: a word's states at all layers together."""

    def terms(
        self, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights = EVERYTHING
    ) -> list[LossTerm]:
        """One term over real positions."""
        active = [pair for pair, _ in self.active_pairs(stages)]
        if not active:
            return []
        mine = torch.stack([student.hidden_state(pair.student) for pair in active], dim=2)
        theirs = torch.stack([teacher.hidden_state(pair.teacher) for pair in active], dim=2)
        values = at_positions(self._error(mine, theirs), Positions.ALL, batch)
        return [LossTerm(name=self.name, values=values, unit=Unit.POSITIONS, weight=self.weight)]

    def active_pairs(self, stages: StageWeights) -> list[tuple[LayerPair, float]]:
        """All or none: the relation is on from the stage that has the last of its layers."""
        active = super().active_pairs(stages)
        return active if len(active) == len(self.pairs) else []

    @abstractmethod
    def _error(self, student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        """[B, L, n, D] of both to [B, L]."""


@dataclass(frozen=True, kw_only=True)
class LayerRelationDistance(_LayerRelation, OnPairs):
    """Relations of pairs of a word's states."""

    name: str = "layer_relation_distance"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count(self.name, self.layers, 2)

    def _error(self, student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        return layer_distance_error(student, teacher, self.distance, self.comparison)


@dataclass(frozen=True, kw_only=True)
class LayerRelationAngle(_LayerRelation):
    """Relations of triples of a word's states."""

    name: str = "layer_relation_angle"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count(self.name, self.layers, 3)

    def _error(self, student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        return layer_angle_error(student, teacher)


def _check_count(name: str, layers: LayerMap, least: int) -> None:
    if len(layers) < least:
        raise UserError(f"{name}: expected at least {least} layer pairs, found {len(layers)}; leave the term out")
