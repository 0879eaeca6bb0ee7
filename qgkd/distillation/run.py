"""One distillation run, from a config to a run folder.

Comes in: a `DistillRun`. Goes out: the run folder of `qgkd.training.run`, its `model` the student; with
`distill.cached_top_k` also `teacher_logits/`.

A literal example: `distill(load_distill_run("distill.toml"))` gives `runs/student`, and
`self_train(load_config("selftrain.toml"))` trains `runs/student/model` further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments, set_seed

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.encoder import EncoderShape, encoder_shape
from qgkd.checkpoints.record import read_record
from qgkd.distillation.cached_logits import (
    CachedCollator,
    CachedRows,
    CachedTeacher,
    cached_logits,
    check_cacheable,
    top_logits,
)
from qgkd.distillation.config import DistillRun
from qgkd.distillation.methods import settings as methods
from qgkd.distillation.models import check_pair, load_student, load_teacher
from qgkd.distillation.objectives.logits import HardLabels
from qgkd.distillation.objectives.objective import Objective, needs_of, projections_of
from qgkd.distillation.objectives.schedule import Schedule
from qgkd.distillation.objectives.teacher_selection import check_sizes
from qgkd.distillation.teachers.capture import Needs
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.distillation.teachers.recurrent_teacher import RecurrentTeacher
from qgkd.distillation.teachers.several_teachers import SeveralTeachers
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.distillation.trainer import AnyTeacher, DistillTrainer
from qgkd.errors import UserError
from qgkd.files.fingerprint import model_sha256
from qgkd.training.config import RowsConfig, TrainConfig
from qgkd.training.data import PreparedData
from qgkd.training.dataset import RowDataset, Vocabulary
from qgkd.training.method import TrainingMethod
from qgkd.training.run import prepare_run, run_training


def distill(run: DistillRun, *, resume: bool = False, force: bool = False) -> Path:
    """Teach a student; arguments, errors and the folder returned are `run_training`'s."""
    return run_training(run.train, resume=resume, force=force, method=Distillation(run))


def prepare_distillation(run: DistillRun) -> Path:
    """Tokenise the data and stop; see `prepare_run`."""
    return prepare_run(run.train, method=Distillation(run))


def self_train(config: TrainConfig, *, resume: bool = False, force: bool = False) -> Path:
    """Train a distilled student on the labels alone.

    Raises:
        UserError: `model.base` was not distilled.
    """
    record = read_record(config.model.base) if config.model.base else {}
    if "teacher" not in record:
        raise UserError(
            f"model.base: expected the `model` folder of a `qgkd distill` run, found no teacher in the record of "
            f"{config.model.base or 'no model at all'}; give one, or use `qgkd train`"
        )
    return run_training(config, resume=resume, force=force)


