"""Presets: sets of settings by name.

Comes in: the sections of a config, `method.preset` among them. Goes out: the same with the preset's values as
defaults.

A literal example: `[method] name = "ckd", preset = "rte-report"` trains at a learning rate of 5e-5 for 6 epochs with
T = 3, alpha 0.9 and weights 1, 16, 128, 64.

`rte-report` holds the values of a 2021 project report that compared Dynamic KD and CKD on RTE with a student of the
first 6 layers of bert-base-uncased; what it leaves open is taken from the method's code. Its batches are of 16.
`authors` holds the values of CKD's and PKD's authors for the task (`qgkd.classification.author_settings`).
"""

from __future__ import annotations

from typing import Any

from qgkd.classification.author_settings import AUTHORS
from qgkd.errors import UserError

_TEACHER: dict[str, Any] = {"train": {"learning_rate": 5e-5, "num_train_epochs": 3, "warmup_steps": 0.05}}
_STUDENT: dict[str, Any] = {"train": {"learning_rate": 2e-5, "num_train_epochs": 3, "warmup_steps": 0.1}}
_SELECTION: dict[str, Any] = {"train": {**_STUDENT["train"], "warmup_steps": 0.05}}
_LOGITS: dict[str, Any] = {"logits_loss": "mse"}
_PKD: dict[str, Any] = {
    "method": {"alpha": 0.7, "beta": 500.0, "distill_temperature": 10.0, "normalised": True},
    "train": {
        "learning_rate": 1e-5, "num_train_epochs": 4, "warmup_steps": 0.1, "per_device_train_batch_size": 32,
        "weight_decay": 0.01,
    },
}  # fmt: skip
_CKD: dict[str, Any] = {
    "method": {
        "alpha": 0.9,
        "distill_temperature": 3.0,
        "word_distance_weight": 1.0,
        "layer_distance_weight": 128.0,
        "word_angle_weight": 16.0,
        "layer_angle_weight": 64.0,
    },
    "train": {"learning_rate": 5e-5, "num_train_epochs": 6, "warmup_steps": 0},
}

RTE_REPORT: dict[str, dict[str, Any]] = {
    "fine-tune": _TEACHER,
    "kd": {"method": {"alpha": 0.5, **_LOGITS}, **_STUDENT},
    "pkd-skip": _PKD,
    "pkd-last": _PKD,
    "dynamic-teacher-hard": {"method": _LOGITS, **_SELECTION},
    "dynamic-teacher-soft": {"method": _LOGITS, **_SELECTION},
    "dynamic-teacher-soft-batch": {"method": _LOGITS, **_SELECTION},
    "dynamic-data": {"method": _LOGITS, **_STUDENT},
    "dynamic-supervision": {"method": {**_LOGITS, "states_weight": 4.0}, **_STUDENT},
    "ckd": _CKD,
}
"""By method: sections and their values."""

_EVERY: dict[str, dict[str, Any]] = {
    "task": {"max_tokens": 128},
    "train": {"per_device_train_batch_size": 16, "weight_decay": 0.0},
}
PRESETS = ("rte-report", "authors")


def with_preset(sections: dict[str, Any], source: str = "config") -> dict[str, Any]:
    """Take the preset's values where none are given.

    Raises:
        UserError: An unknown preset, or one without values for the method.
    """
    method = dict(sections.get("method", {}))
    name = method.pop("preset", "")
    if not name:
        return sections
    if name not in PRESETS:
        raise UserError(f"{source}: method.preset must be one of {PRESETS}, was {name!r}; correct it")
    known: dict[str, Any] = RTE_REPORT if name == "rte-report" else AUTHORS
    of_method = known.get(str(method.get("name", "fine-tune")))
    if of_method is None:
        raise UserError(
            f"{source}: preset {name} has values for {', '.join(known)}, found method {method.get('name')!r}"
        )
    every = _EVERY
    if name == "authors":
        every, task = {"task": {"max_tokens": 128}}, str(sections.get("task", {}).get("name", ""))
        if task not in of_method:
            raise UserError(
                f"{source}: preset {name} has values of {method['name']} for {', '.join(of_method)}, found task "
                f"{task!r}; leave the preset out"
            )
        of_method = of_method[task]
    merged = {**sections, "method": method}
    for part in (of_method, every):
        for section, values in part.items():
            merged[section] = {**values, **merged.get(section, {})}
    return merged
