"""Several teachers as one, their distributions averaged.

Comes in: teachers of one vocabulary and one set of classes, the smaller first. Goes out: `SeveralCaptures`: the mean of
their distributions as logits, the last one's inner states, and each teacher's own capture.

A literal example: probabilities (0.9, 0.1) and (0.5, 0.5): the arithmetic mean is (0.7, 0.3); the geometric one,
normalised, is (0.75, 0.25), the softmax of the mean logits. In regression both are the mean of the scores.

Source: Hinton et al. 2015 (arXiv 1503.02531), section 1, names both means.
Differs: the mean is taken at T = 1 and softened afterwards, so that every objective sees one and the same ensemble.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import torch

from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.teachers.recurrent_teacher import RecurrentTeacher
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.model_input.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ensemble(StrEnum):
    """Which mean of the teachers' distributions."""

    ARITHMETIC = "arithmetic"
    """Of the probabilities."""
    GEOMETRIC = "geometric"
    """Of the logits."""


@dataclass
class SeveralCaptures(DistillCapture):
    """The captures of several teachers."""

    members: tuple[DistillCapture, ...] | None = None


Member = Teacher | RecurrentTeacher


class SeveralTeachers:
    """Runs each of them.

    Args:
        teachers: The smaller first; inner states are taken from the last, whose needs count.
        ensemble: The mean their logits are merged by.
    """

    def __init__(self, teachers: Sequence[Member], ensemble: Ensemble = Ensemble.ARITHMETIC) -> None:
        if len(teachers) < 2:
            raise ValueError(f"expected at least two teachers, found {len(teachers)}")
        self._teachers, self._ensemble = tuple(teachers), ensemble
        self.needs = teachers[-1].needs

    def __iter__(self) -> Iterator[Member]:
        return iter(self._teachers)

    @property
    def needs(self) -> Needs:
        """What is captured of the last."""
        return self._teachers[-1].needs

    @needs.setter
    def needs(self, needs: Needs) -> None:
        """Inner states are captured of the last only."""
        for teacher in self._teachers[:-1]:
            teacher.needs = Needs(logits=True)
        self._teachers[-1].needs = needs | Needs(logits=True)

    def to(self, device: torch.device | str) -> SeveralTeachers:
        """Move all of them."""
        for teacher in self._teachers:
            teacher.to(device)
        return self

    def __call__(self, batch: Batch) -> SeveralCaptures:
        """Run all of them."""
        members = tuple(teacher(batch) for teacher in self._teachers)
        shown: dict[str, Any] = {field.name: getattr(members[-1], field.name) for field in fields(DistillCapture)}
        logits = [member.logits for member in members if member.logits is not None]
        return SeveralCaptures(**{**shown, "logits": ensemble_logits(logits, self._ensemble)}, members=members)


def ensemble_logits(logits: Sequence[torch.Tensor], ensemble: Ensemble) -> torch.Tensor:
    """Logits [R, V] whose softmax is the mean of the teachers' distributions, [R, V] each; of one column the mean."""
    stacked = torch.stack([each.float() for each in logits])  # [teachers, R, V]
    if ensemble is Ensemble.GEOMETRIC or stacked.shape[-1] == 1:
        return stacked.mean(dim=0)
    return stacked.log_softmax(dim=-1).logsumexp(dim=0) - torch.tensor(float(len(logits))).log()
