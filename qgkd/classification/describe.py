"""The description of a run: a line for the log, the fields of the model's record.

Comes in: a run's config, data and models. Goes out: text; a dict for `qgkd.json`.

A literal example: `rte: 2,490 train, 277 validation examples. A model of 6 layers learns from bert, a model of 12
layers: ...`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.encoder import encoder_shape
from qgkd.classification.config import ClassificationConfig
from qgkd.classification.students.kinds import kind_of
from qgkd.classification.tasks.prepared import PreparedTask
from qgkd.distillation.objectives.objective import Objective
from qgkd.files.fingerprint import model_sha256
from qgkd.training.lineage import checkout_commit


def summary(
    config: ClassificationConfig,
    prepared: PreparedTask,
    objectives: Sequence[Objective],
    student: Checkpoint,
    teachers: Sequence[Checkpoint],
) -> str:
    """Data, models and terms, as a line for the log."""
    counts = ", ".join(f"{len(store):,} {name}" for name, store in prepared.splits.items())
    cut = sum(int(store.about.get("examples_cut", 0)) for store in prepared.splits.values())
    parts = [f"{prepared.task.name}: {counts} examples"]
    if cut:
        parts.append(f"{cut:,} cut at {config.task.max_tokens} tokens")
    left_out = {name: count for name, count in prepared.left_out.items() if count}
    parts += [f"{count:,} left out of {name} (in task.exclude_texts_of)" for name, count in left_out.items()]
    if prepared.problems:
        parts.append(f"{len(prepared.problems):,} rows left out, the first: {prepared.problems[0]}")
    terms = ", ".join(f"{each.name} x {_weight(each):g}" for each in objectives)
    names = " and ".join(f"{each.name}, {described(each.model)}" for each in teachers)
    learns = f"learns from {names}" if names else "learns from the labels"
    return f"{'; '.join(parts)}. {_capital(described(student.model))} {learns}: {terms}."


def lineage(
    config: ClassificationConfig,
    sections: dict[str, Any],
    prepared: PreparedTask,
    student: Checkpoint,
    teachers: Sequence[Checkpoint],
    seed: int,
) -> dict[str, Any]:
    """The fields of the model's record; `sections` is the resolved config."""
    base = {key: student.record[key] for key in ("script", "base", "trained_on") if key in student.record}
    named = [
        {"name": each.name, "sha256": model_sha256(folder), "layers": _layers(each)}
        for each, folder in zip(teachers, config.model.teachers, strict=True)
    ]
    return {
        **({"script": config.task.script} if config.task.script else {}),
        "classification": {
            "task": prepared.task.name,
            "labels": prepared.task.labels,
            "max_tokens": config.task.max_tokens,
            "examples": {name: len(store) for name, store in prepared.splits.items()},
        },
        "base": {"name": config.model.base, **base},
        **({"teachers": named} if named else {}),
        "config": sections,
        "seed": seed,
        "commit": checkout_commit(),
    }


def described(model: Any) -> str:
    """What a model is: `a model of 6 layers`, `a BiLSTM`."""
    kind = kind_of(model)
    return f"a {kind}" if kind else f"a model of {encoder_shape(model).layers} layers"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _layers(checkpoint: Checkpoint) -> int:
    return encoder_shape(checkpoint.model).layers


def _weight(objective: Objective) -> float:
    inner = getattr(objective, "objective", None)
    return objective.weight * (inner.weight if isinstance(inner, Objective) else 1.0)
