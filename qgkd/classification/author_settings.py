"""The settings of a method's authors, task by task: preset `authors`.

Comes in: nothing. Goes out: `AUTHORS`: by method and GLUE task, sections and their values.

A literal example: `AUTHORS["ckd"]["sst-2"]["method"]["word_angle_weight"]` is 1000.

Source: CKD's `distil_config.py` (6 layers of 512 by its first line, of 768 by its README); its code has no warm-up and
no weight decay, and batches that its README gives for the teacher alone (32). PKD's result tables
(`result/glue/result_summary`), the best run of 6 layers: batches of 32, 4 epochs, weight decay 0.01, warm-up 0.1.
Differs: CKD writes the weights of its layer relations to a name that its loss does not read; here they count. Its alpha
is not used either, its loss has the teacher's term in full and no labels; here they share it.
"""

from __future__ import annotations

from typing import Any

# Task: alpha, T, weight of distances, weight of angles, learning rate, epochs.
_CKD = {
    "cola": (0.7, 3.0, 1.0, 10.0, 5e-5, 4),
    "sst-2": (0.9, 4.0, 100.0, 1000.0, 4e-5, 4),
    "rte": (0.9, 3.0, 1.0, 10.0, 5e-5, 6),
    "qnli": (0.9, 3.0, 10.0, 1.0, 4e-5, 4),
    "mrpc": (0.7, 4.0, 1.0, 1.0, 3e-5, 4),
    "sts-b": (0.9, 1.0, 0.1, 0.1, 5e-5, 4),
    "mnli": (0.7, 4.0, 100.0, 1.0, 4e-5, 4),
    "qqp": (0.9, 2.0, 10.0, 10.0, 5e-5, 4),
}
# Task: normalised, learning rate, T, alpha, beta.
_PKD_SKIP = {
    "mrpc": (True, 2e-5, 20.0, 0.7, 8.0),
    "sst-2": (True, 5e-5, 10.0, 0.5, 100.0),
    "rte": (True, 1e-5, 10.0, 0.7, 500.0),
    "mnli": (False, 5e-5, 10.0, 0.5, 100.0),
    "qnli": (False, 5e-5, 20.0, 0.5, 100.0),
    "qqp": (False, 5e-5, 20.0, 0.7, 100.0),
}
_PKD_LAST = {
    "mrpc": (True, 2e-5, 20.0, 0.5, 10.0),
    "sst-2": (True, 2e-5, 20.0, 0.2, 100.0),
    "rte": (True, 2e-5, 20.0, 0.7, 1000.0),
    "mnli": (False, 5e-5, 20.0, 0.5, 100.0),
    "qnli": (True, 5e-5, 20.0, 0.7, 10.0),
    "qqp": (False, 5e-5, 20.0, 0.7, 100.0),
}


def _ckd(
    alpha: float, temperature: float, distance: float, angle: float, rate: float, epochs: int
) -> dict[str, dict[str, Any]]:
    weights = {f"{of}_{kind}_weight": value for of in ("word", "layer")
               for kind, value in (("distance", distance), ("angle", angle))}  # fmt: skip
    return {
        "method": {"alpha": alpha, "distill_temperature": temperature, **weights},
        "train": {
            "learning_rate": rate, "num_train_epochs": epochs, "warmup_steps": 0, "weight_decay": 0.0,
            "per_device_train_batch_size": 32,
        },
    }  # fmt: skip


def _pkd(normalised: bool, rate: float, temperature: float, alpha: float, beta: float) -> dict[str, dict[str, Any]]:
    return {
        "method": {"normalised": normalised, "distill_temperature": temperature, "alpha": alpha, "beta": beta},
        "train": {
            "learning_rate": rate, "num_train_epochs": 4, "warmup_steps": 0.1, "weight_decay": 0.01,
            "per_device_train_batch_size": 32,
        },
    }  # fmt: skip


AUTHORS: dict[str, dict[str, dict[str, dict[str, Any]]]] = {
    "ckd": {task: _ckd(*values) for task, values in _CKD.items()},
    "pkd-skip": {task: _pkd(*values) for task, values in _PKD_SKIP.items()},
    "pkd-last": {task: _pkd(*values) for task, values in _PKD_LAST.items()},
}
