"""A task's figures from predictions and labels.

Comes in: a `ClassificationTask`, one prediction and one label per example: places of classes, or scores in regression.
Goes out: each metric of the task by name, as a fraction (Matthews and the correlations from -1 to 1).

A literal example: `task_metrics(rte, [0, 1, 1], [0, 1, 0])` is `{"accuracy": 0.6667}`.

Differs: scikit-learn and scipy compute the same; they would be 190 MB to install and over a second to import for six
lines of arithmetic each, which agree with them (1.9.1, 1.17.1) to 1e-15.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qgkd.classification.tasks.task import METRICS, ClassificationTask
from qgkd.errors import UserError


def task_metrics(
    task: ClassificationTask, predictions: Sequence[float] | NDArray[Any], labels: Sequence[float] | NDArray[Any]
) -> dict[str, float]:
    """Every metric of the task, in its order, from [N] predictions and labels: places of classes, or scores.

    Without variation in predictions or labels the correlations and Matthews are 0, and so is F1 where there is no
    positive, predicted or true.

    Raises:
        UserError: No examples, different numbers of them, or something that is not a finite number.
    """
    predicted, true = np.asarray(predictions, np.float64), np.asarray(labels, np.float64)
    if predicted.ndim != 1 or predicted.shape != true.shape or not len(true):
        raise UserError(
            f"{task.name}: expected one prediction for each of at least one label, found shapes "
            f"{list(predicted.shape)} and {list(true.shape)}; take the argmax of the logits first"
        )
    if not (np.isfinite(predicted).all() and np.isfinite(true).all()):
        raise UserError(f"{task.name}: expected finite predictions and labels, found others; were labels missing?")
    return {name: _METRICS[name](predicted, true) for name in task.metrics}


def accuracy(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Share of examples whose class is right."""
    return float((predicted == true).mean())


def f1(predicted: NDArray[np.float64], true: NDArray[np.float64], positive: int = 1) -> float:
    """F1 of one class, the second as GLUE has it: 2 TP / (2 TP + FP + FN)."""
    hits = float(((predicted == positive) & (true == positive)).sum())
    marked = float((predicted == positive).sum() + (true == positive).sum())
    return 2 * hits / marked if marked else 0.0


def macro_f1(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Mean of the classes' F1, over the classes that occur in predictions or labels."""
    return float(np.mean([f1(predicted, true, int(kind)) for kind in np.union1d(predicted, true)]))


def matthews(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Matthews correlation, of any number of classes.

    Source: Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient".
    """
    kinds = np.union1d(predicted, true)
    predicted_marks = (predicted[:, None] == kinds).astype(np.float64)  # [N, C]
    true_marks = (true[:, None] == kinds).astype(np.float64)  # [N, C]
    predicted_marks -= predicted_marks.mean(axis=0)
    true_marks -= true_marks.mean(axis=0)
    spread = float(np.sqrt((predicted_marks**2).sum() * (true_marks**2).sum()))
    return float((predicted_marks * true_marks).sum()) / spread if spread else 0.0


def pearson(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Pearson's correlation."""
    if np.ptp(predicted) == 0 or np.ptp(true) == 0:
        return 0.0
    centred, other = predicted - predicted.mean(), true - true.mean()
    return float((centred @ other) / (np.linalg.norm(centred) * np.linalg.norm(other)))


def spearman(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Spearman's rank correlation; equal values share the mean of their ranks."""
    return pearson(ranks(predicted), ranks(true))


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, ascending; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[places.reshape(-1)]


_METRICS: dict[str, Callable[..., float]] = dict(
    zip(METRICS, (accuracy, f1, macro_f1, matthews, pearson, spearman), strict=True)
)
