"""The trainer of a classifier: `DistillTrainer` on examples instead of questions.

Comes in: a `ClassifyingModel`, objectives, teachers if any, `ClassificationRows`. Goes out: as from `DistillTrainer`.

A literal example: `ClassificationTrainer(teacher=NoTeacher(), objectives=[HardLabels()], ...)` is fine-tuning.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import Trainer

from qgkd.checkpoints.record import RECORD_NAME
from qgkd.classification.tasks.rows import ClassificationCollator
from qgkd.classification.tasks.task import ClassificationTask
from qgkd.distillation.diagnostics import TeacherCheck
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.trainer import DistillTrainer
from qgkd.files.json_files import write_json
from qgkd.model_input.batch import Batch
from qgkd.training.loss import LossTerm


class NoTeacher:
    """Captures nothing; for fine-tuning."""

    needs = Needs()

    def to(self, device: torch.device | str) -> NoTeacher:
        """Nothing to move."""
        return self

    def __call__(self, batch: Batch) -> DistillCapture:
        """Nothing."""
        return DistillCapture()


class ClassTeacherCheck(TeacherCheck):
    """A teacher on the first batch of a classification task."""

    @property
    def warning(self) -> str:
        """A sentence if a constant would be as good; else empty."""
        if self.accuracy > self.commonest or self.commonest == 1:
            return ""
        return (
            f"the teacher has {self.accuracy:.0%} of the first batch right, its commonest class alone is "
            f"{self.commonest:.0%}: is it trained for this task, with the classes in this order?"
        )


class ClassificationTrainer(DistillTrainer):
    """Trains a classifier.

    Args:
        task: What is predicted.
        keep_best: Whether the final model is the best by validation, not the last.
        pad_id: The tokenizer's [PAD].
        options: Of `DistillTrainer`.
    """

    counted = "examples"
    teacher_check = ClassTeacherCheck

    def __init__(self, *, task: ClassificationTask, keep_best: bool, pad_id: int, **options: Any) -> None:
        super().__init__(pad_id=pad_id, **options)
        self.collate = ClassificationCollator(pad_id, is_regression=task.is_regression)
        self._task, self._keep_best = task, keep_best

    def watch(self, student: DistillCapture, teacher: DistillCapture, batch: Batch) -> list[LossTerm]:
        """Agreement with the teacher, where there are classes to agree on."""
        return [] if self._task.is_regression else super().watch(student, teacher, batch)

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:
        if self._keep_best:
            return super()._determine_best_metric(metrics, trial)
        return Trainer._determine_best_metric(self, metrics, trial)

    def write_record(self, folder: Path, record: dict[str, Any]) -> None:
        """Write `qgkd.json`, with the task instead of an input format."""
        write_json(folder / RECORD_NAME, record)
