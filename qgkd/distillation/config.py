"""What a distillation run is made of.

Comes in: the sections of a training run, `[distill]`, and `[student]` where the student is made in the run. Goes out:
`DistillRun`.

A literal example:

    [distill]
    teacher = "runs/teacher/model"
    [student]
    layers = 6
    [data]
    train = ["DRCD_training.json"]
    fraction = 0.5
    [train]
    output_dir = "runs/student"
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from qgkd.checkpoints.student import Drop
from qgkd.distillation.objectives.schedule import Schedule
from qgkd.errors import UserError
from qgkd.files.toml_values import check_section, read_sections
from qgkd.training.config import TrainConfig, make_config

METHODS = ("all-layer", "hinton")


@dataclass(frozen=True, kw_only=True)
class DistillConfig:
    """What is learnt from the teacher. A weight of 0 leaves a term out."""

    teacher: str = ""
    """The teacher's folder or hub name; it has a `qgkd.json`."""
    method: str = "all-layer"
    """`all-layer`: logits, hidden states, attention, by the weights below. `hinton`: logits alone, by `alpha`."""
    logits_weight: float = 1.0
    """all-layer: of the term on the teacher's logits at the [MASK]s."""
    logits_loss: str = "cross_entropy"
    """all-layer: `cross_entropy` with the teacher's distribution, `kl` from it, or `mse` of the logits."""
    hidden_weight: float = 1.0
    """all-layer: of the hidden state MSE, the mean over the layers."""
    attention_weight: float = 1.0
    """all-layer: of the attention term, the mean over the layers."""
    attention_loss: str = "mse"
    """all-layer: `mse`, or `kl` of the probabilities."""
    attention_on: str = "scores"
    """all-layer, of the MSE: `scores` before the softmax, or `probabilities`."""
    hard_label_weight: float = 0.0
    """all-layer: of the cross entropy with the labels; `rows.label_smoothing` applies to it."""
    layers: str = "skip"
    """all-layer: `skip`, `last`, `top`, or pairs such as `1:2,2:4,6:12`."""
    positions: str = "all"
    """all-layer: `all` real tokens, `cls`, or the scored `masks`, for hidden states and attention."""
    alpha: float = 1.0
    """hinton: share of the soft term; the labels have the rest."""
    distill_temperature: float = 1.0
    """T, by which both logits are divided; the term is multiplied by its square (Hinton et al. 2015, section 2)."""
    schedule: str = "all-layer"
    """`all-layer`, `layer-adding` or `layer-by-layer`: which terms are active when."""
    stage_ends: tuple[float, ...] | None = None
    """Where each stage of a schedule ends, as rising shares of the steps, the last 1; None makes equal stages."""
    cached_top_k: int = 0
    """Keep this many of the teacher's logits per [MASK] on disk and never run it again; 0 runs it in every step."""


@dataclass(frozen=True, kw_only=True)
class StudentConfig:
    """How the student is made from `model.base`, which is the teacher where nothing is said."""

    layers: int | None = None
    """How many layers it keeps; None takes `model.base` as it is."""
    drop: str = "top"
    """Which layers go: top, bottom, alternate-odd, alternate-even, symmetric or contribution (measured on the first
    500 training questions)."""


@dataclass(frozen=True, kw_only=True)
class DistillRun:
    """A whole run."""

    train: TrainConfig
    distill: DistillConfig = field(default_factory=DistillConfig)
    student: StudentConfig = field(default_factory=StudentConfig)

    def to_json(self) -> dict[str, Any]:
        """The sections as plain values."""
        return {**self.train.to_json(), "distill": asdict(self.distill), "student": asdict(self.student)}


def load_distill_run(path: str | Path, overrides: tuple[str, ...] = ()) -> DistillRun:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: As `qgkd.training.config.load_config`.
    """
    sections = read_sections(path, overrides)
    return make_distill_run(sections, str(path))


def make_distill_run(sections: dict[str, dict[str, Any]], told: str = "config") -> DistillRun:
    """Check sections of plain values and build the config from them."""
    names = ("model", "data", "rows", "evaluation", "train", "distill", "student")
    values = check_section(told, "", sections, names)
    distill = DistillConfig(**check_section(told, "distill", values.pop("distill", {}), DistillConfig))
    student = StudentConfig(**check_section(told, "student", values.pop("student", {}), StudentConfig))
    if not distill.teacher:
        raise UserError(f"{told}: distill.teacher must name the teacher's folder; correct it")
    base = dict(values.get("model", {}))
    if base.get("vocabulary"):
        raise UserError(f"{told}: model.vocabulary is for `qgkd train`; a student starts from model.base; remove it")
    if not base.get("base") and student.layers is None:
        raise UserError(
            f"{told}: expected a student, found neither model.base nor student.layers; name its folder, or say how "
            "many of the teacher's layers it keeps"
        )
    run = DistillRun(
        train=make_config({**values, "model": {**base, "base": base.get("base") or distill.teacher}}, told),
        distill=distill,
        student=student,
    )
    _check(run, told)
    return run


def _check(run: DistillRun, told: str) -> None:
    distill, rows = run.distill, run.train.rows
    staged = distill.schedule != Schedule.ALL_LAYER
    cached = distill.cached_top_k > 0
    requirements = [
        (distill.method in METHODS, f"distill.method must be one of {METHODS}, was {distill.method!r}"),
        (distill.schedule in {*Schedule}, f"distill.schedule must be one of {[*map(str, Schedule)]}"),
        (run.student.drop in {*Drop}, f"student.drop must be one of {[*map(str, Drop)]}, was {run.student.drop!r}"),
        (distill.method != "hinton" or not _odd_for_hinton(distill), _hinton_sentence(distill)),
        (staged or distill.stage_ends is None, "distill.stage_ends needs a distill.schedule other than all-layer"),
        (not (staged and run.train.evaluation.patience), "evaluation.patience must be 0 where terms follow one "
         "another: the logits come last"),
        (distill.cached_top_k >= 0, "distill.cached_top_k must be 0 (the teacher runs) or more"),
        (not (cached and (rows.target_noise or rows.renamed_share)), "distill.cached_top_k keeps the teacher's answers "
         "to clean questions: rows.target_noise must be 0, and rows.renamed_share"),
    ]  # fmt: skip
    for holds, sentence in requirements:
        if not holds:
            raise UserError(f"{told}: {sentence}; correct it")


def _odd_for_hinton(distill: DistillConfig) -> list[str]:
    """Settings of all-layer that were set although the method is Hinton's."""
    own = {"teacher", "method", "alpha", "distill_temperature", "cached_top_k"}
    plain = replace(DistillConfig(), teacher=distill.teacher)
    names = [each.name for each in fields(distill) if each.name not in own]
    return [f"distill.{name}" for name in names if getattr(distill, name) != getattr(plain, name)]


def _hinton_sentence(distill: DistillConfig) -> str:
    return f"distill.method hinton has no use for {', '.join(_odd_for_hinton(distill))}"
