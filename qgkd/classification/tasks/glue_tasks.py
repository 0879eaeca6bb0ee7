r"""The nine tasks of GLUE: classes, metrics, files and columns.

Comes in: nothing. Goes out: `GLUE_TASKS`, read by `qgkd.classification.tasks.data`.

A literal example: `GLUE_TASKS["cola"].files["train"]` is `"train.tsv"` of the folder `CoLA`, whose lines
`gj04\t1\t\tOur friends won't buy this analysis.` have no header.

Source: Wang et al. 2019, "GLUE: A Multi-Task Benchmark and Analysis Platform", table 1, for tasks and metrics; Devlin
et al. 2019, "BERT", table 1, for the one figure of a task with two. The order of the classes is that of the hub's
`nyu-mll/glue`, which most models of the hub were trained with.
Differs: the first converter of TinyBERT's code has MNLI as contradiction, entailment, neutral; a model of that order is
refused (`qgkd.classification.tasks.labels`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qgkd.classification.tasks.task import ClassificationTask

HUB_DATA_SET = "nyu-mll/glue"
_FILES = {"train": "train.tsv", "validation": "dev.tsv", "test": "test.tsv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GlueTask:
    """A task of GLUE with its files and columns."""

    task: ClassificationTask
    folder: str
    """Of its TSV files."""
    text_a: str
    """Column of the first text."""
    text_b: str | None = None
    """Column of the second."""
    label: str = "label"
    """Column of the label; test files have none."""
    files: dict[str, str] = field(default_factory=lambda: dict(_FILES))
    """File of each split."""
    headless: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns of splits without a header line."""
    hub_texts: tuple[str, ...] = ()
    """The texts' columns on the hub, where the names differ from the TSV files'."""
    hub_name: str = ""
    """Its name on the hub, where it differs."""


def _task(
    name: str, labels: tuple[str, ...] | None, metrics: tuple[str, ...], main: str = "", **more: Any
) -> ClassificationTask:
    options = {"splits": tuple(_FILES), "pair": True, **more}
    return ClassificationTask(name=name, labels=labels, metrics=metrics, main_metric=main or metrics[0], **options)


_ENTAILMENT = ("entailment", "not_entailment")
_MNLI = {"train": "train.tsv", "validation": "dev_matched.tsv", "validation_mismatched": "dev_mismatched.tsv",
         "test": "test_matched.tsv", "test_mismatched": "test_mismatched.tsv"}  # fmt: skip
_COLA = ("source", "label", "mark", "sentence")
_ACCURACY = ("accuracy",)

GLUE_TASKS: dict[str, GlueTask] = {
    "cola": GlueTask(
        task=_task("cola", ("unacceptable", "acceptable"), ("matthews", "accuracy"), pair=False),
        folder="CoLA", text_a="sentence", headless={"train": _COLA, "validation": _COLA},
    ),
    "sst-2": GlueTask(
        task=_task("sst-2", ("negative", "positive"), _ACCURACY, pair=False),
        folder="SST-2", text_a="sentence", hub_name="sst2",
    ),
    "mrpc": GlueTask(
        task=_task("mrpc", ("not_equivalent", "equivalent"), ("accuracy", "f1"), "f1"),
        folder="MRPC", text_a="#1 String", text_b="#2 String", label="Quality", hub_texts=("sentence1", "sentence2"),
    ),
    "sts-b": GlueTask(
        task=_task("sts-b", None, ("pearson", "spearman"), "spearman"),
        folder="STS-B", text_a="sentence1", text_b="sentence2", label="score", hub_name="stsb",
    ),
    "qqp": GlueTask(
        task=_task("qqp", ("not_duplicate", "duplicate"), ("accuracy", "f1"), "f1"),
        folder="QQP", text_a="question1", text_b="question2", label="is_duplicate",
    ),
    "mnli": GlueTask(
        task=_task("mnli", ("entailment", "neutral", "contradiction"), _ACCURACY, splits=tuple(_MNLI)),
        folder="MNLI", text_a="sentence1", text_b="sentence2", label="gold_label", files=_MNLI,
        hub_texts=("premise", "hypothesis"),
    ),
    "qnli": GlueTask(task=_task("qnli", _ENTAILMENT, _ACCURACY), folder="QNLI", text_a="question", text_b="sentence"),
    "rte": GlueTask(task=_task("rte", _ENTAILMENT, _ACCURACY), folder="RTE", text_a="sentence1", text_b="sentence2"),
    "wnli": GlueTask(
        task=_task("wnli", ("not_entailment", "entailment"), _ACCURACY),
        folder="WNLI", text_a="sentence1", text_b="sentence2",
    ),
}  # fmt: skip
"""By name, as in `task.name`; `sst2` and `stsb` are taken for `sst-2` and `sts-b`."""

_OTHER_NAMES = {"sst2": "sst-2", "stsb": "sts-b", "mnli-m": "mnli", "mnli-mm": "mnli"}


def glue_task(name: str) -> GlueTask | None:
    """The task of a name in any case, None where GLUE has none of it."""
    lowered = name.strip().lower().replace("_", "-")
    return GLUE_TASKS.get(_OTHER_NAMES.get(lowered, lowered))
