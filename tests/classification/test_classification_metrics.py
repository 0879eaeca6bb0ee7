"""A task's figures: against definitions written out, and against what scikit-learn and scipy give."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from qgkd.classification import metrics
from qgkd.classification.tasks.glue_tasks import GLUE_TASKS
from qgkd.classification.tasks.task import METRICS, ClassificationTask
from qgkd.errors import UserError

THREE_PREDICTED = [1, 1, 0, 1, 0, 0, 2, 2, 1, 0]
THREE_TRUE = [1, 0, 0, 1, 1, 0, 2, 1, 2, 0]
SCORES_PREDICTED = [1.5, 2, 2, 3.5, 5, 0]
SCORES_TRUE = [1, 3, 2, 2, 4.5, 0.5]


def task(labels: tuple[str, ...] | None, *names: str) -> ClassificationTask:
    return ClassificationTask(
        name="toy", labels=labels, metrics=names, main_metric=names[0], splits=("train",), pair=False
    )


def test_against_scikit_learn_and_scipy() -> None:
    """The figures of scikit-learn 1.9.1 and scipy 1.17.1 on the same numbers."""
    classes = task(("a", "b", "c"), "accuracy", "macro_f1", "matthews")
    assert metrics.task_metrics(classes, THREE_PREDICTED, THREE_TRUE) == pytest.approx(
        {"accuracy": 0.6, "macro_f1": 0.5833333333333334, "matthews": 0.375}
    )
    scores = task(None, "pearson", "spearman")
    assert metrics.task_metrics(scores, SCORES_PREDICTED, SCORES_TRUE) == pytest.approx(
        {"pearson": 0.8615671384367385, "spearman": 0.8676470588235294}
    )


def test_against_the_definitions() -> None:
    """Two classes: from the four counts. Ranks: by comparing every pair of values."""
    draw = random.Random(3)
    for _ in range(30):
        true = [draw.randint(0, 1) for _ in range(12)]
        predicted = [draw.randint(0, 1) for _ in range(12)]
        cells = {
            pair: sum(p == pair for p in zip(predicted, true, strict=True))
            for pair in itertools.product((0, 1), repeat=2)
        }
        tp, tn, fp, fn = cells[1, 1], cells[0, 0], cells[1, 0], cells[0, 1]
        below = math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
        found = metrics.task_metrics(task(("n", "p"), "matthews", "f1", "accuracy"), predicted, true)
        assert found["matthews"] == pytest.approx((tp * tn - fp * fn) / below if below else 0)
        assert found["f1"] == pytest.approx(2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0)
        assert found["accuracy"] == (tp + tn) / 12
        values = [draw.choice((0.5, 1.0, 2.5, 7.0)) for _ in range(9)]
        expected = [sum(other < value for other in values) + (values.count(value) + 1) / 2 for value in values]
        assert metrics.ranks(np.asarray(values)).tolist() == expected


def test_edges_are_zero_not_nan() -> None:
    """One class alone, one value alone, one example."""
    both = task(("n", "p"), "matthews", "f1", "macro_f1", "accuracy")
    assert metrics.task_metrics(both, [0, 0, 0], [0, 1, 0]) == pytest.approx(
        {"matthews": 0, "f1": 0, "macro_f1": 0.4, "accuracy": 2 / 3}
    )
    assert metrics.task_metrics(task(None, "pearson", "spearman"), [2.0], [3.0]) == {"pearson": 0, "spearman": 0}
    assert metrics.task_metrics(task(None, "pearson"), [1, 1, 1], [1, 2, 3]) == {"pearson": 0}


@pytest.mark.parametrize(("predicted", "true"), [([], []), ([1, 0], [1]), ([[0.1, 0.9]], [1]), ([1, 0], [1, math.nan])])
def test_what_cannot_be_scored_is_reported(predicted: list, true: list) -> None:
    with pytest.raises(UserError, match="toy: expected"):
        metrics.task_metrics(task(("n", "p"), "accuracy"), predicted, true)


def test_every_metric_of_every_task_is_known() -> None:
    for glue in GLUE_TASKS.values():
        assert set(glue.task.metrics) <= set(METRICS)
        assert glue.task.main_metric in glue.task.metrics
    assert {name: glue.task.main_metric for name, glue in GLUE_TASKS.items()} == {
        "cola": "matthews",
        "sst-2": "accuracy",
        "mrpc": "f1",
        "sts-b": "spearman",
        "qqp": "f1",
        "mnli": "accuracy",
        "qnli": "accuracy",
        "rte": "accuracy",
        "wnli": "accuracy",
    }
