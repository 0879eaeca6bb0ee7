"""What each kind of step does: the runs of `qgkd train`, `student`, `distill` and `selftrain` with its settings.

Comes in: a `Step`, its folder, what it starts from. Goes out: `model` in the folder.

A literal example: a step of kind `distill` is `qgkd distill` with `model.base` its student and `distill.teacher` its
teacher, resumed where the folder has a checkpoint.
"""

from __future__ import annotations

from pathlib import Path

from qgkd.distillation.config import DistillRun, StudentConfig, make_distill_run
from qgkd.experiment.settings import Sections, without_sizes
from qgkd.experiment.step import Kind, Step
from qgkd.training.config import TrainConfig, make_config


def run_step(step: Step, folder: Path, base: str, teacher: str) -> None:
    """Make the step's model; a run goes on from its newest checkpoint.

    Raises:
        UserError: As the run's own.
    """
    if step.kind is Kind.STUDENT:
        _make_student(step, folder, base)
        return
    from qgkd.distillation.run import distill, self_train
    from qgkd.training.run import run_training

    resume = (folder / "config.toml").is_file()  # written when the training begins
    if step.kind is Kind.DISTILL:
        distill(distill_run_of(step, folder, base, teacher), resume=resume)
    elif step.kind is Kind.SELFTRAIN:
        self_train(train_config_of(step, folder, base), resume=resume)
    else:
        run_training(train_config_of(step, folder, base), resume=resume)


def train_config_of(step: Step, folder: Path, base: str) -> TrainConfig:
    """The config of a step that trains on labels.

    Raises:
        UserError: The step's settings are not those of a run.
    """
    return make_config(_sections(step, folder, base), f"step {step.name}")


def distill_run_of(step: Step, folder: Path, base: str, teacher: str) -> DistillRun:
    """The config of a step that distils."""
    sections = _sections(step, folder, base)
    sections["distill"] = {**step.sections["distill"], "teacher": teacher}
    return make_distill_run(sections, f"step {step.name}")


def check_step(step: Step) -> None:
    """Find mistakes in a step's settings before hours of other steps.

    Raises:
        UserError: What is wrong with them.
    """
    if step.kind is Kind.STUDENT:
        return
    from qgkd.training.arguments import training_arguments

    folder = Path("not-written")
    if step.kind is Kind.DISTILL:
        config = distill_run_of(step, folder, "student", "teacher").train
    else:
        config = train_config_of(step, folder, step.base if isinstance(step.base, str) else "base")
    training_arguments(config)


def _sections(step: Step, folder: Path, base: str) -> Sections:
    names = ("model", "data", "rows", "evaluation", "train")
    sections = {name: dict(step.sections.get(name, {})) for name in names}
    sections["model"] = {**(without_sizes(sections["model"]) if base else sections["model"]), "base": base}
    sections["train"]["output_dir"] = str(folder)
    return sections


def _make_student(step: Step, folder: Path, base: str) -> None:
    """As `qgkd student`; the layers' contribution is measured on the first training questions."""
    from qgkd.checkpoints.checkpoint import load_checkpoint
    from qgkd.checkpoints.encoder import encoder_layers
    from qgkd.checkpoints.record import read_record
    from qgkd.checkpoints.student import Drop, kept_layers, make_student, save_student, student_record
    from qgkd.distillation.layer_contribution import layer_similarities
    from qgkd.files.fingerprint import model_sha256
    from qgkd.reading.readers import read_examples

    settings = StudentConfig(**step.sections["student"])
    attention = None if "format" in read_record(base) else "recurrent"
    teacher = load_checkpoint(base, attention=attention)
    depth, drop, similarities = len(encoder_layers(teacher.model)), Drop(settings.drop), None
    if drop is Drop.CONTRIBUTION:
        similarities = layer_similarities(teacher, read_examples(step.sections["data"]["train"][0], limit=500).examples)
    kept = kept_layers(depth, settings.layers or depth, drop, similarities)
    record = student_record(teacher, kept, drop=drop, digest=model_sha256(base), dropout=None)
    save_student(folder / "model", make_student(teacher.model, kept), teacher.tokenizer, record)
