"""One classification run, from a config to a run folder.

Comes in: a `ClassificationConfig`. Goes out: `ClassificationResult`, and the run folder:

    config.toml     the resolved config, every setting of the method written out
    data/           the tokenised splits, and the teachers' logits where they are kept
    checkpoint-N/   what a resumed run needs; removed when the run is complete
    model/          the final model, a plain `save_pretrained` folder
    log.jsonl       every log entry
    result.json     figures, parameters, milliseconds per example; written when the run is complete

A literal example: `run_classification(load_classification_config("rte.toml")).value()` is 0.654.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from transformers import set_seed

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.encoder import encoder_shape
from qgkd.checkpoints.precision import parameter_count
from qgkd.checkpoints.record import read_record
from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.classification.arguments import classification_arguments
from qgkd.classification.classifying_model import ClassifyingModel
from qgkd.classification.config import ClassificationConfig
from qgkd.classification.describe import lineage, summary
from qgkd.classification.kept_logits import KeptTeacher, check_on_logits, kept_logits
from qgkd.classification.models import load_student, load_teachers, load_tokenizer_of, load_trained, position_limit
from qgkd.classification.prediction import Predictor
from qgkd.classification.result import ClassificationResult, read_result, write_result
from qgkd.classification.students.kinds import kind_of
from qgkd.classification.tasks.data import load_task
from qgkd.classification.tasks.prepared import PreparedTask, prepare_task
from qgkd.classification.tasks.rows import ClassificationRows
from qgkd.classification.tasks.task import TRAIN, TRANSFER, VALIDATION
from qgkd.classification.tasks.word_tokenizer import task_words, word_language
from qgkd.classification.teachers import build_teacher, check_teachers, ensemble_of
from qgkd.classification.trainer import ClassificationTrainer
from qgkd.classification.training_rows import judged_rows, plain_rows
from qgkd.classification.validation import ClassificationValidator, split_figures
from qgkd.distillation.methods.settings import objectives_of, schedule_of, settings_in_full
from qgkd.distillation.objectives.objective import needs_of, projections_of
from qgkd.distillation.objectives.teacher_selection import check_sizes
from qgkd.distillation.teachers.capture import Needs
from qgkd.distillation.trainer import AnyTeacher
from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.files.toml_values import to_toml
from qgkd.training.checkpoints import last_checkpoint
from qgkd.training.main_process import is_main, say
from qgkd.training.run import settle_folder

if TYPE_CHECKING:
    from qgkd.classification.tasks.data import TaskData

_FIXED = ("task", "method", "model")
"""What a resumed run may not change."""


def run_classification(
    config: ClassificationConfig, *, resume: bool = False, force: bool = False, data: TaskData | None = None
) -> ClassificationResult:
    """Train, choose the best model, measure it.

    Args:
        config: The run.
        resume: Resume from the run folder's newest checkpoint; a complete run gives its result at once.
        force: Remove an earlier run from the folder first.
        data: The task; from `config.task` where None.

    Raises:
        UserError: A run is there already, or task, models and method do not fit together.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # a bar per file written
    config = _settled(config)
    sections = {**config.to_json(), "method": settings_in_full(config.method)}
    settle_folder(config.run_folder, sections, _FIXED, resume=resume, force=force)
    if force and is_main():
        shutil.rmtree(config.run_folder / "data", ignore_errors=True)
    done = read_result(config.run_folder) if resume else None
    if done is not None:
        return done
    if is_main():
        with write_atomically(config.run_folder / "config.toml") as file:
            file.write(to_toml(sections))
    return _Run(config, sections, data).result(resume=resume)


