"""Objectives on logits: the teacher's distribution, and the labels.

Comes in: logits at the scored positions, [R, V] (in classification [B, C]). Goes out: one value per scored position,
by the formulas of `qgkd.distillation.teachers.logit_pair`.

A literal example: `SoftTargetKL(weight=0.7, distill_temperature=10.0)` is 0.7 T² KL with the teacher at T = 10.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace

import torch

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.objective import Objective, TwoNeeds
from qgkd.distillation.objectives.schedule import EVERYTHING, StageWeights
from qgkd.distillation.teachers.capture import DistillCapture, Needs, captured_logits
from qgkd.distillation.teachers.logit_pair import LogitPair
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import LossTerm, Unit, cross_entropy_terms


@dataclass(frozen=True, kw_only=True)
class OnLogits(Objective):
    """An objective on both logits, one value per scored position."""

    def needs(self, stages: StageWeights = EVERYTHING) -> TwoNeeds:
        """Both logits."""
        wanted = Needs(logits=stages.logits != 0)
        return wanted, wanted

    def check(self, student: EncoderShape, teacher: EncoderShape) -> None:
        """One vocabulary, or the same classes."""
        super().check(student, teacher)
        if student.outputs != teacher.outputs:
            raise UserError(
                f"{self.name}: expected a teacher with the student's {student.outputs} outputs, found "
                f"{teacher.outputs}; take a teacher of the same vocabulary or classes"
            )

    def terms(
        self, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights = EVERYTHING
    ) -> list[LossTerm]:
        """One term over scored positions."""
        if not stages.logits:
            return []
        values = self.values(student.against(teacher))
        return [LossTerm(name=self.name, values=values, unit=Unit.TOKENS, weight=self.weight * stages.logits)]

    @abstractmethod
    def values(self, logits: LogitPair) -> torch.Tensor:
        """[R, V] and [R, V] to [R]."""


@dataclass(frozen=True, kw_only=True)
class _Softened(OnLogits):
    distill_temperature: float = 1.0
    """T: both logits are divided by it; not the sampling temperature."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (math.isfinite(self.distill_temperature) and self.distill_temperature > 0):
            raise UserError(
                f"{self.name}: expected a distill_temperature above 0, found {self.distill_temperature}; correct it"
            )

    def check(self, student: EncoderShape, teacher: EncoderShape) -> None:
        """Classes or tokens to have a distribution over."""
        super().check(student, teacher)
        if student.outputs == 1:
            raise UserError(
                f"{self.name}: expected mse where a score is predicted, found a loss that compares distributions over "
                "classes; set logits_loss to mse"
            )


@dataclass(frozen=True, kw_only=True)
class SoftTargetCrossEntropy(_Softened):
    """Cross entropy with the teacher's softened distribution."""

    name: str = "soft_target_cross_entropy"

    def values(self, logits: LogitPair) -> torch.Tensor:
        """See `LogitPair.cross_entropy`."""
        return logits.cross_entropy(self.distill_temperature)


@dataclass(frozen=True, kw_only=True)
class SoftTargetKL(_Softened):
    """KL divergence from the teacher's softened distribution."""

    name: str = "soft_target_kl"

    def values(self, logits: LogitPair) -> torch.Tensor:
        """See `LogitPair.kl`."""
        return logits.kl(self.distill_temperature)


@dataclass(frozen=True, kw_only=True)
class LogitMSE(OnLogits):
    """Squared distance of the logits."""

    name: str = "logit_mse"

    def values(self, logits: LogitPair) -> torch.Tensor:
        """See `LogitPair.squared_error`."""
        return logits.squared_error()


@dataclass(frozen=True, kw_only=True)
class HardLabels(Objective):
    """Cross entropy with the labels, as in plain training; needs no teacher."""

    name: str = "cross_entropy"
    label_smoothing: float = 0.0
    """Share of the uniform distribution in the labels."""

    def needs(self, stages: StageWeights = EVERYTHING) -> TwoNeeds:
        """The student's logits."""
        return Needs(logits=stages.logits != 0), Needs()

    def terms(
        self, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights = EVERYTHING
    ) -> list[LossTerm]:
        """As `qgkd.training.loss.cross_entropy_terms`; active with the logits."""
        if not stages.logits:
            return []
        captured_logits(student)
        plain = cross_entropy_terms(student, batch, self.label_smoothing)
        return [replace(term, weight=term.weight * self.weight * stages.logits) for term in plain]


@dataclass(frozen=True, kw_only=True)
class ScoreMSE(Objective):
    """Squared distance to the label, where one number is predicted; needs no teacher."""

    name: str = "score_mse"

    def needs(self, stages: StageWeights = EVERYTHING) -> TwoNeeds:
        """The student's scores."""
        return Needs(logits=stages.logits != 0), Needs()

    def check(self, student: EncoderShape, teacher: EncoderShape) -> None:
        """One output."""
        super().check(student, teacher)
        if student.outputs != 1:
            raise UserError(f"{self.name}: expected one output, found {student.outputs} classes; use cross entropy")

    def terms(
        self, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights = EVERYTHING
    ) -> list[LossTerm]:
        """One term; active with the logits."""
        if not stages.logits:
            return []
        values = (captured_logits(student)[:, 0].float() - batch.targets.float()).square()
        return [LossTerm(name=self.name, values=values, unit=Unit.TOKENS, weight=self.weight * stages.logits)]
