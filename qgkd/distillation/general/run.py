"""One general stage, from a config to a run folder.

Comes in: a `GeneralRun`. Goes out: the run folder:

    config.toml     the resolved config
    text/           the tokens of the text files (`text_windows`)
    checkpoint-N/   what a resumed run needs
    model/          the student, a masked language model: a base for `qgkd glue run`, `qgkd distill`, or the next
                    general stage, whose teacher it may be (MiniLM's teacher assistant)
    log.jsonl       every log entry

A literal example: `general_stage(make_general_run({"general": {"teacher": "bert-base-chinese", "text": ["wiki.txt"]},
"student": {"layers": 6}, "train": {"output_dir": "runs/tinybert"}}))`
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from transformers import TrainingArguments, set_seed

from qgkd.checkpoints.checkpoint import Checkpoint, load_checkpoint
from qgkd.checkpoints.encoder import encoder_shape
from qgkd.checkpoints.record import RECORD_NAME, read_record
from qgkd.distillation.general.config import GeneralRun
from qgkd.distillation.general.masked_rows import MaskedRows
from qgkd.distillation.general.text_windows import TextWindows, text_windows
from qgkd.distillation.methods.settings import objectives_of
from qgkd.distillation.models import check_tokenizers, some_layers_of
from qgkd.distillation.objectives.objective import needs_of, projections_of
from qgkd.distillation.teachers.capture import DistillCapture
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.distillation.trainer import DistillTrainer
from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.files.fingerprint import model_sha256
from qgkd.files.json_files import write_json
from qgkd.files.toml_values import to_toml
from qgkd.model_input.batch import Batch
from qgkd.training.arguments import DEFAULTS, ELSEWHERE, build_arguments
from qgkd.training.checkpoints import last_checkpoint
from qgkd.training.lineage import checkout_commit
from qgkd.training.loss import LossTerm
from qgkd.training.main_process import is_main, say
from qgkd.training.run import settle_folder, vocabulary_of

_DEFAULTS: dict[str, Any] = {
    **DEFAULTS,
    "learning_rate": 1e-4,
    "num_train_epochs": 3,  # Jiao et al. 2020, section 4.2
    "per_device_train_batch_size": 32,
    "train_sampling_strategy": "random",
    "warmup_steps": 0.1,  # share of the steps
}


class GeneralTrainer(DistillTrainer):
    """Trains a student on raw text; where no term is on logits, the heads run on one position a batch."""

    counted = "windows"

    def __init__(self, *, on_logits: bool, **options: Any) -> None:
        super().__init__(**options)
        self._on_logits = on_logits

    def training_batch(self, batch: Batch) -> Batch:
        """The batch, its scored positions no more than are needed."""
        if self._on_logits:
            return batch
        inputs = replace(batch.inputs, scored_positions=batch.inputs.scored_positions[:1])
        return replace(batch, inputs=inputs, targets=batch.targets[:1])

    def watch(self, student: DistillCapture, teacher: DistillCapture, batch: Batch) -> list[LossTerm]:
        """Agreement with the teacher, where logits are learnt."""
        return super().watch(student, teacher, batch) if self._on_logits else []

    def write_record(self, folder: Path, record: dict[str, Any]) -> None:
        """Write `qgkd.json` without an input format: the model writes no questions yet."""
        write_json(folder / RECORD_NAME, record)


def general_stage(run: GeneralRun, *, resume: bool = False, force: bool = False) -> Path:
    """Train the student; arguments, errors and the folder returned are those of `qgkd.training.run.run_training`."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # a bar per file written
    folder, sections = run.run_folder, run.to_json()
    settle_folder(folder, sections, ("general", "student"), resume=resume, force=force)
    arguments = build_arguments({**_DEFAULTS, **run.train}, {}, ELSEWHERE)
    teacher = _load(run.general.teacher)
    set_seed(arguments.seed)
    student = _student(run, teacher)
    _check_window(run, student, teacher)
    with arguments.main_process_first(desc="tokenising"):
        body = run.general.window_tokens - 2
        windows = text_windows(run.general.text, teacher.tokenizer, body, folder / "text")
    if is_main():
        with write_atomically(folder / "config.toml") as file:
            file.write(to_toml(sections))
    trainer = _trainer(run, arguments, teacher, student, windows)
    start = last_checkpoint(folder) if resume else None
    trainer.train(resume_from_checkpoint=None if start is None else str(start))
    trainer.keep_model()
    return folder


