"""Times the systems of a comparison together, in milliseconds per example.

Comes in: a `Comparison` with complete runs. Goes out: `timing.json` in its folder, whose figures then stand in the
tables instead of those each run measured for itself, while the machine may have been busy.

A literal example: `{"hotel": {"teacher": 7.9, "pkd-skip": 4.0}}`: medians of three rounds, in each of which every
system runs once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from qgkd.classification.result import read_result
from qgkd.classification.tasks.store import ExampleStore
from qgkd.errors import UserError
from qgkd.experiment.classification.plan import Comparison, PlannedRun
from qgkd.experiment.engine.figures import grouped, resolved_device, time_in_turns
from qgkd.files.json_files import read_json, write_json

_NAME = "timing.json"


def time_systems(comparison: Comparison, *, rounds: int = 3, examples: int = 256) -> Path:
    """Time the first complete run of every system on every task.

    Args:
        comparison: Whose runs.
        rounds: How often each runs; the median counts.
        examples: How many examples of the scored split, the first in file order.

    Returns:
        The file written.

    Raises:
        UserError: No run is complete.
    """
    found: dict[str, dict[str, float]] = {}
    for task in comparison.tasks:
        complete = [run for run in comparison.runs if run.task == task and read_result(run.folder) is not None]
        if complete:
            runs = {system: group[0] for system, group in grouped(complete, lambda run: run.system).items()}
            passes = {name: _forward_pass(run, examples) for name, run in runs.items()}
            seconds = time_in_turns({name: forward for name, (forward, _) in passes.items()}, rounds)
            found[task] = {name: 1000 * value / passes[name][1] for name, value in seconds.items()}
    if not found:
        raise UserError(f"{comparison.folder}: expected complete runs to time, found none; run the comparison first")
    write_json(comparison.folder / _NAME, found)
    return comparison.folder / _NAME


def timed(folder: Path) -> dict[str, dict[str, float]]:
    """Read what `time_systems` wrote, by task and system; {} where it did not run."""
    return read_json(folder / _NAME)


def _forward_pass(run: PlannedRun, examples: int) -> tuple[Callable[[], Any], int]:
    """Load a run's model; return a function that runs it on the first examples, and how many those are."""
    from transformers import AutoModelForSequenceClassification

    from qgkd.classification.prediction import Predictor
    from qgkd.classification.students.kinds import register_students

    register_students()

    loaded: Any = AutoModelForSequenceClassification.from_pretrained(run.folder / "model")
    model = loaded.to(resolved_device("auto"))
    batch = int(run.config.train.get("per_device_eval_batch_size", 64))
    predictor = Predictor(pad_id=int(model.config.pad_token_id or 0), batch_examples=batch)
    test = run.folder / "data" / "test.npz"
    store = ExampleStore.load(test if test.is_file() else run.folder / "data" / "validation.npz")
    places = np.arange(min(examples, len(store)))
    return partial(predictor.logits, model, store, places), len(places)
