"""Trains one stage: plans its steps, resumes it where it was killed, skips it where it is done.

Comes in: a `Stage` and the weights before it. Goes out: its folder:

    plan.json       steps, decided once from the time allowed and the speed measured
    checkpoint-N/   as of any run
    model/          the best model by validation
    done.json       written last

A literal example: 10 minutes at 2.5 steps per second are 1,500 steps; a killed stage resumes from its newest
checkpoint.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch
from transformers import TrainingArguments

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.errors import UserError
from qgkd.files.json_files import read_json, write_json
from qgkd.model_recipe.speed import step_seconds
from qgkd.model_recipe.stage_settings import StageSettings
from qgkd.training.arguments import training_arguments
from qgkd.training.checkpoints import last_checkpoint
from qgkd.training.config import TrainConfig, make_config
from qgkd.training.main_process import is_main, say
from qgkd.training.model import TrainingModel, freeze_embeddings, starting_checkpoint
from qgkd.training.trainer import QGTrainer


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage."""

    name: str
    settings: StageSettings
    sections: dict[str, dict[str, Any]]
    """Of the `TrainConfig`: model, rows, evaluation."""
    train: dict[str, Any]
    """Passed to `TrainingArguments`."""
    dataset: Callable[[Checkpoint, int, int], Any]
    """(checkpoint, items in all, items per step) to the rows in training order."""
    validator: Callable[[Checkpoint, TrainConfig], Any]
    lineage: dict[str, Any]
    """The record `qgkd.json` of its model, without the format."""
    inputs: Any
    """What the stage depends on besides its settings: the prepared data, the stage before."""
    decoding: dict[str, Any] = field(default_factory=dict)
    """Search settings of the model, in training and in its record; empty is plain greedy search."""
    frozen_embeddings: bool = False
    trainer: Callable[..., QGTrainer] = QGTrainer
    cost: float = 1.0
    """Time of its steps as a multiple of plain training steps on as many rows."""

    @property
    def fingerprint(self) -> str:
        """Digest that changes with whatever would change the model."""
        values = [self.name, vars(self.settings), self.sections, self.train, self.inputs]
        return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def run_stage(stage: Stage, folder: Path, base: Path | None, *, force: bool = False) -> Path:
    """Train a stage or resume it, unless it is done.

    Args:
        stage: What is trained.
        folder: Its own folder.
        base: The model before it; None builds one of the config's sizes.
        force: Begin again where the folder holds the stage with other settings.

    Returns:
        The folder of its best model.
    """
    done = read_json(folder / "done.json")
    if done.get("fingerprint") == stage.fingerprint and (folder / "model").is_dir():
        say(f"stage {stage.name}: done before ({folder})")
        return folder / "model"
    plan = _settle(stage, folder, force)
    config = _config(stage, folder, base, int(plan.get("steps", 1)))
    checkpoint = starting_checkpoint(config)
    if stage.frozen_embeddings:
        freeze_embeddings(checkpoint.model)
    if stage.decoding:
        checkpoint = replace(checkpoint, record={**checkpoint.record, "decoding": stage.decoding})
    if not plan:
        plan = _make_plan(stage, folder, config, checkpoint)
        config = _config(stage, folder, base, plan["steps"])
    arguments = training_arguments(config)
    step_items = _step_items(arguments)
    dataset = stage.dataset(checkpoint, plan["steps"] * step_items, step_items)
    trainer = _trainer(stage, config, arguments, checkpoint, dataset)
    start = last_checkpoint(folder)
    going_on = "" if start is None else f", going on from {start.name}"
    say(f"stage {stage.name}: {plan['steps']:,} steps of {step_items} rows{going_on}")
    trainer.train(resume_from_checkpoint=None if start is None else str(start))
    if is_main():
        history = [entry for entry in trainer.state.log_history if "eval_loss" in entry or "train_runtime" in entry]
        write_json(folder / "done.json", {"fingerprint": stage.fingerprint, "plan": plan, "history": history})
    return folder / "model"


def _settle(stage: Stage, folder: Path, force: bool) -> dict[str, Any]:
    """Return the plan of a stage that was begun; {} where there is none yet."""
    plan = read_json(folder / "plan.json")
    if plan.get("fingerprint") == stage.fingerprint:
        return plan
    if plan and not force:
        raise UserError(
            f"{folder}: expected stage {stage.name} with the same settings and data, found it begun with others; "
            "choose another --out, or replace it by --force"
        )
    if is_main():
        _clear(folder)
    return {}


def _clear(folder: Path) -> None:
    for name in ("checkpoint-*", "model", ".model.*", "runs"):
        for path in folder.glob(name):
            shutil.rmtree(path)
    for name in ("plan.json", "done.json", "log.jsonl"):
        (folder / name).unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)


def _config(stage: Stage, folder: Path, base: Path | None, steps: int) -> TrainConfig:
    settings, train = stage.settings, stage.train
    every = max(1, math.ceil(steps / max(1, settings.evaluations)))
    accumulation = int(train.get("gradient_accumulation_steps", 1))
    # Warm-up takes at most a tenth of a short stage.
    warm_up = min(int(train.get("warmup_steps", 200)), steps // 10)
    sections = copy.deepcopy(stage.sections)
    sections["model"]["base"] = "" if base is None else str(base)
    sections["data"] = {"train": [stage.name], "validation": stage.name}
    sections.setdefault("evaluation", {})["every_steps"] = every
    sections["train"] = {
        "save_steps": every,
        "save_total_limit": 2,  # the best one is always kept, so 1 would drop the newest
        "learning_rate": settings.learning_rate,
        "per_device_train_batch_size": max(1, settings.batch_size // accumulation),
        "per_device_eval_batch_size": 2 * settings.batch_size,
        **train,
        "warmup_steps": warm_up,
        "train_sampling_strategy": "sequential",
        "max_steps": steps,
        "output_dir": str(folder),
    }
    return make_config(sections, f"stage {stage.name}")


def _step_items(arguments: TrainingArguments) -> int:
    return arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size


def _trainer(
    stage: Stage, config: TrainConfig, arguments: TrainingArguments, checkpoint: Checkpoint, dataset: Any
) -> QGTrainer:
    return stage.trainer(
        model=TrainingModel(checkpoint.model),
        checkpoint=checkpoint,
        args=arguments,
        train_dataset=dataset,
        pad_id=int(cast(Any, checkpoint.tokenizer).pad_token_id),
        label_smoothing=config.rows.label_smoothing,
        validator=stage.validator(checkpoint, config),
        lineage=lambda: {**stage.lineage, **({"decoding": stage.decoding} if stage.decoding else {})},
    )


def _make_plan(stage: Stage, folder: Path, config: TrainConfig, checkpoint: Checkpoint) -> dict[str, Any]:
    """Decide the number of steps once, so that a resumed run has the schedule of an uninterrupted one."""
    settings = stage.settings
    arguments = training_arguments(config)
    probe = min(400, settings.max_steps)
    dataset = stage.dataset(checkpoint, probe * _step_items(arguments), _step_items(arguments))
    seconds = stage.cost * step_seconds(checkpoint, dataset, arguments, min(20.0, settings.max_minutes * 6))
    steps = max(1, min(settings.max_steps, int(settings.max_minutes * 60 / seconds)))
    plan = {"fingerprint": stage.fingerprint, "steps": steps, "seconds_per_step": round(seconds, 5)}
    if arguments.world_size > 1:  # every process must take the same number
        shared: list[Any] = [plan]
        torch.distributed.broadcast_object_list(shared, src=0)
        plan = shared[0]
    if is_main():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "plan.json", plan)
    return plan
