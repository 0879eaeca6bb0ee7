"""What a comparison is made of: tasks, systems, seeds, and what all of them share.

Comes in: a TOML file and overrides. Goes out: `Comparison`, a list of runs, each after those it learns from.

A literal example, four runs, of which the teacher's comes first in each seed:

    [compare]
    output_dir = "runs/comparison"
    seeds = [1, 2]
    [tasks.rte]
    folder = "glue"
    [model]                              # [task], [method], [model], [evaluation], [train]: as in `qgkd glue run`,
    base = "bert-base-uncased"           # for every run
    [train]
    learning_rate = 2e-5
    [systems.teacher]
    [systems.kd]                         # what this system has otherwise
    teachers = ["teacher"]               # other systems, or model folders
    method.name = "kd"
    model.layers = 6
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgkd.classification.config import ClassificationConfig, make_classification_config
from qgkd.errors import UserError
from qgkd.files.toml_values import check_section, nearest, parse_overrides, read_toml

_SECTIONS = ("task", "method", "model", "evaluation", "train")
_FILES = {"folder", "train", "validation", "test", "transfer", "exclude_texts_of"}


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """What is compared, and where it goes."""

    output_dir: str = ""
    """Folder of the runs and the tables."""
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    """A run of every system on every task for each. A student's teacher has the student's seed, so that the spread is
    that of the whole way and seeds can be run apart; a teacher without that seed teaches with its first."""
    tasks: tuple[str, ...] = ()
    """Which of `[tasks]` are done, so that they can be run apart; empty is all."""
    data_folder: str = ""
    """Folder that the files of `[tasks]` are told from; empty is where the command runs."""
    results: str = ""
    """File that gets a row per task, system, seed and metric after every finished run; `rows.json` in the folder does
    so always."""


@dataclass(frozen=True, kw_only=True)
class SystemConfig:
    """One line of the table, apart from the sections it changes."""

    title: str = ""
    """How tables call it; its name where empty."""
    teachers: tuple[str, ...] = ()
    """Systems of this file, or model folders; the smaller first."""
    seeds: tuple[int, ...] | None = None
    """Seeds of its own, e.g. one for a teacher that is not in the table for its own sake; None takes all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One training, to be done once."""

    task: str
    """As in `[tasks.NAME]`."""
    system: str
    """As in `[systems.NAME]`."""
    title: str
    """As tables call it."""
    seed: int
    config: ClassificationConfig
    teachers: tuple[Path, ...]
    """Folders of the planned runs that must be complete before."""

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.config.run_folder

    @property
    def name(self) -> str:
        """E.g. `hotel/pkd-skip/seed-3`."""
        return f"{self.task}/{self.system}/seed-{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A whole comparison."""

    config: CompareConfig
    tasks: tuple[str, ...]
    systems: tuple[tuple[str, str], ...]
    """Names and titles, in the order of the file."""
    runs: tuple[PlannedRun, ...]
    """Seed by seed, so that a comparison cut off early has whole tables of fewer seeds."""

    @property
    def folder(self) -> Path:
        """Where runs and tables go."""
        return Path(self.config.output_dir)


def load_comparison(path: str | Path, overrides: tuple[str, ...] = ()) -> Comparison:
    """Read a TOML file and apply overrides such as `tasks.rte.folder=glue` or `systems.kd.method.temperature=5`.

    Raises:
        UserError: An unreadable file, an unknown name, teachers in a circle, or a run whose config does not hold.
    """
    sections = read_toml(path)
    for section, key, value in parse_overrides(overrides):
        _set(sections.setdefault(section, {}), key.split("."), value, f"{section}.{key}")
    return make_comparison(sections, str(path))


def make_comparison(sections: dict[str, Any], told: str = "config") -> Comparison:
    """Check sections of plain values and plan the runs."""
    values = check_section(told, "", sections, ("compare", "tasks", "systems", *_SECTIONS))
    config = CompareConfig(**check_section(told, "compare", values.get("compare", {}), CompareConfig))
    tasks, systems = values.get("tasks", {}), values.get("systems", {})
    for section, held, sentence in (
        ("tasks", tasks, "tasks.NAME must name at least one task"),
        ("systems", systems, "systems.NAME must name at least one system"),
        ("compare", config.output_dir, "compare.output_dir must name the folder of the runs"),
        ("compare", config.seeds, "compare.seeds must hold at least one seed"),
    ):
        if not held:
            raise UserError(f"{told}: {sentence}; add it to [{section}]")
    unknown = next((name for name in config.tasks if name not in tasks), None)
    if unknown is not None:
        raise UserError(f"{told}: compare.tasks: {unknown!r} is none of [tasks]{nearest(unknown, tasks)}")
    tasks = {name: held for name, held in tasks.items() if name in (config.tasks or tasks)}
    own = {name: _system(told, name, held) for name, held in systems.items()}
    order = _order(told, {name: [t for t in system.teachers if t in own] for name, system in own.items()})
    runs = [
        _planned(told, values, config, own, task, name, seed)
        for seed in dict.fromkeys((*config.seeds, *(seed for system in own.values() for seed in system.seeds or ())))
        for task in tasks
        for name in order
        if seed in _seeds(config, own[name])
    ]
    titles = tuple((name, own[name].title or name) for name in own)
    return Comparison(config=config, tasks=tuple(tasks), systems=titles, runs=tuple(_after_teachers(runs)))


