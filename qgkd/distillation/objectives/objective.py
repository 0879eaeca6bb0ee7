"""The base of all objectives, and a list of them as one loss.

Comes in: objectives, the captures of student and teacher, the batch. Goes out: `LossTerm`s by name, one value per token
or row, which the trainer reduces last; and what must be captured for them.

A literal example: `loss_terms(all_layer(student_shape, teacher_shape), student, teacher, batch)` gives the terms
`soft_target_cross_entropy`, `hidden_state_mse` and `attention_mse`.

A new objective is a class in a file of its own and a method that uses it. One that wraps another (weights by
uncertainty, a choice of rows) changes the values of the wrapped objective's terms.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.layer_map import LayerMap, LayerPair, show
from qgkd.distillation.objectives.positions import UNITS, Positions, at_positions
from qgkd.distillation.objectives.schedule import EVERYTHING, StageWeights
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import LossTerm, Unit

TwoNeeds = tuple[Needs, Needs]
"""The student's, the teacher's."""


@dataclass(frozen=True, kw_only=True)
class Objective(ABC):
    """One part of the loss."""

    weight: float = 1.0
    """Its factor in the loss."""
    name: str = ""
    """Its name in the log; no two of a list may share one."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise UserError(f"{self.name}: expected a weight above 0, found {self.weight}; leave the term out")

    @property
    def pairs(self) -> LayerMap:
        """The layer pairs it compares; empty for one on logits."""
        return ()

    @abstractmethod
    def needs(self, stages: StageWeights = EVERYTHING) -> TwoNeeds:
        """What must be captured of student and teacher at this stage; empty where it is not active."""

    @abstractmethod
    def terms(
        self, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights = EVERYTHING
    ) -> list[LossTerm]:
        """Its terms at this stage, none where it is not active; no gradient goes into the teacher."""

    def check(self, student: EncoderShape, teacher: EncoderShape) -> None:
        """Refuse models it cannot compare with a UserError."""
        for pair in self.pairs:
            if pair.student > student.layers or pair.teacher > teacher.layers:
                raise UserError(
                    f"{self.name}: expected layer pairs up to {student.layers}:{teacher.layers}, found "
                    f"{show((pair,))}; correct the layer map"
                )

    def teacher_rows(self, student: DistillCapture, batch: Batch) -> torch.Tensor | None:
        """The rows it needs the teacher's capture of, bool [B]; None for all."""
        return None

    def projections(self, student: EncoderShape, teacher: EncoderShape) -> nn.ModuleDict | None:
        """Linear maps from the student's width to the teacher's, by student layer or one shared; None: needs none."""
        return None

    def active_pairs(self, stages: StageWeights) -> list[tuple[LayerPair, float]]:
        """The pairs that count at this stage, each with its share in the mean over all layers."""
        weighted = [(pair, stages.of_layer(pair.student) / len(self.pairs)) for pair in self.pairs]
        return [(pair, share) for pair, share in weighted if share]


@dataclass(frozen=True, kw_only=True)
class OnLayers(Objective):
    """An objective that compares layer pairs; on hidden states unless a subclass captures something else."""

    layers: LayerMap
    """Pairs of a student and a teacher layer; 0 is the embeddings' output."""

    @property
    def pairs(self) -> LayerMap:
        """The layer pairs it compares."""
        return self.layers

    def needs(self, stages: StageWeights = EVERYTHING) -> TwoNeeds:
        """What of the active pairs is captured."""
        active = [pair for pair, _ in self.active_pairs(stages)]
        student, teacher = (frozenset(pair[side] for pair in active) for side in (0, 1))
        return self.captured(student), self.captured(teacher)

    def captured(self, layers: frozenset[int]) -> Needs:
        """What is captured of these layers."""
        return Needs(hidden_states=layers)


@dataclass(frozen=True, kw_only=True)
class MeanOverLayers(OnLayers):
    """An objective that is the mean of one error per layer pair."""

    def terms(
        self, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights = EVERYTHING
    ) -> list[LossTerm]:
        """One term, the mean over the layer pairs; none where no pair is active."""
        errors = [share * self.pair_error(student, teacher, pair, batch) for pair, share in self.active_pairs(stages)]
        if not errors:
            return []
        values, unit = self.counted(torch.stack(errors).sum(dim=0), student, batch)
        return [LossTerm(name=self.name, values=values, unit=unit, weight=self.weight)]

    @abstractmethod
    def pair_error(
        self, student: DistillCapture, teacher: DistillCapture, pair: LayerPair, batch: Batch
    ) -> torch.Tensor:
        """The difference of one layer pair, [B] or [B, L]."""

    @abstractmethod
    def counted(self, errors: torch.Tensor, student: DistillCapture, batch: Batch) -> tuple[torch.Tensor, Unit]:
        """The values of the term, and the unit of their mean."""


@dataclass(frozen=True, kw_only=True)
class OnPositions(MeanOverLayers):
    """An objective with one error per position of a layer pair, [B, L]."""

    positions: Positions = Positions.ALL
    """Which positions count."""

    def counted(self, errors: torch.Tensor, student: DistillCapture, batch: Batch) -> tuple[torch.Tensor, Unit]:
        """Those at the counted positions."""
        return at_positions(errors, self.positions, batch), UNITS[self.positions]


def loss_terms(
    objectives: Sequence[Objective],
    student: DistillCapture,
    teacher: DistillCapture,
    batch: Batch,
    stages: StageWeights = EVERYTHING,
) -> list[LossTerm]:
    """The terms of all objectives."""
    return [term for objective in objectives for term in objective.terms(student, teacher, batch, stages)]


def needs_of(objectives: Sequence[Objective], stages: StageWeights = EVERYTHING) -> TwoNeeds:
    """What must be captured of student and teacher for all of them."""
    student, teacher = Needs(), Needs()
    for objective in objectives:
        of_student, of_teacher = objective.needs(stages)
        student, teacher = student | of_student, teacher | of_teacher
    return student, teacher


def teacher_rows(objectives: Sequence[Objective], student: DistillCapture, batch: Batch) -> torch.Tensor | None:
    """The rows that any of them needs the teacher's capture of, bool [B]; None for all."""
    needed = torch.zeros_like(batch.row_weights, dtype=torch.bool)
    for objective in objectives:
        if objective.needs()[1] == Needs():
            continue
        rows = objective.teacher_rows(student, batch)
        if rows is None:
            return None
        needed |= rows
    return needed


def check_objectives(objectives: Sequence[Objective], student: EncoderShape, teacher: EncoderShape) -> None:
    """Refuse an empty list, two terms of one name, and models that do not fit with a UserError."""
    if not objectives:
        raise UserError("expected at least one objective, found none; give one a weight above 0")
    names = [objective.name for objective in objectives]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"expected objectives of different names, found {repeated} twice; name one of them otherwise")
    for objective in objectives:
        objective.check(student, teacher)


def projections_of(
    objectives: Sequence[Objective], student: EncoderShape, teacher: EncoderShape
) -> dict[str, nn.ModuleDict]:
    """The projections of all objectives that need any, by objective name; for `CapturingModel`."""
    found = {objective.name: objective.projections(student, teacher) for objective in objectives}
    return {name: maps for name, maps in found.items() if maps is not None}


def imitating_layers(objectives: Sequence[Objective]) -> tuple[int, ...]:
    """The student layers that any objective compares, bottom up; a schedule has a stage for each, and the logits'."""
    return tuple(sorted({pair.student for objective in objectives for pair in objective.pairs}))
