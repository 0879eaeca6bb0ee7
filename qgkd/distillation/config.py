"""The config of a distillation run.

Comes in: the sections of a training run, `[distill]`, and `[student]` where the student is made in the run. Goes out:
`DistillRun`.

A literal example:

    [distill]
    teacher = "runs/teacher/model"
    method = "pkd-skip"
    beta = 100.0
    [student]
    layers = 6
    [data]
    train = ["DRCD_training.json"]
    fraction = 0.5
    [train]
    output_dir = "runs/student"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from qgkd.checkpoints.student import Drop, is_layer_list
from qgkd.distillation.methods.by_name import METHODS
from qgkd.distillation.methods.settings import check_method, method_names, schedule_of, settings_in_full, settings_of
from qgkd.distillation.objectives.schedule import Schedule
from qgkd.errors import UserError
from qgkd.files.toml_values import check_section, read_sections
from qgkd.training.config import TrainConfig, make_config, require

_OWN_KEYS: dict[str, Any] = {"teacher": str, "small_teacher": str | None, "method": str, "cached_top_k": int}
DISTILL_KEYS: dict[str, Any] = {key: hint for name in METHODS for key, hint in settings_of(name).items()} | _OWN_KEYS
"""Every key that `[distill]` may have, whatever the method, with its type."""
# Until the methods had signatures of their own, every run folder recorded these keys for every method.
_ONCE_RECORDED = {**settings_in_full({"name": "all-layer"}), "alpha": 1.0}


@dataclass(frozen=True, kw_only=True)
class DistillConfig:
    """What is learnt from the teacher: a method of `qgkd glue methods` other than fine-tune, and its settings."""

    teacher: str = ""
    """The teacher's folder or hub name; it has a `qgkd.json`."""
    small_teacher: str | None = None
    """The smaller teacher that dynamic-teacher chooses between."""
    method: str = "all-layer"
    """As in `qgkd.distillation.methods.by_name.METHODS`, or several with `+`."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The method's own, every default written out; in TOML they are keys of `[distill]`."""
    cached_top_k: int = 0
    """Keep this many of the teacher's logits per [MASK] on disk and never run it again; 0 runs it in every step."""

    @property
    def method_section(self) -> dict[str, Any]:
        """As the methods' functions take it."""
        return {"name": self.method, **self.settings}

    def to_json(self) -> dict[str, Any]:
        """The section's keys."""
        return {key: getattr(self, key) for key in _OWN_KEYS} | {**self.settings}


@dataclass(frozen=True, kw_only=True)
class StudentConfig:
    """How the student is made from `model.base`, by default the teacher."""

    layers: int | None = None
    """How many layers it keeps; None takes `model.base` as it is."""
    drop: str = "top"
    """Which layers go: top, bottom, alternate-odd, alternate-even, symmetric or contribution (measured on the first
    500 training questions); or the layers kept, such as `1,3,5,8,10,12`."""


@dataclass(frozen=True, kw_only=True)
class DistillRun:
    """A whole run."""

    train: TrainConfig
    distill: DistillConfig = field(default_factory=DistillConfig)
    student: StudentConfig = field(default_factory=StudentConfig)

    def to_json(self) -> dict[str, Any]:
        """The sections as plain values."""
        return {**self.train.to_json(), "distill": self.distill.to_json(), "student": asdict(self.student)}


