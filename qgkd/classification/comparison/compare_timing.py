"""Milliseconds per example of a comparison's systems, measured together.

Comes in: a `Comparison` with complete runs. Goes out: `timing.json` in its folder, whose figures then stand in the
tables instead of those each run took by itself, at whatever else the machine was doing.

A literal example: `{"hotel": {"teacher": 7.9, "pkd-skip": 4.0}}`: medians of three rounds, in each of which every
system runs once, so that a busy minute hits them all.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from qgkd.classification.comparison.compare_config import Comparison, PlannedRun
from qgkd.classification.result import read_result
from qgkd.classification.tasks.store import ExampleStore
from qgkd.errors import UserError
from qgkd.files.json_files import write_json

_NAME = "timing.json"


def time_systems(comparison: Comparison, *, rounds: int = 3, examples: int = 256) -> Path:
    """Measure the first complete run of every system on every task.

    Args:
        comparison: Which.
        rounds: How often each runs; the median counts.
        examples: How many examples of the measured split, the first in file order.

    Returns:
        The file written.

    Raises:
        UserError: No run is complete.
    """
    found: dict[str, dict[str, float]] = {}
    for task in comparison.tasks:
        runs: dict[str, PlannedRun] = {}
        for run in comparison.runs:
            if run.task == task and read_result(run.folder) is not None:
                runs.setdefault(run.system, run)
        if runs:
            found[task] = _in_turns(runs, rounds, examples)
    if not found:
        raise UserError(f"{comparison.folder}: expected complete runs to time, found none; run the comparison first")
    write_json(comparison.folder / _NAME, found)
    return comparison.folder / _NAME


def timed(folder: Path) -> dict[str, dict[str, float]]:
    """What `time_systems` wrote, by task and system; empty where it did not run."""
    path = folder / _NAME
    held: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return held


def _in_turns(runs: dict[str, PlannedRun], rounds: int, examples: int) -> dict[str, float]:
    import torch
    from transformers import AutoModelForSequenceClassification

    from qgkd.classification.prediction import Predictor

    device = "cuda" if torch.cuda.is_available() else "cpu"
    loaded: dict[str, tuple[Any, Predictor, ExampleStore]] = {}
    for name, run in runs.items():
        model = AutoModelForSequenceClassification.from_pretrained(run.folder / "model").to(device)
        batch = int(run.config.train.get("per_device_eval_batch_size", 64))
        predictor = Predictor(pad_id=int(model.config.pad_token_id or 0), batch_examples=batch)
        loaded[name] = (model, predictor, _measured_split(run.folder / "data"))
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for round_number in range(rounds + 1):
        for name, (model, predictor, store) in loaded.items():
            places = np.arange(min(examples, len(store)))
            began = time.perf_counter()
            predictor.logits(model, store, places)
            if round_number:  # the first warms up
                taken[name].append(1000 * (time.perf_counter() - began) / len(places))
    return {name: statistics.median(values) for name, values in taken.items()}


def _measured_split(data: Path) -> ExampleStore:
    test = data / "test.npz"
    return ExampleStore.load(test if test.is_file() else data / "validation.npz")
