"""The rows of a training: labelled examples, and transfer texts with the labels that the teachers give them.

Comes in: the splits, teachers or their kept logits. Goes out: `ClassificationRows`.

A literal example: 999 training texts with their labels and 8,000 transfer texts with the teacher's first choice.

Source: Tang et al. 2019 (arXiv 1903.12136): the teacher's first choice is an unlabelled text's label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.classification.prediction import Predictor, predictions_of
from qgkd.classification.tasks.rows import ClassificationRows
from qgkd.classification.tasks.store import ExampleStore
from qgkd.classification.tasks.task import TRAIN, TRANSFER
from qgkd.classification.teachers import teacher_labels
from qgkd.distillation.teachers.several_teachers import Ensemble, ensemble_logits
from qgkd.training.main_process import say


def judged_rows(
    splits: Mapping[str, ExampleStore], logits: NDArray[np.float32], ensemble: Ensemble
) -> ClassificationRows:
    """Rows that carry the logits [N, T, C] of T teachers, train before transfer; labels of transfer are read off."""
    train = splits[TRAIN]
    parts = [(train, train.labels)]
    if TRANSFER in splits:
        of_transfer = torch.from_numpy(logits[len(train) :]).unbind(dim=1)
        parts.append((splits[TRANSFER], predictions_of(ensemble_logits(of_transfer, ensemble).numpy())))
    return ClassificationRows(parts, logits)


def plain_rows(
    splits: Mapping[str, ExampleStore],
    teachers: Sequence[Checkpoint],
    predictor: Predictor,
    ensemble: Ensemble,
    device: torch.device,
) -> ClassificationRows:
    """Rows without logits; the teachers run over the transfer texts once, for their labels."""
    parts = [(splits[TRAIN], splits[TRAIN].labels)]
    if TRANSFER in splits:
        transfer = splits[TRANSFER]
        say(f"The teacher labels {len(transfer):,} transfer texts.")
        models: list[Any] = [each.model.to(device) for each in teachers]  # type: ignore[arg-type]
        parts.append((transfer, teacher_labels(models, transfer, predictor, ensemble)))
    return ClassificationRows(parts)