def stamp(run: PlannedRun) -> dict[str, Any]:
    """What a run's figures depend on, as JSON has it."""
    held: dict[str, Any] = json.loads(json.dumps(run.config.to_json()))
    return held


def _system(told: str, name: str, held: Any) -> SystemConfig:
    if not isinstance(held, Mapping):
        raise UserError(f"{told}: expected a section [systems.{name}], found {held!r}; write its keys below it")
    known = [*SystemConfig.__annotations__, *_SECTIONS]
    for key in held:
        if key not in known:
            raise UserError(f"{told}: systems.{name}.{key} is unknown{nearest(key, known, f'systems.{name}')}")
    plain = {key: value for key, value in held.items() if key not in _SECTIONS}
    return SystemConfig(**check_section(told, f"systems.{name}", plain, SystemConfig))


def _planned(
    told: str,
    values: dict[str, Any],
    config: CompareConfig,
    systems: dict[str, SystemConfig],
    task: str,
    name: str,
    seed: int,
) -> PlannedRun:
    system, where = systems[name], f"{told}: systems.{name} on {task}"
    sections: dict[str, Any] = {key: copy.deepcopy(values.get(key, {})) for key in _SECTIONS}
    for key in _SECTIONS:
        sections[key].update(copy.deepcopy(values["systems"][name].get(key, {})))
    own_task = _in_folder(config.data_folder, values["tasks"][task])
    sections["task"] = {"name": task, **sections["task"], **own_task}
    folder = Path(config.output_dir) / task
    teachers, needed = [], []
    for teacher in system.teachers:
        if teacher in systems:
            held = _seeds(config, systems[teacher])
            run_folder = folder / teacher / f"seed-{seed if seed in held else held[0]}"
            needed.append(run_folder)
            teachers.append(str(run_folder / "model"))
        elif Path(teacher).is_dir():
            teachers.append(teacher)
        else:
            raise UserError(f"{where}: teacher {teacher!r} is neither a system nor a folder{nearest(teacher, systems)}")
    if not teachers:  # what only learning from a teacher has a use for
        sections["task"].pop("transfer", None)
        sections["task"].pop("transfer_limit", None)
    else:
        sections["model"]["teachers"] = teachers
    sections["train"].update(output_dir=str(folder / name / f"seed-{seed}"), seed=seed)
    return PlannedRun(
        task=task,
        system=name,
        title=system.title or name,
        seed=seed,
        config=make_classification_config(sections, where),
        teachers=tuple(needed),
    )


def _in_folder(folder: str, task: Mapping[str, Any]) -> dict[str, Any]:
    """A task's settings, its files told from the folder."""
    found = dict(task)
    for key in _FILES & set(found):
        held = found[key]
        found[key] = str(Path(folder, held)) if isinstance(held, str) else [str(Path(folder, each)) for each in held]
    return found


def _seeds(config: CompareConfig, system: SystemConfig) -> tuple[int, ...]:
    return config.seeds if system.seeds is None else system.seeds


def _order(told: str, teachers: dict[str, list[str]]) -> list[str]:
    """Systems, teachers first, else as in the file."""
    done: list[str] = []
    left = list(teachers)
    while left:
        ready = [name for name in left if all(teacher in done for teacher in teachers[name])]
        if not ready:
            raise UserError(f"{told}: expected teachers that do not learn from their students, found {', '.join(left)}")
        done.append(ready[0])
        left.remove(ready[0])
    return done


def _after_teachers(runs: list[PlannedRun]) -> list[PlannedRun]:
    """Seed by seed as far as may be: a teacher of another seed is moved before its first student."""
    by_folder = {run.folder: run for run in runs}
    placed: dict[Path, PlannedRun] = {}

    def place(run: PlannedRun) -> None:
        if run.folder not in placed:
            for teacher in run.teachers:
                place(by_folder[teacher])
            placed[run.folder] = run

    for run in runs:
        place(run)
    return list(placed.values())


def _set(section: dict[str, Any], keys: list[str], value: Any, told: str) -> None:
    for key in keys[:-1]:
        section = section.setdefault(key, {})
        if not isinstance(section, dict):
            raise UserError(f"expected {told} to be a value in sections, found a value at {key!r}; check its name")
    section[keys[-1]] = value
