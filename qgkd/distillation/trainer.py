"""The trainer of a student: `QGTrainer` with objectives on the captures of student and teacher.

Comes in: a `CapturingModel` around the student, a teacher, objectives. Goes out: as from `QGTrainer`; only the student
is saved. Projections, where the widths differ, are saved beside a checkpoint in `distillation_state.safetensors`.

A literal example: `DistillTrainer(teacher=Teacher(bert, needs), objectives=all_layer(...), model=CapturingModel(...),
...).train()`

With FSDP and DeepSpeed the student is sharded; the teacher is whole on every process.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import torch

from qgkd.distillation.diagnostics import (
    TeacherCheck,
    balance_warnings,
    reducible_parts,
    shares,
    watched_terms,
)
from qgkd.distillation.objectives.logits import SoftTargetCrossEntropy
from qgkd.distillation.objectives.objective import Objective, imitating_layers, loss_terms, needs_of, teacher_rows
from qgkd.distillation.objectives.schedule import Schedule, StageWeights, stage_weights
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.distillation.teachers.row_subset import run_on_rows
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import LossTerm
from qgkd.training.model import Capture
from qgkd.training.trainer import QGTrainer

STATE_NAME = "distillation_state.safetensors"
_PREFIX = "projections."


class AnyTeacher(Protocol):
    """A teacher as the trainer calls it."""

    needs: Needs

    def to(self, device: torch.device | str) -> AnyTeacher:
        """Move it."""

    def __call__(self, batch: Batch) -> DistillCapture:
        """Its capture of a batch, without gradients."""


class DistillTrainer(QGTrainer):
    """Trains a student.

    Args:
        teacher: Not an `nn.Module`, so that it is never trained, saved or put into training mode.
        objectives: The parts of the loss.
        schedule: Which objectives are active when.
        stage_ends: See `stage_weights`.
        options: Of `QGTrainer`; `model` is a `CapturingModel` that captures what the objectives need.
    """

    teacher_check = TeacherCheck
    """How the first batch's figures are judged; a trainer of another kind sets its own."""

    def __init__(
        self,
        *,
        teacher: AnyTeacher,
        objectives: Sequence[Objective],
        schedule: Schedule = Schedule.ALL_LAYER,
        stage_ends: Sequence[float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._objectives, self._schedule, self._stage_ends = objectives, schedule, stage_ends
        self._layers = imitating_layers(objectives)
        self._teacher = teacher.to(self.accelerator.device)
        soft = [each for each in objectives if isinstance(each, SoftTargetCrossEntropy)]
        self._temperature = soft[0].distill_temperature if soft else 1.0
        self._stage: StageWeights | None = None
        self._warned: set[str] = set()
        self._teacher_is_checked = False

    # Loss

    def loss_terms(self, capture: Capture, batch: Batch) -> list[LossTerm]:
        """The objectives' terms at this stage, and those that are only logged."""
        progress = self.state.global_step / self.state.max_steps
        stage = stage_weights(self._schedule, progress, self._layers, stage_ends=self._stage_ends)
        if stage != self._stage:
            self._stage, self._teacher.needs = stage, needs_of(self._objectives, stage)[1] | Needs(logits=True)
        student = cast(DistillCapture, capture)
        rows = teacher_rows(self._objectives, student, batch)
        with self.accelerator.autocast():
            if rows is None:
                teacher = self._teacher(batch)
            else:
                teacher = run_on_rows(self._teacher, batch, rows) if rows.any() else DistillCapture()
        terms = loss_terms(self._objectives, student, teacher, batch, stage)
        if rows is not None:  # the teacher did not run on all
            return terms
        names = {term.name for term in terms}
        return [*terms, *(term for term in self.watch(student, teacher, batch) if term.name not in names)]

    def watch(self, student: DistillCapture, teacher: DistillCapture, batch: Batch) -> list[LossTerm]:
        """Terms of weight 0: the distance to the teacher."""
        logits = student.against(teacher)
        self.note_teacher_accuracy(logits.teacher_logits, batch)
        return watched_terms(logits, self._temperature)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor | Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """As in `QGTrainer`, with a gradient of 0 for weights that no active term reaches.

        DDP waits for every gradient, and an optimiser treats a missing gradient differently from a zero.
        """
        loss, capture = super().compute_loss(model, inputs, True, num_items_in_batch)
        projected = (state for states in (capture.projected_states or {}).values() for state in states.values())
        for reached in (capture.logits, *projected):
            loss = loss + 0 * reached[:1].float().sum()
        return (loss, capture) if return_outputs else loss

    # Diagnostics

    def term_figures(self, means: dict[str, float], parts: dict[str, float]) -> dict[str, float]:
        """Each term's share of the reducible loss; each warning goes to stderr and into the log once."""
        parts = reducible_parts(means, parts)
        for about, sentence in balance_warnings(parts).items():
            if about not in self._warned:
                self._warned.add(about)
                self._note(warning=sentence)
        return shares(parts)

    def note_teacher_accuracy(self, teacher_logits: torch.Tensor, batch: Batch) -> None:
        """Log the teacher's accuracy on the first batch, once in a run."""
        if self._teacher_is_checked or any("teacher_accuracy" in entry for entry in self.state.log_history):
            return
        self._teacher_is_checked = True
        found = self.teacher_check.of(teacher_logits, batch)
        self._note(teacher_accuracy=found.accuracy)
        if found.warning:
            self._note(warning=found.warning)

    def _note(self, **entry: Any) -> None:
        """Add a log entry of its own, and print it."""
        self.state.log_history.append({**entry, "step": self.state.global_step})
        if self.is_world_process_zero():
            for name, value in entry.items():
                text = f"{value:.4f}" if isinstance(value, float) else value
                print(f"{name.replace('_', ' ')}: {text}", file=sys.stderr, flush=True)

    # Projections on disk

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        from safetensors.torch import save_file

        super()._save(output_dir, state_dict)
        folder = Path(output_dir or str(self.args.output_dir))
        if self.args.should_save and folder.name.startswith("checkpoint-"):  # not with the final model
            state = self._capturing().state_dict() if state_dict is None else state_dict
            found = {name: value.contiguous().cpu() for name, value in state.items() if name.startswith(_PREFIX)}
            if found:
                save_file(found, folder / STATE_NAME)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: torch.nn.Module | None = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        if not self.is_fsdp_enabled:
            load_projections(self._capturing(), Path(resume_from_checkpoint))

    def _capturing(self) -> CapturingModel:
        return cast(CapturingModel, self.accelerator.unwrap_model(self.model, keep_torch_compile=False))


def load_projections(model: CapturingModel, folder: Path) -> None:
    """Read them back.

    Raises:
        UserError: They are missing, damaged or of other sizes.
    """
    from safetensors.torch import load_file

    if not model.projections:
        return
    path = folder / STATE_NAME
    try:
        state = load_file(path, device="cpu")
        model.projections.load_state_dict({name.removeprefix(_PREFIX): value for name, value in state.items()})
    except Exception as error:  # safetensors' own, the operating system's, or torch's
        first = str(error).splitlines()[0]
        raise UserError(f"{path}: expected this run's projections, but: {first}; resume an older checkpoint") from error
