"""What a chain of runs is made of: what all of them share, and what each says otherwise.

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
that are laid over them. `[distill]` takes the keys of `qgkd distill` as well.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgkd.checkpoints.student import Drop
from qgkd.distillation.config import DISTILL_KEYS, StudentConfig
from qgkd.errors import UserError
from qgkd.files.toml_values import check_section, parse_overrides, read_toml

Sections = dict[str, dict[str, Any]]

SHARED = ("model", "data", "rows", "evaluation", "train")
"""Sections that hold for every run."""
OVERLAYS = ("rows", "evaluation", "train")
"""Those that one run may say otherwise."""
_ELSEWHERE = {
    "model": {"dropout": "teacher.dropout, distill.dropout, selftrain.dropout"},
    "data": {"fraction": "teacher.fraction, distill.fraction, selftrain.fraction"},
    "train": {"output_dir": "recipe.folder or compare.folder"},
    "distill": {"teacher": "given.teacher"},
}
_FROM_SCRATCH = (
    "vocabulary", "layers", "hidden_size", "heads", "intermediate_size", "sinusoidal_positions", "copying_start"
)  # fmt: skip
_METHOD_KEYS = set(DISTILL_KEYS)


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What one run says of its own."""

    fraction: float = 1.0
    """Share of the training questions, the first in file order."""
    dropout: float = 0.1
    """Of the model that is trained."""
    rows: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    method: dict[str, Any] = field(default_factory=dict)
    """Of a distillation: keys of `[distill]`."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """Models that are given instead of made: folders or hub names; empty makes them."""

    teacher: str = ""
    student: str = ""
    """The shallower model before it has learnt."""
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

    @property
    def seed(self) -> int:
        """Of every run."""
        return int(self.shared["train"].get("seed", 42))


CHAIN_SECTIONS = (*SHARED, "given", "teacher", "student", "distill", "selftrain")
DEFAULTS: dict[str, dict[str, Any]] = {
    "teacher": {},
    "distill": {"fraction": 0.5, "dropout": 0.3},  # the report's best recipe
    "selftrain": {"dropout": 0.3},
}


def read_sections(path: str | Path, overrides: Iterable[str]) -> Sections:
    """A TOML file with overrides laid over it: `teacher.train.max_steps=100` reaches the table `[teacher.train]`.

    Raises:
        UserError: No TOML, or an override that is none.
    """
    sections = read_toml(path)
    for section, key, value in parse_overrides(overrides):
        *tables, last = key.split(".")
        place = sections.setdefault(section, {})
        for table in tables:
            place = place.setdefault(table, {}) if isinstance(place, dict) else {}
        place[last] = value
    return sections


def chain_settings(values: Mapping[str, Any], told: str) -> ChainSettings:
    """Check the chain's sections.

    Raises:
        UserError: An unknown key, or one whose place is elsewhere.
    """
    shared = {name: dict(_section(values, name, told)) for name in SHARED}
    for name in SHARED:
        _refuse_elsewhere(name, shared[name], told)
    runs = {name: run_settings(values, name, told, DEFAULTS[name]) for name in DEFAULTS}
    student = StudentConfig(**check_section(told, "student", _section(values, "student", told), StudentConfig))
    given = Given(**check_section(told, "given", _section(values, "given", told), Given))
    if student.layers is None and not (given.student or given.distilled):
        raise UserError(f"{told}: student.layers must say how many of the teacher's layers the student keeps; add it")
    if student.drop not in {*Drop}:
        raise UserError(f"{told}: student.drop must be one of {[*map(str, Drop)]}, was {student.drop!r}; correct it")
    made_of = [shared["model"].get("base"), shared["model"].get("vocabulary"), given.teacher, given.distilled]
    if not any(made_of):
        raise UserError(
            f"{told}: model.base must name what the teacher starts from, or given.teacher the teacher; add it"
        )
    return ChainSettings(shared=shared, given=given, student=student, **runs)


def run_settings(
    values: Mapping[str, Any], name: str, told: str, defaults: Mapping[str, Any], *, method: bool | None = None
) -> RunSettings:
    """Check the section of one run.

    Args:
        values: All sections.
        name: The run's.
        told: The file, for messages.
        defaults: For what the section does not say.
        method: Whether it takes the keys of `qgkd distill`'s `[distill]`; of `distill` alone where None.
    """
    held = {**defaults, **_section(values, name, told)}
    _refuse_elsewhere("distill" if name not in SHARED else name, held, told, section=name)
    takes_method = name == "distill" if method is None else method
    chosen = {key: held.pop(key) for key in list(held) if takes_method and key in _METHOD_KEYS}
    chosen = check_section(told, name, chosen, DISTILL_KEYS)
    plain = {key: value for key, value in held.items() if key not in OVERLAYS}
    names = ("fraction", "dropout", *OVERLAYS, *sorted(_METHOD_KEYS - {"teacher"} if takes_method else ()))
    check_section(told, name, held, names)
    values_of: dict[str, Any] = check_section(told, name, plain, RunSettings)
    values_of |= {key: dict(_section(held, key, f"{told}: {name}")) for key in OVERLAYS}
    return RunSettings(**values_of, method=chosen)


def laid_over(shared: Sections, run: RunSettings) -> Sections:
    """The sections of one run: what all share, and over it what the run says."""
    sections = copy.deepcopy(shared)
    for name in OVERLAYS:
        sections[name] |= getattr(run, name)
    sections["model"]["dropout"] = run.dropout
    sections["data"]["fraction"] = run.fraction
    return sections


def without_sizes(model: Mapping[str, Any]) -> dict[str, Any]:
    """`[model]` for weights that are there already: nothing that is for a model from scratch."""
    return {key: value for key, value in model.items() if key not in _FROM_SCRATCH}


def _section(values: Mapping[str, Any], name: str, told: str) -> Mapping[str, Any]:
    section = values.get(name, {})
    if not isinstance(section, Mapping):
        raise UserError(f"{told}: expected a section [{name}], found {section!r}; write its keys below [{name}]")
    return section


def _refuse_elsewhere(name: str, values: Mapping[str, Any], told: str, *, section: str = "") -> None:
    for key, place in _ELSEWHERE.get(name, {}).items():
        if key in values:
            raise UserError(f"{told}: {section or name}.{key} is not set here but by {place}; move it")
