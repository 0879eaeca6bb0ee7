"""Settings of a chain of runs: what all runs share, and what each run overrides.

Comes in: a TOML file and overrides. Goes out: `ChainSettings`.

A literal example, the shortest recipe:

    [recipe]
    folder = "runs/two_stage"
    [model]
    base = "bert-base-chinese"
    [data]
    train = ["DRCD_training.json"]
    validation = "DRCD_dev.json"
    [student]
    layers = 6
    [train]
    num_train_epochs = 10
    [teacher.train]
    num_train_epochs = 15

`[model] [data] [rows] [evaluation] [train]` are those of `qgkd train` and hold for every run;
`[teacher]`, `[distill]` and `[selftrain]` have `fraction` and `dropout`, and tables `.rows`, `.evaluation` and `.train`
that override them. `[distill]` takes the keys of `qgkd distill` as well.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qgkd.checkpoints.student import Drop
from qgkd.distillation.config import DISTILL_KEYS, StudentConfig
from qgkd.errors import UserError
from qgkd.files.toml_values import check_section

Sections = dict[str, dict[str, Any]]

SHARED = ("model", "data", "rows", "evaluation", "train")
"""Sections that hold for every run."""
OVERLAYS = ("rows", "evaluation", "train")
"""Sections a run may override."""
_MISPLACED = {
    "model": {"dropout": "teacher.dropout, distill.dropout, selftrain.dropout"},
    "data": {"fraction": "teacher.fraction, distill.fraction, selftrain.fraction"},
    "train": {"output_dir": "recipe.folder or compare.folder"},
    "distill": {"teacher": "given.teacher"},
}
_FROM_SCRATCH = (
    "vocabulary", "layers", "hidden_size", "heads", "intermediate_size", "sinusoidal_positions", "copying_start"
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What one run sets for itself."""

    fraction: float = 1.0
    """Share of the training questions, the first in file order."""
    dropout: float = 0.1
    """Dropout of the model that is trained."""
    rows: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    method: dict[str, Any] = field(default_factory=dict)
    """Keys of `[distill]`, for a distillation."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """Models that are given instead of made: folders or hub names; empty makes them."""

    teacher: str = ""
    student: str = ""
    """The shallower model before it is trained."""
    distilled: str = ""


@dataclass(frozen=True, kw_only=True)
class ChainSettings:
    """What the chain from the teacher to the self-trained student needs."""

    shared: Sections
    given: Given
    teacher: RunSettings
    student: StudentConfig
    distill: RunSettings
    selftrain: RunSettings


CHAIN_SECTIONS = (*SHARED, "given", "teacher", "student", "distill", "selftrain")
DEFAULTS: dict[str, dict[str, Any]] = {
    "teacher": {},
    "distill": {"fraction": 0.5, "dropout": 0.3},  # the report's best recipe
    "selftrain": {"dropout": 0.3},
}


def chain_settings(values: Mapping[str, Any], source: str) -> ChainSettings:
    """Check the chain's sections.

    Raises:
        UserError: An unknown key, or one whose place is elsewhere.
    """
    shared = {name: dict(_section(values, name, source)) for name in SHARED}
    for name, section in shared.items():
        _refuse_misplaced(name, section, source)
    runs = {
        name: run_settings(values, name, source, defaults, takes_method=name == "distill")
        for name, defaults in DEFAULTS.items()
    }
    student = StudentConfig(**check_section(source, "student", values.get("student", {}), StudentConfig))
    given = Given(**check_section(source, "given", values.get("given", {}), Given))
    if student.layers is None and not (given.student or given.distilled):
        raise UserError(f"{source}: student.layers must say how many of the teacher's layers the student keeps; add it")
    if student.drop not in {*Drop}:
        raise UserError(f"{source}: student.drop must be one of {[*map(str, Drop)]}, was {student.drop!r}; correct it")
    starts = [shared["model"].get("base"), shared["model"].get("vocabulary"), given.teacher, given.distilled]
    if not any(starts):
        raise UserError(
            f"{source}: model.base must name what the teacher starts from, or given.teacher the teacher; add it"
        )
    return ChainSettings(shared=shared, given=given, student=student, **runs)


def run_settings(
    values: Mapping[str, Any], name: str, source: str, defaults: Mapping[str, Any], *, takes_method: bool = False
) -> RunSettings:
    """Check one run's section, laid over its `defaults`; with `takes_method`, it takes the keys of `[distill]`."""
    section = {**defaults, **_section(values, name, source)}
    _refuse_misplaced("distill", section, source, section=name)
    chosen = {key: section.pop(key) for key in list(section) if takes_method and key in DISTILL_KEYS}
    chosen = check_section(source, name, chosen, DISTILL_KEYS)
    plain = {key: value for key, value in section.items() if key not in OVERLAYS}
    names = ("fraction", "dropout", *OVERLAYS, *sorted(set(DISTILL_KEYS) - {"teacher"} if takes_method else ()))
    check_section(source, name, section, names)
    values_of: dict[str, Any] = check_section(source, name, plain, RunSettings)
    values_of |= {key: dict(_section(section, key, f"{source}: {name}")) for key in OVERLAYS}
    return RunSettings(**values_of, method=chosen)


def run_sections(shared: Sections, run: RunSettings) -> Sections:
    """Build the sections of one run: those that all runs share, and what the run overrides."""
    sections = copy.deepcopy(shared)
    for name in OVERLAYS:
        sections[name] |= getattr(run, name)
    sections["model"]["dropout"] = run.dropout
    sections["data"]["fraction"] = run.fraction
    return sections


def without_sizes(model: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of `[model]` what is only for a model from scratch."""
    return {key: value for key, value in model.items() if key not in _FROM_SCRATCH}


def _section(values: Mapping[str, Any], name: str, source: str) -> Mapping[str, Any]:
    section = values.get(name, {})
    if not isinstance(section, Mapping):
        raise UserError(f"{source}: expected a section [{name}], found {section!r}; write its keys below [{name}]")
    return section


def _refuse_misplaced(name: str, values: Mapping[str, Any], source: str, *, section: str = "") -> None:
    for key, place in _MISPLACED.get(name, {}).items():
        if key in values:
            raise UserError(f"{source}: {section or name}.{key} is not set here but by {place}; move it")
