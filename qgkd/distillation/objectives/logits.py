"""Objectives on logits: the teacher's distribution, and the labels.

Comes in: logits at the scored positions, [R, V] (in classification [B, C]). Goes out: one value per scored position.

A literal example: student (0, 0), teacher (ln 3, 0), T = 1: probabilities (1/2, 1/2) and (3/4, 1/4), cross entropy
ln 2 = 0.693, KL 0.693 - 0.562 = 0.131, squared distance (ln 3)² = 1.207.

Relations: cross entropy and KL differ by the teacher's entropy, so their gradients are one and the same, and KL is 0
where student and teacher agree. As T grows, T² KL tends to the squared distance of the centred logits over 2 V. A
teacher's logit may be -inf (a cached top-k distribution): it counts as probability 0; `logit_mse` has no use for one.

Source: Hinton et al. 2015 (arXiv 1503.02531), section 2 (temperature, the factor T²) and 2.1 (the limit); Tang et al.
2019 (arXiv 1903.12136), section 3.2 (squared distance of logits).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.objective import Objective, TwoNeeds, check_same_shape
from qgkd.distillation.objectives.positions import Batch
from qgkd.distillation.objectives.schedule import EVERYTHING, StageWeights
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.errors import UserError
from qgkd.training.loss import LossTerm, Unit, cross_entropy_terms


def soft_target_cross_entropy(
    student_logits: torch.Tensor, teacher_logits: torch.Tensor, distill_temperature: float = 1.0
) -> torch.Tensor:
    """T² H(softmax(t / T), softmax(s / T)), summed over classes.

    Args:
        student_logits: [R, V].
        teacher_logits: [R, V].
        distill_temperature: T.

    Returns:
        [R], nats times T².
    """
    check_same_shape(student_logits, teacher_logits, "logits")
    target = (teacher_logits.detach().float() / distill_temperature).softmax(dim=-1)
    log_student = (student_logits.float() / distill_temperature).log_softmax(dim=-1)
    return -(target * log_student).sum(dim=-1) * distill_temperature**2


def soft_target_kl(
    student_logits: torch.Tensor, teacher_logits: torch.Tensor, distill_temperature: float = 1.0
) -> torch.Tensor:
    """T² KL(softmax(t / T) || softmax(s / T)), summed over classes; arguments and result as the cross entropy's.

    Differs: `F.kl_div(..., reduction="mean")`, as in the code of Sun et al. 2019, divides by the classes too.
    """
    check_same_shape(student_logits, teacher_logits, "logits")
    target = (teacher_logits.detach().float() / distill_temperature).softmax(dim=-1)
    log_student = (student_logits.float() / distill_temperature).log_softmax(dim=-1)
    return F.kl_div(log_student, target, reduction="none").sum(dim=-1) * distill_temperature**2


def logit_squared_error(student_logits: torch.Tensor, teacher_logits: torch.Tensor) -> torch.Tensor:
    """|s - t|², summed over classes, [R]; a temperature would cancel: T² |s/T - t/T|² is the same.

    Differs: `F.mse_loss`, as in the code of Li et al. 2021 (Dynamic KD), divides by the classes: the weight 1/C does.
    """
    check_same_shape(student_logits, teacher_logits, "logits")
    return (student_logits.float() - teacher_logits.detach().float()).square().sum(dim=-1)


@dataclass(frozen=True, kw_only=True)
class _OnLogits(Objective):
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
        values = self.values(_logits(student, "student"), _logits(teacher, "teacher"))
        return [LossTerm(name=self.name, values=values, unit=Unit.TOKENS, weight=self.weight * stages.logits)]

    @abstractmethod
    def values(self, student_logits: torch.Tensor, teacher_logits: torch.Tensor) -> torch.Tensor:
        """[R, V] and [R, V] to [R]."""


@dataclass(frozen=True, kw_only=True)
class _Softened(_OnLogits):
    distill_temperature: float = 1.0
    """T: both logits are divided by it; not the sampling temperature."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (math.isfinite(self.distill_temperature) and self.distill_temperature > 0):
            raise UserError(
                f"{self.name}: expected a distill_temperature above 0, found {self.distill_temperature}; correct it"
            )


@dataclass(frozen=True, kw_only=True)
class SoftTargetCrossEntropy(_Softened):
    """Cross entropy with the teacher's softened distribution."""

    name: str = "soft_target_cross_entropy"

    def values(self, student_logits: torch.Tensor, teacher_logits: torch.Tensor) -> torch.Tensor:
        """See `soft_target_cross_entropy`."""
        return soft_target_cross_entropy(student_logits, teacher_logits, self.distill_temperature)


@dataclass(frozen=True, kw_only=True)
class SoftTargetKL(_Softened):
    """KL divergence from the teacher's softened distribution."""

    name: str = "soft_target_kl"

    def values(self, student_logits: torch.Tensor, teacher_logits: torch.Tensor) -> torch.Tensor:
        """See `soft_target_kl`."""
        return soft_target_kl(student_logits, teacher_logits, self.distill_temperature)


@dataclass(frozen=True, kw_only=True)
class LogitMSE(_OnLogits):
    """Squared distance of the logits."""

    name: str = "logit_mse"

    def values(self, student_logits: torch.Tensor, teacher_logits: torch.Tensor) -> torch.Tensor:
        """See `logit_squared_error`."""
        return logit_squared_error(student_logits, teacher_logits)


@dataclass(frozen=True, kw_only=True)
class HardLabels(Objective):
    """Cross entropy with the labels, as in plain training; asks nothing of the teacher."""

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
        _logits(student, "student")
        plain = cross_entropy_terms(student, batch, self.label_smoothing)
        return [replace(term, weight=term.weight * self.weight * stages.logits) for term in plain]


@dataclass(frozen=True, kw_only=True)
class ScoreMSE(Objective):
    """Squared distance to the label, where one number is predicted; asks nothing of the teacher."""

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
        values = (_logits(student, "student")[:, 0].float() - batch["target_ids"].float()).square()
        return [LossTerm(name=self.name, values=values, unit=Unit.TOKENS, weight=self.weight * stages.logits)]


def _logits(capture: DistillCapture, whose: str) -> torch.Tensor:
    if capture.logits is None:
        raise ValueError(f"expected the {whose}'s logits, found none captured; add them to `Needs`")
    return capture.logits
