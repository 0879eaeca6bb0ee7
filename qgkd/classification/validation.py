"""Measures a classifier on a task's labelled splits.

Comes in: a bare model, tokenised splits. Goes out: the task's metrics, split by split.

A literal example: MNLI gives `{"accuracy": 0.71, "mismatched_accuracy": 0.72}` while it trains.

Each process takes its share of the examples and all end up with the same figures, since early stopping must be one
decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qgkd.classification.metrics import task_metrics
from qgkd.classification.prediction import Predictor, predictions_of
from qgkd.classification.tasks.rows import ClassificationRows
from qgkd.classification.tasks.store import ExampleStore
from qgkd.classification.tasks.task import VALIDATION, ClassificationTask


class ClassificationValidator:
    """Measures a model in training, on the splits whose names begin with `validation`."""

    def __init__(self, task: ClassificationTask, splits: Mapping[str, ExampleStore], predictor: Predictor) -> None:
        self._task, self._predictor = task, predictor
        self._splits = {name: store for name, store in splits.items() if name.startswith(VALIDATION)}
        first = self._splits[VALIDATION]
        self.dataset = ClassificationRows([(first, first.labels)])

    def figures(self, model: Any, *, process: int = 0, processes: int = 1) -> dict[str, float]:
        """Measure the bare model on its device; every process must call this.

        The model is None on a process without the whole of it; `process` counts, from 0, those that have it.
        """
        figures: dict[str, float] = {}
        for name, store in self._splits.items():
            measured = split_figures(self._task, model, store, self._predictor, process=process, processes=processes)
            prefix = name.removeprefix(VALIDATION).removeprefix("_")
            figures |= {f"{prefix}_{metric}" if prefix else metric: value for metric, value in measured.items()}
        return figures


def split_figures(
    task: ClassificationTask, model: Any, store: ExampleStore, predictor: Predictor, *, process: int, processes: int
) -> dict[str, float]:
    """A model's metrics on one split; every process must call this."""
    from accelerate.utils import gather_object

    parts: list[tuple[list[int], list[float]]] = []
    if model is not None:
        mine = np.arange(process, len(store), processes)
        parts = [(mine.tolist(), predictions_of(predictor.logits(model, store, mine)).tolist())]
    predictions = np.zeros(len(store))
    for places, values in gather_object(parts):
        predictions[places] = values
    return task_metrics(task, predictions, store.labels)
