"""The order of classes: the same in the data, the teacher and the student.

Comes in: a task and a model's `id2label`, or a cell of a file. Goes out: an error where the orders differ; the
class a cell names.

A literal example: for MNLI a teacher with `{0: "contradiction", 1: "entailment", 2: "neutral"}` is refused, as the data
has `entailment, neutral, contradiction`: distilled from, it would teach every class as another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qgkd.classification.tasks.task import ClassificationTask
from qgkd.errors import UserError

_UNNAMED = re.compile(r"(label_)?\d+", re.I)


def id2label(task: ClassificationTask) -> dict[int, str] | None:
    """What a model trained on the task records in its config; None in regression."""
    return None if task.labels is None else dict(enumerate(task.labels))


def check_label_order(task: ClassificationTask, named: Mapping[Any, str] | None, num_labels: int, who: str) -> bool:
    """Refuse a model whose classes, in its `id2label`, differ from the data's or are in another order.

    Returns:
        Whether the order could be checked: names such as `LABEL_0` do not tell.

    Raises:
        UserError: Another number of classes, other classes, or another order; `who` begins the message.
    """
    if num_labels != task.num_labels:
        classes = ", ".join(task.labels or ("a number per example",))
        raise UserError(
            f"{who}: expected {task.num_labels} logits for {task.name} ({classes}), found {num_labels}; "
            "give a model that was trained for this task"
        )
    if task.labels is None or not named:
        return task.labels is None
    names = [str(named[key]) for key in sorted(named, key=int)]
    if all(_UNNAMED.fullmatch(name) for name in names) and not all(_UNNAMED.fullmatch(name) for name in task.labels):
        return False
    found, expected = [_plain(name) for name in names], [_plain(label) for label in task.labels]
    if found == expected:
        return True
    if sorted(found) == sorted(expected):
        raise UserError(
            f"{who}: expected the classes in the order {', '.join(task.labels)} as in {task.name}'s data, found "
            f"{', '.join(names)}; set labels in that order for the data, or train the model again"
        )
    if all(_UNNAMED.fullmatch(name) for name in names):
        return False
    raise UserError(
        f"{who}: expected the classes {', '.join(task.labels)} of {task.name}, found {', '.join(names)}; "
        "give a model that was trained for this task"
    )


def class_of(cell: Any, labels: tuple[str, ...], numbers: bool = False) -> int:
    """The place among the labels of the class that a cell names; a UserError where it names none.

    With `numbers` the file may hold the place instead of the name, as some of GLUE's do.
    """
    text = label_text(cell)
    if text in labels:
        return labels.index(text)
    if numbers and text.isdecimal() and text.isascii() and int(text) < len(labels):
        return int(text)
    raise UserError(f"expected a label of {', '.join(labels)}, found {text[:40]!r}; mend the row or give `labels`")


def score_of(cell: Any) -> float:
    """The number a cell of a regression task holds; a UserError for none, or an infinite one."""
    try:
        score = float(cell)
    except (TypeError, ValueError):
        score = float("nan")
    if not abs(score) < float("inf") or isinstance(cell, bool):
        raise UserError(f"expected a number as the label, found {str(cell)[:40]!r}; mend the row")
    return score


def label_text(cell: Any) -> str:
    """A label as text: `1`, `1.0` and `True` of JSON as `1`, `1` and `True`."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def ordered_labels(found: set[str]) -> tuple[str, ...]:
    """Classes in the order they get where none is given: numbers by size, names by alphabet."""
    if all(re.fullmatch(r"-?\d+", name) for name in found):
        return tuple(sorted(found, key=int))
    return tuple(sorted(found))


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lower())
