"""The comparison of classification systems: every training made once, and its tables after each.

Comes in: `Comparison`. Goes out: the folder

    TASK/SYSTEM/seed-N/     one run each, see `qgkd.classification.run`
    TASK/SYSTEM/seed-N.json its config, the commit and the command it was begun with
    rows.json               a row per task, system, seed, split and metric
    table.md .csv .json     means over the seeds
    table.png               the same as a plot

A literal example: `run_comparison(load_comparison("glue.toml"), command="qgkd glue compare glue.toml")`; killed and
started again it resumes within the run it was in.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgkd.classification.config import ClassificationConfig, TaskConfig
from qgkd.classification.result import read_result
from qgkd.errors import UserError
from qgkd.experiment.classification.plan import Comparison, PlannedRun
from qgkd.experiment.classification.plot import comparison_figure
from qgkd.experiment.classification.tables import ComparisonRow, result_rows, table_lines, write_rows, write_tables
from qgkd.experiment.classification.timing import timed
from qgkd.experiment.engine.output import write_plot
from qgkd.experiment.engine.rows import Row, make_rows
from qgkd.experiment.engine.step import Place
from qgkd.files.atomic import check_writable, write_atomically
from qgkd.files.json_files import read_json
from qgkd.training.lineage import checkout_commit
from qgkd.training.main_process import say

if TYPE_CHECKING:
    from qgkd.classification.tasks.data import TaskData


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassificationStep:
    """One training of a classifier; its run scores it as well."""

    name: str
    inputs: tuple[ClassificationStep, ...]
    """Its teachers."""
    planned: PlannedRun
    command: str
    """The command line, recorded beside the run."""
    load: Callable[[TaskConfig], TaskData]
    """Reads a task's files."""

    def is_done(self, folder: Path) -> bool:
        """Whether the run has its result."""
        return read_result(folder) is not None

    def check(self, folder: Path) -> None:
        """Refuse a run that was begun with other settings, complete or not."""
        path = _record_path(self.planned)
        if not path.is_file():
            return
        recorded, wanted = read_json(path)["config"], _plain_config(self.planned)
        defaults = ClassificationConfig().to_json()  # settings newer than the record had their defaults
        pairs = [(section, key) for section in wanted for key in {**recorded.get(section, {}), **wanted[section]}]
        for section, key in pairs:
            default = json.loads(json.dumps(defaults[section].get(key)))
            found, expected = (values.get(section, {}).get(key, default) for values in (recorded, wanted))
            if found != expected:
                raise UserError(
                    f"{folder}: expected a run with {section}.{key} = {expected!r}, found one with {found!r}; remove "
                    f"it and {path.name} beside it, or choose another compare.output_dir"
                )

    def make(self, folder: Path, place: Place, *, force: bool) -> None:
        """Write the record and train; a run with a record is resumed, and keeps the commit it was begun with."""
        from qgkd.classification.run import run_classification

        data, path = self.load(self.planned.config.task), _record_path(self.planned)
        resume = path.is_file() or any(each.name != ".lock" for each in folder.iterdir())
        if not path.is_file():
            record = {"command": self.command, "commit": checkout_commit(), "config": _plain_config(self.planned)}
            with write_atomically(path) as file:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        run_classification(self.planned.config, resume=resume, data=data)


def run_comparison(comparison: Comparison, *, command: str) -> list[str]:
    """Do every run that is not complete, each after its teachers; every row records the `command` line.

    Returns:
        A sentence for every run that could not be done; the others went on without it.

    Raises:
        UserError: A run is there with other settings, or `compare.results` cannot be written.
    """
    load = functools.lru_cache(maxsize=2)(_load)  # one task's texts, with and without those for transfer
    steps: dict[Path, ClassificationStep] = {}
    for run in comparison.runs:
        inputs = tuple(steps[teacher] for teacher in run.teachers)
        steps[run.folder] = ClassificationStep(name=run.name, inputs=inputs, planned=run, command=command, load=load)
    if comparison.config.results:
        check_writable(comparison.config.results)
    failures = make_rows(
        [Row(label=step.name, step=step) for step in steps.values()],
        place=lambda step: step.planned.folder,
        after_each=lambda: write_report(comparison),
        keep_going=True,
    )
    write_report(comparison, plot=True)
    return failures


def finished_rows(comparison: Comparison) -> list[ComparisonRow]:
    """List the rows of every complete run, in the order of tasks, systems and seeds."""
    tasks, systems, together = comparison.tasks, comparison.systems, timed(comparison.folder)
    rows: list[ComparisonRow] = []
    for run in sorted(comparison.runs, key=lambda run: (tasks.index(run.task), systems.index(run.system), run.seed)):
        result = read_result(run.folder)
        if result is not None:
            ms_per_example = together.get(run.task, {}).get(run.system, result.ms_per_example)
            about = read_json(_record_path(run))
            result = replace(result, ms_per_example=ms_per_example)
            rows += result_rows(run, result, command=about["command"], commit=about["commit"])
    return rows


def write_report(comparison: Comparison, *, plot: bool = False) -> list[Path]:
    """Write rows and tables of the runs that are complete; nothing where none is.

    Returns:
        The files written.
    """
    rows = finished_rows(comparison)
    if not rows:
        return []
    results = comparison.config.results
    files = [comparison.folder / "rows.json", *([Path(results)] if results else [])]
    for file in files:
        write_rows(file, rows)
    lines = table_lines(rows)
    files += write_tables(comparison.folder, lines)
    picture = comparison.folder / "table.png"
    if plot and write_plot(picture, lambda: comparison_figure(lines)):
        files.append(picture)
    return files


def _load(task: TaskConfig) -> TaskData:
    from qgkd.classification.tasks.data import load_task

    data = load_task(task)
    for problem in data.problems:
        say(str(problem))
    return data


def _record_path(run: PlannedRun) -> Path:
    return run.folder.with_name(f"{run.folder.name}.json")


def _plain_config(run: PlannedRun) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(run.config.to_json()))
    return values
