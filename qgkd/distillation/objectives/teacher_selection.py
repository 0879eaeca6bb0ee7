"""The choice between two teachers by the student's uncertainty.

Comes in: an objective on logits, captures of a small and a large teacher. Goes out: its terms against the small teacher
and against the large one.

A literal example, four scored positions of uncertainty (0.9, 0.1, 0.6, 0.2):

    hard        small: 1 and 3, large: 2 and 4, each term the mean over its own half
    soft        small: 0.9 0.1 0.6 0.2, large: 0.1 0.9 0.4 0.8
    soft-batch  small: 0.45 four times, large: 0.55 four times

Source: Li et al. 2021 (Dynamic KD, arXiv 2109.11295), dynamic teacher adoption; `hard`, `soft-batch` and
`soft` are `hard`, `soft` and `soft-instance` in the reference code.
Differs: no gradient goes through the weights. As there, `hard` counts both halves' means in full, so its sum is about
twice that of `soft`; a batch of one position takes the large teacher, where the code gives nan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import torch

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.precision import parameter_count
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.schedule import EVERYTHING, StageWeights
from qgkd.distillation.objectives.uncertainty import uncertainty
from qgkd.distillation.objectives.weighted_rows import ByUncertainty, over_chosen, weighted
from qgkd.distillation.teachers.capture import DistillCapture, captured_logits
from qgkd.distillation.teachers.several_teachers import SeveralCaptures
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import LossTerm


class TeacherMode(StrEnum):
    """How the scored positions are shared between the teachers."""

    HARD = "hard"
    """The less certain half to the small teacher, the rest to the large one."""
    SOFT = "soft"
    """Each to both: its uncertainty is the small teacher's weight, the rest the large one's."""
    SOFT_BATCH = "soft-batch"
    """As `soft`, with the batch's mean uncertainty everywhere."""


@dataclass(frozen=True, kw_only=True)
class SelectedTeacher(ByUncertainty):
    """An objective against two teachers."""

    mode: TeacherMode = TeacherMode.HARD
    """How the scored positions are shared between the teachers."""

    def terms(
        self, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights = EVERYTHING
    ) -> list[LossTerm]:
        """`small_teacher_...` and `large_teacher_...`."""
        members = (teacher.members or ()) if isinstance(teacher, SeveralCaptures) else ()
        if len(members) != 2:
            raise ValueError(f"expected captures of two teachers, found {len(members) or 1}")
        small, large = self.shares(captured_logits(student), batch.target_weights)
        found = []
        for whose, capture, share in (("small", members[0], small), ("large", members[1], large)):
            for term in self.objective.terms(student, capture, batch, stages):
                renamed = replace(term, name=f"{whose}_teacher_{term.name}")
                found.append(weighted(renamed, share, batch, self.weight))
        return found

    def shares(self, student_logits: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What each scored position counts with the small teacher, and with the large one, [R] without gradients.

        The logits are [R, C], the weights [R], 0 for positions of rows that only fill a batch up.
        """
        unsure = uncertainty(student_logits, self.by)
        if self.mode is TeacherMode.SOFT:
            return unsure, 1 - unsure
        if self.mode is TeacherMode.SOFT_BATCH:
            mean = (unsure * weights).sum() / weights.sum().clamp(min=1e-9)
            return mean.expand_as(unsure), (1 - mean).expand_as(unsure)
        counted = weights > 0
        first = torch.zeros_like(counted)
        half = int(counted.sum()) // 2
        first[unsure.masked_fill(~counted, -1).argsort(descending=True, stable=True)[:half]] = True
        return over_chosen(first, weights), over_chosen(counted & ~first, weights)


def check_sizes(objectives: Sequence[Objective], teachers: Sequence[Checkpoint]) -> None:
    """Refuse a choice between two teachers, the smaller first, where it is the larger: the method would run backwards.

    Two of one size are taken as they come.

    Raises:
        UserError: The larger one comes first.
    """
    if not any(isinstance(each, SelectedTeacher) for each in objectives):
        return
    small, large = (parameter_count(teacher.model) for teacher in teachers)
    if small > large:
        raise UserError(
            f"dynamic-teacher: expected the smaller teacher first, found {teachers[0].name} of {small:,} parameters "
            f"before {teachers[1].name} of {large:,}; exchange them"
        )