def load_distill_run(path: str | Path, overrides: tuple[str, ...] = ()) -> DistillRun:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: As `qgkd.training.config.load_config`.
    """
    return make_distill_run(read_sections(path, overrides), str(path))


def make_distill_run(sections: dict[str, dict[str, Any]], source: str = "config") -> DistillRun:
    """Check sections of plain values and build the config from them."""
    names = ("model", "data", "rows", "evaluation", "train", "distill", "student")
    values = check_section(source, "", sections, names)
    distill = make_distill_config(values.pop("distill", {}), source)
    student = StudentConfig(**check_section(source, "student", values.pop("student", {}), StudentConfig))
    if not distill.teacher:
        raise UserError(f"{source}: distill.teacher must name the teacher's folder; correct it")
    base = dict(values.get("model", {}))
    if base.get("vocabulary"):
        raise UserError(f"{source}: model.vocabulary is for `qgkd train`; a student starts from model.base; remove it")
    if not base.get("base") and student.layers is None:
        raise UserError(
            f"{source}: expected a student, found neither model.base nor student.layers; name its folder, or say how "
            "many of the teacher's layers it keeps"
        )
    run = DistillRun(
        train=make_config({**values, "model": {**base, "base": base.get("base") or distill.teacher}}, source),
        distill=distill,
        student=student,
    )
    _check(run, source)
    return run


def make_distill_config(values: Any, source: str = "config") -> DistillConfig:
    """Check the section `[distill]`.

    Raises:
        UserError: An unknown method or key, a value of another type, or a key of another method.
    """
    checked = check_section(source, "distill", values, list(values) if isinstance(values, Mapping) else ())
    method = str(checked.pop("method", "all-layer"))
    names = [name.strip() for name in method.split("+")]
    if not {*names} <= METHODS.keys() - {"fine-tune"}:
        known = tuple(name for name in METHODS if name != "fine-tune")
        raise UserError(f"{source}: distill.method must be one of {known}, was {method!r}; correct it")
    types = {**_OWN_KEYS, **{key: hint for name in names for key, hint in settings_of(name).items()}}
    check_section(source, "distill", {key: None for key in checked if key not in {*DISTILL_KEYS, *names}}, types)
    foreign = [key for key in checked if key not in {*types, *names}]
    if refused := [f"distill.{key}" for key in foreign if checked[key] != _ONCE_RECORDED.get(key)]:
        raise UserError(f"{source}: distill.method {method} has no use for {', '.join(refused)}; correct it")
    kept = {key: value for key, value in checked.items() if key not in foreign}
    section = check_method({"name": method, **kept}, source, "distill", _OWN_KEYS)
    own = {key: section.pop(key) for key in _OWN_KEYS if key in section}
    settings = settings_in_full(section)
    return DistillConfig(**own, method=settings.pop("name"), settings=settings)


def _check(run: DistillRun, source: str) -> None:
    distill, rows = run.distill, run.train.rows
    if (name := distill.settings.get("schedule", Schedule.ALL_LAYER)) not in {*Schedule}:
        raise UserError(f"{source}: distill.schedule must be one of {[*map(str, Schedule)]}, was {name!r}; correct it")
    schedule, _ = schedule_of(distill.method_section)
    staged, cached = schedule is not Schedule.ALL_LAYER, distill.cached_top_k > 0
    two_teachers = any(name.startswith("dynamic-teacher") for name in method_names(distill.method))
    requirements = [
        (run.student.drop in {*Drop} or is_layer_list(run.student.drop), f"student.drop must be one of "
         f"{[*map(str, Drop)]} or the layers kept, such as 1,3,5, was {run.student.drop!r}"),
        (run.student.drop in {*Drop} or run.student.layers is not None, "student.drop names the layers kept: say "
         "student.layers as well"),
        (two_teachers == bool(distill.small_teacher), "distill.small_teacher names the smaller teacher of "
         "dynamic-teacher, and of no other method"),
        (staged or distill.settings.get("stage_ends") is None, "distill.stage_ends needs a distill.schedule other than "
         "all-layer"),
        (not (staged and run.train.evaluation.patience), "evaluation.patience must be 0 where terms follow one "
         "another: the logits come last"),
        (distill.cached_top_k >= 0, "distill.cached_top_k must be 0 (the teacher runs) or more"),
        (not (cached and (rows.target_noise or rows.renamed_share)), "distill.cached_top_k keeps the teacher's answers "
         "to clean questions: rows.target_noise must be 0, and rows.renamed_share"),
    ]  # fmt: skip
    require(source, requirements)
