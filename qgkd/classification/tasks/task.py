"""What is to be predicted, and how a prediction is judged.

Comes in: nothing. Goes out: `ClassificationTask`: `qgkd.classification.tasks.glue_tasks` has the nine of GLUE,
`qgkd.classification.tasks.readers` makes one from a user's files.

A literal example: `ClassificationTask(name="rte", labels=("entailment", "not_entailment"), metrics=("accuracy",),
main_metric="accuracy", splits=("train", "validation", "test"), pair=True)`
"""

from __future__ import annotations

from dataclasses import dataclass

METRICS = ("accuracy", "f1", "macro_f1", "matthews", "pearson", "spearman")
"""What `qgkd.classification.metrics` computes."""

TRAIN, VALIDATION, TEST, TRANSFER = "train", "validation", "test", "transfer"
"""The splits' names. `transfer` has texts whose labels are never read: the teacher labels them. MNLI has
`validation_mismatched` and `test_mismatched` besides; a split that begins with `validation` is scored as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationTask:
    """One task, independent of its files."""

    name: str
    """As in the commands, e.g. `rte` or `mnli`."""
    labels: tuple[str, ...] | None
    """The classes in the order of the logits; None is regression, one number per example."""
    metrics: tuple[str, ...]
    """Of `METRICS`, in the order they are printed."""
    main_metric: str
    """The one that tables compare and early stopping looks at."""
    splits: tuple[str, ...]
    """Which of train, validation, test, transfer (and the mismatched ones of MNLI) there are."""
    pair: bool
    """Whether an example has two texts."""

    @property
    def is_regression(self) -> bool:
        """Whether a number is predicted, not a class."""
        return self.labels is None

    @property
    def num_labels(self) -> int:
        """Logits per example: the number of classes, 1 in regression."""
        return 1 if self.labels is None else len(self.labels)