def _trainer(
    run: GeneralRun, arguments: TrainingArguments, teacher: Checkpoint, student: Checkpoint, windows: TextWindows
) -> GeneralTrainer:
    shapes = encoder_shape(student.model), encoder_shape(teacher.model)
    objectives = objectives_of(run.general.method_section, *shapes)
    needs = needs_of(objectives)
    vocabulary, tokenizer = vocabulary_of(student), student.tokenizer
    rows = MaskedRows(
        windows,
        vocabulary,
        (int(tokenizer.cls_token_id), int(tokenizer.sep_token_id)),
        mask_share=run.general.mask_share,
        smoothing=run.general.mask_smoothing,
        seed=int(arguments.seed),
    )
    terms = ", ".join(f"{each.name} x {each.weight:g}" for each in objectives)
    say(
        f"{len(windows):,} windows of {run.general.window_tokens} tokens. A student of {shapes[0].layers} layers of "
        f"{shapes[0].width} learns from {teacher.name} of {shapes[1].layers} of {shapes[1].width}: {terms}."
    )
    record = _lineage(run, teacher, student, windows, int(arguments.seed))
    set_seed(arguments.seed)
    return GeneralTrainer(
        on_logits=needs[0].logits,
        teacher=Teacher(teacher.model, needs[1]),
        objectives=objectives,
        model=CapturingModel(student.model, needs[0], projections_of(objectives, *shapes)),
        checkpoint=student,
        args=arguments,
        train_dataset=cast(Any, rows),
        pad_id=vocabulary.pad_id,
        lineage=lambda: record,
    )


def _load(name: str) -> Checkpoint:
    """A masked language model, whatever it was trained for."""
    return load_checkpoint(name, attention=None if "format" in read_record(name) else "recurrent")


def _student(run: GeneralRun, teacher: Checkpoint) -> Checkpoint:
    """Layers of the base, or new weights of sizes of its own."""
    settings = run.student
    base = _load(settings.base) if settings.base else teacher
    check_tokenizers(base, teacher)
    if settings.hidden_size is None:
        name = settings.base or run.general.teacher
        dropout = float(getattr(base.model.config, "hidden_dropout_prob", 0.1))
        return some_layers_of(base, name, settings.layers, settings.drop, dropout)
    config: Any = copy.deepcopy(base.model.config)
    config.num_hidden_layers, config.hidden_size = settings.layers, settings.hidden_size
    config.intermediate_size = settings.intermediate_size or 4 * settings.hidden_size
    try:
        model = type(base.model)(config)
    except ValueError as error:
        raise UserError(f"[student]: a model of these sizes cannot be built: {error}; correct them") from error
    script = {"script": base.record["script"]} if "script" in base.record else {}
    return replace(base, model=cast(Any, model).eval(), record=script)


def _check_window(run: GeneralRun, *models: Checkpoint) -> None:
    for model in models:
        if run.general.window_tokens > model.input_format.max_total_tokens:
            raise UserError(
                f"general.window_tokens must be at most the {model.input_format.max_total_tokens} positions of "
                f"{model.name}, was {run.general.window_tokens}; lower it"
            )


def _lineage(
    run: GeneralRun, teacher: Checkpoint, student: Checkpoint, windows: TextWindows, seed: int
) -> dict[str, Any]:
    kept: dict[str, Any] = {name: student.record[name] for name in ("script", "base") if name in student.record}
    about = {"method": run.general.method, "windows": len(windows), "files": windows.about["files"]}
    return {
        **kept,
        "general": about,
        "teacher": {"name": teacher.name, "sha256": model_sha256(run.general.teacher)},
        "config": run.to_json(),
        "seed": seed,
        "commit": checkout_commit(),
    }
