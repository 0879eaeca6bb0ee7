"""Plans the runs of a comparison of classification systems: tasks times systems times seeds.

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
    [systems.kd]                         # what this system overrides
    teachers = ["teacher"]               # other systems, or model folders
    method.name = "kd"
    model.layers = 6
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from qgkd.classification.config import ClassificationConfig, make_classification_config
from qgkd.errors import UserError
from qgkd.experiment.classification.settings import CompareConfig, SystemConfig
from qgkd.files.toml_values import check_section, nearest, read_sections

_SECTIONS = ("task", "method", "model", "evaluation", "train")
"""Sections of a single run; a system may override them."""
_FILES = {"folder", "train", "validation", "test", "transfer", "exclude_texts_of"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One training, to be done once."""

    task: str
    """As in `[tasks.NAME]`."""
    system: str
    """As in `[systems.NAME]`."""
    title: str
    """The system's name in tables."""
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
    systems: tuple[str, ...]
    """Names, in the order of the file."""
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
    return make_comparison(read_sections(path, overrides), str(path))


def make_comparison(sections: dict[str, Any], source: str = "config") -> Comparison:
    """Check sections of plain values and plan the runs; `source` is the file's name, for messages."""
    values = check_section(source, "", sections, ("compare", "tasks", "systems", *_SECTIONS))
    config = CompareConfig(**check_section(source, "compare", values.get("compare", {}), CompareConfig))
    tasks, systems = values.get("tasks", {}), values.get("systems", {})
    for section, value, sentence in (
        ("tasks", tasks, "tasks.NAME must name at least one task"),
        ("systems", systems, "systems.NAME must name at least one system"),
        ("compare", config.output_dir, "compare.output_dir must name the folder of the runs"),
        ("compare", config.seeds, "compare.seeds must hold at least one seed"),
    ):
        if not value:
            raise UserError(f"{source}: {sentence}; add it to [{section}]")
    unknown = next((name for name in config.tasks if name not in tasks), None)
    if unknown is not None:
        raise UserError(f"{source}: compare.tasks: {unknown!r} is none of [tasks]{nearest(unknown, tasks)}")
    planner = _Planner(source, values, config)
    seeds = dict.fromkeys((*config.seeds, *(seed for each in planner.systems.values() for seed in each.seeds or ())))
    chosen_tasks = tuple(name for name in tasks if name in (config.tasks or tasks))
    for seed in seeds:
        for task in chosen_tasks:
            for name in planner.order:
                if seed in planner.seeds_of(name):
                    planner.plan(task, name, seed)
    runs = tuple(planner.runs.values())
    return Comparison(config=config, tasks=chosen_tasks, systems=tuple(planner.systems), runs=runs)


class _Planner:
    """Plans runs one after another, before each the runs of its teachers."""

    def __init__(self, source: str, values: dict[str, Any], config: CompareConfig) -> None:
        self._source, self._values, self._config = source, values, config
        self.systems: dict[str, SystemConfig] = {
            name: _system(source, name, section) for name, section in values["systems"].items()
        }
        self.order = self._teachers_first()
        self.runs: dict[tuple[str, str, int], PlannedRun] = {}

    def seeds_of(self, name: str) -> tuple[int, ...]:
        """Return the seeds of a system."""
        own = self.systems[name].seeds
        return self._config.seeds if own is None else own

    def plan(self, task: str, name: str, seed: int) -> PlannedRun:
        """Plan a run, unless it is planned already."""
        key = (task, name, seed)
        if key in self.runs:
            return self.runs[key]
        where, needed, teachers = f"{self._source}: systems.{name} on {task}", [], []
        for teacher in self.systems[name].teachers:
            if teacher in self.systems:
                seeds = self.seeds_of(teacher)
                run = self.plan(task, teacher, seed if seed in seeds else seeds[0])
                needed.append(run.folder)
                teachers.append(str(run.folder / "model"))
            elif Path(teacher).is_dir():
                teachers.append(teacher)
            else:
                raise UserError(
                    f"{where}: teacher {teacher!r} is neither a system nor a folder{nearest(teacher, self.systems)}"
                )
        if start := self.systems[name].start:
            seeds = self.seeds_of(start)
            run = self.plan(task, start, seed if seed in seeds else seeds[0])
            needed.append(run.folder)
            start = str(run.folder / "model")
        self.runs[key] = PlannedRun(
            task=task,
            system=name,
            title=self.systems[name].title or name,
            seed=seed,
            config=make_classification_config(self._sections(task, name, seed, teachers, start), where),
            teachers=tuple(needed),
        )
        return self.runs[key]

    def _sections(self, task: str, name: str, seed: int, teachers: list[str], start: str) -> dict[str, Any]:
        system = self._values["systems"][name]
        sections = {key: copy.deepcopy({**self._values.get(key, {}), **system.get(key, {})}) for key in _SECTIONS}
        own_task = _in_folder(self._config.data_folder, self._values["tasks"][task])
        sections["task"] = {"name": task, **sections["task"], **own_task}
        if teachers:
            sections["model"]["teachers"] = teachers
        else:  # only learning from a teacher takes unlabelled examples
            sections["task"].pop("transfer", None)
            sections["task"].pop("transfer_limit", None)
        if start:
            sections["model"]["base"] = start
            for key in ("layers", "kind", "words", "head"):
                sections["model"].pop(key, None)
        folder = Path(self._config.output_dir) / task / name / f"seed-{seed}"
        sections["train"].update(output_dir=str(folder), seed=seed)
        return sections

    def _inputs(self, name: str) -> tuple[str, ...]:
        """What a system learns and begins from."""
        return (*self.systems[name].teachers, self.systems[name].start)

    def _teachers_first(self) -> list[str]:
        """Order systems so that teachers come before their students, otherwise as in the file."""
        for name, system in self.systems.items():
            if system.start and system.start not in self.systems:
                raise UserError(
                    f"{self._source}: systems.{name}.start: {system.start!r} is no system"
                    f"{nearest(system.start, self.systems)}"
                )
        done: list[str] = []
        left = list(self.systems)
        while left:
            ready = [
                name for name in left
                if all(each in done for each in self._inputs(name) if each in self.systems)
            ]  # fmt: skip
            if not ready:
                raise UserError(
                    f"{self._source}: expected teachers that do not learn from their students, found {', '.join(left)}"
                )
            done.append(ready[0])
            left.remove(ready[0])
        return done


def _system(source: str, name: str, section: Any) -> SystemConfig:
    known = {**get_type_hints(SystemConfig), **dict.fromkeys(_SECTIONS, Any)}
    values = check_section(source, f"systems.{name}", section, known)
    return SystemConfig(**{key: value for key, value in values.items() if key not in _SECTIONS})


def _in_folder(folder: str, task: Mapping[str, Any]) -> dict[str, Any]:
    """Make a task's file names relative to the folder."""
    found = dict(task)
    for key in _FILES & set(found):
        names = found[key]
        found[key] = str(Path(folder, names)) if isinstance(names, str) else [str(Path(folder, each)) for each in names]
    return found
