"""One distillation run, from a config to a run folder.

Comes in: a `DistillRun`. Goes out: the run folder of `qgkd.training.run`, its `model` the student; and, where logits
are kept, `teacher_logits/`.

A literal example: `distill(load_distill_run("distill.toml"))` gives `runs/student`, and
`self_train(load_config("selftrain.toml"))` goes on from `runs/student/model`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments, set_seed

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.encoder import EncoderShape, encoder_shape
from qgkd.checkpoints.record import read_record
from qgkd.distillation.config import DistillRun
from qgkd.distillation.models import check_pair, load_student, load_teacher
from qgkd.distillation.objectives.objective import Objective, imitating_layers, needs_of, projections_of
from qgkd.distillation.objectives.schedule import Schedule, stage_weights
from qgkd.distillation.recipes import all_layer, hinton
from qgkd.distillation.teachers.cached_logits import (
    CachedCollator,
    CachedRows,
    CachedTeacher,
    cached_logits,
    check_cacheable,
    top_logits,
)
from qgkd.distillation.teachers.capture import Needs
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.distillation.teachers.recurrent_teacher import RecurrentTeacher
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
    """Teach a student; arguments and errors as `run_training`'s.

    Returns:
        The run folder.
    """
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
    """Training by a teacher.

    Args:
        run: Its settings.
    """

    fixed_sections = (*TrainingMethod.fixed_sections, "distill", "student")

    def __init__(self, run: DistillRun) -> None:
        super().__init__(run.train)
        self._run = run
        self._teacher: Checkpoint
        self._shapes: tuple[EncoderShape, EncoderShape]
        self._objectives: list[Objective]

    def sections(self) -> dict[str, Any]:
        """All sections."""
        return self._run.to_json()

    def checkpoint(self) -> Checkpoint:
        """The student; the teacher is loaded with it, and both are checked."""
        self._teacher = load_teacher(self._run)
        student = load_student(self._run, self._teacher)
        check_pair(student, self._teacher)
        self._shapes = encoder_shape(student.model), encoder_shape(self._teacher.model)
        self._objectives = objectives_of(self._run, *self._shapes)
        settings = self._run.distill
        layers = imitating_layers(self._objectives)
        stage_weights(Schedule(settings.schedule), 0.0, layers, stage_ends=settings.stage_ends)  # complains now
        self._reads_other_rows = student.input_format.attention is not self._teacher.input_format.attention
        if self._reads_other_rows:
            check_logits_only(self._objectives)
        if settings.cached_top_k:
            check_cacheable(self._objectives)
        return student

    def lineage(self) -> dict[str, Any]:
        """The teacher."""
        read = self._teacher.input_format
        digest = model_sha256(self._run.distill.teacher)
        about = {"name": self._teacher.name, "sha256": digest, "layers": self._shapes[1].layers}
        return {"teacher": {**about, "attention": str(read.attention)}}

    def summary(self) -> str:
        """Both models, the terms, and what is off."""
        student, teacher = self._shapes
        terms = ", ".join(f"{each.name} x {each.weight:g}" for each in self._objectives)
        told = f"A student of {student.layers} layers learns from {self._teacher.name} of {teacher.layers}: {terms}"
        if self._run.distill.schedule != Schedule.ALL_LAYER:
            told += f"; {self._run.distill.schedule}"
        if self._reads_other_rows:
            told += (
                "; the teacher is recurrent and the student prefix, so the teacher reads a row per question token and "
                "its logits at the [MASK]s are all that is learnt: terms on hidden states and attention are off"
            )
        if self._run.distill.cached_top_k:
            told += f"; the teacher's {self._run.distill.cached_top_k} largest logits are kept, renormalised"
        return f"{told}."

    def dataset(
        self, arguments: TrainingArguments, checkpoint: Checkpoint, prepared: PreparedData, vocabulary: Vocabulary
    ) -> RowDataset:
        """The training rows, with the teacher's logits where those are kept."""
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

        with arguments.main_process_first(desc="asking the teacher"):
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
        trainer = DistillTrainer(
            teacher=cached or self._live_teacher(teacher_needs),
            objectives=self._objectives,
            schedule=Schedule(settings.schedule),
            stage_ends=settings.stage_ends,
            model=CapturingModel(checkpoint.model, student_needs, projections),
            checkpoint=checkpoint,
            **options,
        )
        if cached:
            trainer.data_collator = CachedCollator(options["pad_id"])
        return trainer

    def _live_teacher(self, needs: Needs) -> AnyTeacher:
        teacher = Teacher(self._teacher.model, needs)
        return RecurrentTeacher(teacher) if self._reads_other_rows else teacher


def objectives_of(run: DistillRun, student: EncoderShape, teacher: EncoderShape) -> list[Objective]:
    """The parts of the loss that a config asks for.

    Raises:
        UserError: The models do not fit, or a setting is unknown.
    """
    settings, smoothing = run.distill, run.train.rows.label_smoothing
    temperature = settings.distill_temperature
    if settings.method == "hinton":
        return hinton(
            student, teacher, alpha=settings.alpha, distill_temperature=temperature, label_smoothing=smoothing
        )
    return all_layer(
        student,
        teacher,
        logits_weight=settings.logits_weight,
        hidden_weight=settings.hidden_weight,
        attention_weight=settings.attention_weight,
        hard_label_weight=settings.hard_label_weight,
        distill_temperature=temperature,
        layers=settings.layers,
        logits_loss=settings.logits_loss,
        attention_loss=settings.attention_loss,
        attention_on=settings.attention_on,
        positions=settings.positions,
        label_smoothing=smoothing,
    )


def check_logits_only(objectives: Sequence[Objective]) -> None:
    """A recurrent teacher has nothing but logits for a prefix student.

    Raises:
        UserError: Objectives on states or attention.
    """
    odd = [each.name for each in objectives if each.pairs]
    if odd:
        raise UserError(
            f"a recurrent teacher gives a prefix student its logits alone, found {' and '.join(odd)}, which compare "
            "states of other inputs; set distill.hidden_weight=0 distill.attention_weight=0"
        )
