"""The teachers of a run as one, and their labels for unlabelled texts.

Comes in: teachers in the order of the config. Goes out: one `AnyTeacher`; classes or scores for transfer texts.

A literal example: no teacher gives `NoTeacher`, one itself, two `SeveralTeachers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.classification.classifying_model import ClassifyingModel
from qgkd.classification.prediction import Predictor, predictions_of
from qgkd.classification.tasks.store import ExampleStore
from qgkd.classification.trainer import NoTeacher
from qgkd.distillation.objectives.logits import LogitMSE
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.teacher_selection import SelectedTeacher
from qgkd.distillation.teachers.capture import Needs
from qgkd.distillation.teachers.several_teachers import Ensemble, SeveralTeachers, ensemble_logits
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.distillation.trainer import AnyTeacher
from qgkd.errors import UserError


def build_teacher(teachers: Sequence[Checkpoint], needs: Needs, ensemble: Ensemble) -> AnyTeacher:
    """The teachers, the smaller first, as one; `needs` is what the objectives need of the last."""
    built = [Teacher(each.model, needs, ClassifyingModel) for each in teachers]
    if len(built) > 1:
        return SeveralTeachers(built, ensemble)
    return built[0] if built else NoTeacher()


def teacher_labels(
    models: Sequence[Any], store: ExampleStore, predictor: Predictor, ensemble: Ensemble
) -> NDArray[np.float64]:
    """The classes, or scores, [N] of the texts by the teachers, which are on their device.

    Source: Tang et al. 2019 (arXiv 1903.12136): the teacher's first choice is an unlabelled text's label.
    """
    found = [torch.from_numpy(predictor.logits(model, store)) for model in models]
    return predictions_of(ensemble_logits(found, ensemble).numpy())


def ensemble_of(setting: str, objectives: Sequence[Objective]) -> Ensemble:
    """How several teachers' distributions are averaged.

    Raises:
        UserError: The arithmetic mean for a loss on the logits themselves, which it does not have.
    """
    on_logits = any(isinstance(getattr(each, "objective", each), LogitMSE) for each in objectives)
    if setting == Ensemble.ARITHMETIC and on_logits:
        raise UserError(
            "model.ensemble: expected geometric for method.logits_loss=mse, found arithmetic: mean probabilities "
            "have no logits of their own; set model.ensemble=geometric or another loss"
        )
    return Ensemble(setting) if setting else Ensemble.GEOMETRIC if on_logits else Ensemble.ARITHMETIC


def check_teachers(objectives: Sequence[Objective], teachers: int) -> None:
    """Refuse a choice among any number of teachers but two with a UserError."""
    if any(isinstance(each, SelectedTeacher) for each in objectives) and teachers != 2:
        raise UserError(f"dynamic-teacher: expected two model.teachers, the smaller first, found {teachers}; name two")
