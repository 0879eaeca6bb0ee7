"""The result of a finished run.

Comes in: nothing. Goes out: `ClassificationResult`, kept as `result.json` in the run folder.

A literal example: `{"task": "rte", "method": "kd", "seed": 1, "figures": {"validation": {"accuracy": 0.654}},
"main_metric": "accuracy", "parameters": 66956546, "ms_per_example": 7.1, "layers": 6, "folder": "runs/rte/kd"}`
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from qgkd.files.json_files import write_json

RESULT_NAME = "result.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationResult:
    """One run's row of a table."""

    task: str
    method: str
    seed: int
    figures: dict[str, dict[str, float]]
    """Each split that was scored (`validation`, `validation_mismatched`, `test`): each metric as a fraction."""
    main_metric: str
    """The metric tables compare."""
    parameters: int
    """Of the trained model, without projections and teachers."""
    ms_per_example: float
    """Milliseconds of forward pass per example of the last split scored, at the evaluation's batch size."""
    layers: int
    """Of the model that was trained."""
    folder: Path
    """The run folder; the model is in its `model`."""
    kind: str = ""
    """`BiLSTM` or `TextCNN`; empty for an encoder."""

    def value(self, split: str = "") -> float:
        """The main metric on a split; on `test` where there is one, else on `validation`."""
        return self.figures[split or ("test" if "test" in self.figures else "validation")][self.main_metric]


def write_result(result: ClassificationResult) -> None:
    """Write `result.json`; its presence means that the run is complete."""
    write_json(result.folder / RESULT_NAME, {**asdict(result), "folder": str(result.folder)})


def read_result(folder: Path) -> ClassificationResult | None:
    """A complete run's result; None where the run is not complete."""
    path = folder / RESULT_NAME
    if not path.is_file():
        return None
    loaded = json.loads(path.read_text(encoding="utf-8"))
    return ClassificationResult(**{**loaded, "folder": folder})