class _Run:
    """The parts of a run."""

    def __init__(self, config: ClassificationConfig, sections: dict[str, Any], data: TaskData | None) -> None:
        self.config = config
        # The metric is not known yet; `main_process_first` needs some arguments.
        early = classification_arguments(config, "")
        with early.main_process_first(desc="tokenising"):
            tokenizer = _tokenizer(config, data)
            self.prepared: PreparedTask = prepare_task(config.task, tokenizer, config.run_folder / "data", data)
        self.task, self.splits = self.prepared.task, self.prepared.splits
        measured = VALIDATION in self.splits
        self.arguments = classification_arguments(config, self.task.main_metric if measured else "")
        self.student = load_student(config.model, self.task, seed=int(self.arguments.seed), tokenizer=tokenizer)
        self.teachers = load_teachers(config.model, self.task, self.student)
        self.judged = self.splits
        """The splits in the teachers' tokens."""
        if self.teachers and word_language(tokenizer):
            with early.main_process_first(desc="tokenising for the teachers"):
                of_teachers = config.run_folder / "data" / "teachers"
                self.judged = prepare_task(config.task, self.teachers[0].tokenizer, of_teachers, data).splits
        _check_positions(config, [self.student, *self.teachers])
        self.shapes = [encoder_shape(each.model) for each in (self.student, *self.teachers)]
        self.objectives = objectives_of(config.method, self.shapes[0], self.shapes[-1])
        self.ensemble = ensemble_of(config.model.ensemble, self.objectives)
        check_teachers(self.objectives, len(self.teachers))
        self.keeps_logits = bool(self.teachers) and (
            config.model.cached_logits or self.judged is not self.splits or self.prepared.transfer_logits is not None
        )
        if self.keeps_logits:
            check_on_logits(self.objectives, "logits that are kept")
        check_sizes(self.objectives, self.teachers)
        self.predictor = Predictor(
            pad_id=int(tokenizer.pad_token_id),
            batch_examples=self.arguments.per_device_eval_batch_size,
            bf16=bool(self.arguments.bf16),
        )
        self.sections = sections
        self.learns_head = needs_of(self.objectives)[0].logits
        """Whether any term is on logits or labels; where none is, validation says nothing."""
        self.keeps_best = self.learns_head and config.evaluation.keep == "best"

    def result(self, *, resume: bool) -> ClassificationResult:
        """Train or resume; then measure the final model."""
        folder = self.config.run_folder
        say(summary(self.config, self.prepared, self.objectives, self.student, self.teachers))
        if not self.learns_head:
            say("No term is on logits or labels: the head learns nothing, and the last model is kept, to begin from.")
        trainer = self.trainer()
        start = last_checkpoint(folder) if resume else None
        if start is not None:
            say(f"Resuming from {start}.")
        trainer.train(resume_from_checkpoint=None if start is None else str(start))
        if VALIDATION not in self.splits or not self.keeps_best:
            trainer.keep_model()
        trainer.accelerator.wait_for_everyone()
        found = self.measured()
        if is_main():
            write_result(found)
            for checkpoint in folder.glob("checkpoint-*"):
                shutil.rmtree(checkpoint)
        return found

    def trainer(self) -> ClassificationTrainer:
        """The trainer, its projections drawn by the run's seed."""
        needs = needs_of(self.objectives)
        set_seed(self.arguments.seed)
        projections = projections_of(self.objectives, self.shapes[0], self.shapes[-1])
        splits, evaluation = self.splits, self.config.evaluation
        validator: Any = None
        if VALIDATION in splits:
            validator = ClassificationValidator(self.task, splits, self.predictor)
        seed = int(self.arguments.seed)
        record = lineage(self.config, self.sections, self.prepared, self.student, self.teachers, seed)
        schedule, stage_ends = schedule_of(self.config.method)
        return ClassificationTrainer(
            task=self.task,
            keep_best=self.keeps_best,
            teacher=self.teacher(needs[1]),
            objectives=self.objectives,
            schedule=schedule,
            stage_ends=stage_ends,
            model=ClassifyingModel(self.student.model, needs[0], projections),
            checkpoint=self.student,
            args=self.arguments,
            train_dataset=self.rows(),
            pad_id=self.predictor.pad_id,
            validator=validator,
            patience=evaluation.patience if validator and self.learns_head else 0,
            lineage=lambda: record,
        )

    def teacher(self, needs: Needs) -> AnyTeacher:
        """The teachers as one, or their kept logits."""
        if self.keeps_logits:
            return KeptTeacher(self.ensemble)
        return build_teacher(self.teachers, needs, self.ensemble)

    def rows(self) -> ClassificationRows:
        """The training examples with their labels, and the transfer texts with the teachers' labels."""
        train = self.splits[TRAIN]
        if not train.is_labelled.all():
            raise UserError(
                f"{self.task.name}: expected a label on every training example, found "
                f"{int((~train.is_labelled).sum())} without; move them to task.transfer"
            )
        if self.keeps_logits:
            return judged_rows(self.splits, self.logits(), self.ensemble)
        return plain_rows(self.splits, self.teachers, self.predictor, self.ensemble, self.arguments.device)

    def logits(self) -> NDArray[np.float32]:
        """The teachers' logits of the training examples and the transfer texts, [N, T, C]."""
        stores = [self.judged[name] for name in (TRAIN, TRANSFER) if name in self.judged]
        with self.arguments.main_process_first(desc="the teachers' logits"):
            return kept_logits(
                self.config.run_folder / "data", self.teachers, self.config.model.teachers, stores,
                self.prepared.transfer_logits, self.predictor, self.arguments.device,
            )  # fmt: skip

    def measured(self) -> ClassificationResult:
        """Measure the final model on every labelled split."""
        kept = load_trained(self.config.run_folder / "model", self.task)
        model: Any = kept.model.to(self.arguments.device)  # type: ignore[arg-type]
        figures, last = {}, self.splits[TRAIN]
        for name, store in self.splits.items():
            if name in (TRAIN, TRANSFER) or not store.is_labelled.all():
                continue
            share = {"process": self.arguments.process_index, "processes": self.arguments.world_size}
            figures[name], last = split_figures(self.task, model, store, self.predictor, **share), store
        repeats = self.config.evaluation.timing_repeats
        return ClassificationResult(
            task=self.task.name,
            method=self.config.method_name,
            seed=int(self.arguments.seed),
            figures=figures,
            main_metric=self.task.main_metric,
            parameters=parameter_count(model),
            ms_per_example=self.predictor.ms_per_example(model, last, repeats),
            layers=encoder_shape(model).layers,
            folder=self.config.run_folder,
            kind=kind_of(model),
        )


def _tokenizer(config: ClassificationConfig, data: TaskData | None) -> Any:
    """The student's: the base's, or words."""
    if not config.model.words:
        return load_tokenizer_of(config.model.base)
    folder = config.run_folder / "data" / "words"
    return task_words(
        config.task, config.model.most_words, folder, lambda: data or load_task(config.task), load_tokenizer
    )


def _settled(config: ClassificationConfig) -> ClassificationConfig:
    """Convert texts for a base, or the teacher of a student without one, that knows only one script."""
    base = config.model.base or next(iter(config.model.teachers), "")
    if config.task.script or not base or not Path(base).is_dir():
        return config
    script = str(read_record(base).get("script", ""))
    return replace(config, task=replace(config.task, script=script))


def _check_positions(config: ClassificationConfig, models: Sequence[Checkpoint]) -> None:
    for model in models:
        if (limit := position_limit(model)) < config.task.max_tokens:
            raise UserError(
                f"task.max_tokens must be at most the {limit} positions of {model.name}, was "
                f"{config.task.max_tokens}; lower it"
            )
