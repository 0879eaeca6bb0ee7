"""One classification run, from a config to a run folder.

Comes in: a `ClassificationConfig`. Goes out: `ClassificationResult`, and the run folder:

    config.toml     the resolved config
    checkpoint-N/   what a resumed run needs; gone once the run is complete
    model/          the model that is handed on, a plain `save_pretrained` folder
    log.jsonl       every log entry
    result.json     figures, parameters, milliseconds per example: there where the run is complete

A literal example: `run_classification(load_classification_config("rte.toml")).value()` is 0.654.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from qgkd.classification.config import ClassificationConfig
from qgkd.classification.examples import ClassificationExample
from qgkd.classification.result import ClassificationResult
from qgkd.classification.task import ClassificationTask


class TaskData(Protocol):
    """A task with its examples."""

    task: ClassificationTask

    def examples(self, split: str) -> Sequence[ClassificationExample]:
        """A split's examples, in file order."""


def run_classification(
    config: ClassificationConfig, *, resume: bool = False, force: bool = False, data: TaskData | None = None
) -> ClassificationResult:
    """Train, choose, measure.

    Args:
        config: The run.
        resume: Go on from the run folder's newest checkpoint; a complete run gives its result at once.
        force: Remove an earlier run from the folder first.
        data: The task; from `config.task` where None.

    Raises:
        UserError: A run is there already, or task, models and method do not fit together.
    """
    raise NotImplementedError