class Distillation(TrainingMethod):
    """Training by a teacher."""

    fixed_sections = (*TrainingMethod.fixed_sections, "distill", "student")

    def __init__(self, run: DistillRun) -> None:
        super().__init__(run.train)
        self._run = run
        self._teacher: Checkpoint
        self._others: list[Checkpoint]
        self._shapes: tuple[EncoderShape, EncoderShape]
        self._objectives: list[Objective]

    def sections(self) -> dict[str, Any]:
        """All sections."""
        return self._run.to_json()

    def checkpoint(self) -> Checkpoint:
        """The student; the teachers are loaded with it, and all are checked."""
        settings = self._run.distill
        self._teacher = load_teacher(settings.teacher)
        self._others = [load_teacher(settings.small_teacher)] if settings.small_teacher else []
        student = load_student(self._run, self._teacher)
        for teacher in (self._teacher, *self._others):
            check_pair(student, teacher)
        self._shapes = encoder_shape(student.model), encoder_shape(self._teacher.model)
        self._objectives = objectives_of(self._run, *self._shapes)
        check_sizes(self._objectives, (*self._others, self._teacher))
        self._reads_other_rows = student.input_format.attention is not self._teacher.input_format.attention
        if self._reads_other_rows:
            check_logits_only(self._objectives)
        if self._run.distill.cached_top_k:
            check_cacheable(self._objectives)
        return student

    def lineage(self) -> dict[str, Any]:
        """The teachers."""
        settings = self._run.distill
        found = {"teacher": _about(self._teacher, settings.teacher)}
        for other in self._others:
            found["small_teacher"] = _about(other, str(settings.small_teacher))
        return found

    def summary(self) -> str:
        """Models and terms, and what is switched off."""
        student, teacher = self._shapes
        terms = ", ".join(f"{each.name} x {each.weight:g}" for each in self._objectives)
        names = " and ".join(each.name for each in (*self._others, self._teacher))
        text = f"A student of {student.layers} layers learns from {names} of {teacher.layers}: {terms}"
        schedule, _ = methods.schedule_of(self._run.distill.method_section)
        if schedule is not Schedule.ALL_LAYER:
            text += f"; {schedule}"
        if self._reads_other_rows:
            text += (
                "; the teacher is recurrent and the student prefix, so the teacher reads a row per question token and "
                "its logits at the [MASK]s are all that is learnt: terms on hidden states and attention are off"
            )
        if self._run.distill.cached_top_k:
            text += f"; the teacher's {self._run.distill.cached_top_k} largest logits are kept, renormalised"
        return f"{text}."

    def dataset(
        self, arguments: TrainingArguments, checkpoint: Checkpoint, prepared: PreparedData, vocabulary: Vocabulary
    ) -> RowDataset:
        """The training rows, with the teacher's logits if they are cached."""
        top_k = self._run.distill.cached_top_k
        if not top_k:
            return super().dataset(arguments, checkpoint, prepared, vocabulary)
        seed = arguments.seed if arguments.data_seed is None else arguments.data_seed
        store, shape = prepared.train, (checkpoint.input_format, self.config.rows, vocabulary, seed)
        about = {**self.lineage(), "top_k": top_k, "bf16": bool(arguments.bf16)}
        about |= {name: store.about[name] for name in ("files", "choice", "vocabulary", "format")}
        plain = RowDataset(store, checkpoint.input_format, RowsConfig(), vocabulary, seed)
        device = arguments.device

        def compute() -> Any:
            teacher = self._live_teacher(Needs(logits=True)).to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=bool(arguments.bf16)):
                return top_logits(teacher, plain, top_k, self._shapes[1].outputs, device)

        with arguments.main_process_first(desc="running the teacher"):
            cache = cached_logits(self.config.run_folder / "teacher_logits", store, about, compute)
        self._teacher.model.to("cpu")  # type: ignore[arg-type]
        return CachedRows(store, *shape, cache=cache)

    def trainer(self, checkpoint: Checkpoint, **options: Any) -> DistillTrainer:
        """The trainer, its projections drawn by the run's seed."""
        settings = self._run.distill
        set_seed(options["args"].seed)
        student_needs, teacher_needs = needs_of(self._objectives)
        projections = projections_of(self._objectives, *self._shapes)
        cached = CachedTeacher(self._shapes[1].outputs) if settings.cached_top_k else None
        schedule, stage_ends = methods.schedule_of(settings.method_section)
        trainer = DistillTrainer(
            teacher=cached or self._live_teacher(teacher_needs),
            objectives=self._objectives,
            schedule=schedule,
            stage_ends=stage_ends,
            model=CapturingModel(checkpoint.model, student_needs, projections),
            checkpoint=checkpoint,
            **options,
        )
        if cached:
            trainer.collate = CachedCollator(options["pad_id"])
        return trainer

    def _live_teacher(self, needs: Needs) -> AnyTeacher:
        built: list[Teacher | RecurrentTeacher] = []
        for checkpoint in (*self._others, self._teacher):
            teacher = Teacher(checkpoint.model, needs)
            built.append(RecurrentTeacher(teacher) if self._reads_other_rows else teacher)
        return SeveralTeachers(built) if len(built) > 1 else built[0]


def _about(teacher: Checkpoint, folder: str) -> dict[str, Any]:
    """A teacher's fields in the student's record."""
    layers, attention = encoder_shape(teacher.model).layers, str(teacher.input_format.attention)
    return {"name": teacher.name, "sha256": model_sha256(folder), "layers": layers, "attention": attention}


def objectives_of(run: DistillRun, student: EncoderShape, teacher: EncoderShape) -> list[Objective]:
    """The objectives of a config; labels are smoothed by `rows.label_smoothing`.

    Raises:
        UserError: The models do not fit, or a setting is unknown.
    """
    smoothing = run.train.rows.label_smoothing
    found = methods.objectives_of(run.distill.method_section, student, teacher)
    return [replace(each, label_smoothing=smoothing) if isinstance(each, HardLabels) else each for each in found]


def check_logits_only(objectives: Sequence[Objective]) -> None:
    """Refuse all but logits from a recurrent teacher for a prefix student with a UserError."""
    on_states = [each.name for each in objectives if each.pairs]
    if on_states:
        raise UserError(
            f"a recurrent teacher gives a prefix student its logits alone, found {' and '.join(on_states)}, which "
            "compare states of other inputs; set distill.hidden_weight=0 distill.attention_weight=0, or choose another "
            "method"
        )
