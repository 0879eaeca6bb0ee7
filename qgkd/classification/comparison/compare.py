"""Runs a comparison: every training once, and its tables after each.

Comes in: `Comparison`. Goes out: the folder

    TASK/SYSTEM/seed-N/     one run each, see `qgkd.classification.run`
    TASK/SYSTEM/seed-N.json its config, the commit and the command it was begun with
    rows.json               a row per task, system, seed and metric
    table.md .csv .json     means over the seeds, see `qgkd.classification.comparison.compare_table`
    table.png               the same as a picture

A literal example: `run_comparison(load_comparison("glue.toml"), command="qgkd glue compare glue.toml")`; killed and
started again it goes on within the run it was in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from qgkd.classification.comparison.compare_config import Comparison, PlannedRun, stamp
from qgkd.classification.comparison.compare_table import ComparisonRow, result_rows, write_tables
from qgkd.classification.comparison.compare_timing import timed
from qgkd.classification.config import ClassificationConfig
from qgkd.classification.result import ClassificationResult, read_result
from qgkd.errors import UserError
from qgkd.files.atomic import check_writable, write_atomically
from qgkd.training.lineage import checkout_commit

Tell = Callable[[str], None]


def run_comparison(comparison: Comparison, *, command: str, tell: Tell = lambda _sentence: None) -> list[str]:
    """Do every run that is not complete, each after its teachers.

    Args:
        comparison: What to run.
        command: The command line, kept with every row.
        tell: Gets a sentence per run, for stderr.

    Returns:
        A sentence for every run that could not be done; the others went on without it.

    Raises:
        UserError: A run is there with other settings, or `compare.results` cannot be written.
    """
    from qgkd.classification.run import run_classification
    from qgkd.classification.tasks.data import load_task

    for run in comparison.runs:
        _check_record(run)
    if comparison.config.results:
        check_writable(comparison.config.results)
    failures: dict[Path, str] = {}
    loaded: dict[tuple[str, str], Any] = {}
    for number, run in enumerate(comparison.runs, start=1):
        if read_result(run.folder) is not None:
            continue
        tell(f"run {number} of {len(comparison.runs)}: {run.name}")
        missing = next((teacher for teacher in run.teachers if teacher in failures), None)
        try:
            if missing is not None:
                raise UserError(f"its teacher {missing} could not be trained")
            key = (run.task, json.dumps(asdict(run.config.task)))
            if key not in loaded:  # the texts of one task at a time, with and without those for transfer
                loaded = {held: data for held, data in loaded.items() if held[0] == run.task}
                loaded[key] = load_task(run.config.task)
                for problem in loaded[key].problems:
                    tell(str(problem))
            _write_record(run, command)
            run_classification(run.config, resume=run.folder.is_dir(), data=loaded[key])
        except UserError as error:
            failures[run.folder] = f"{run.name}: {error}"
            tell(failures[run.folder])
        else:
            write_report(comparison)
    write_report(comparison, plot=True)
    return list(failures.values())


def finished_rows(comparison: Comparison) -> list[ComparisonRow]:
    """A row for every metric of every complete run, in the order of tasks, systems and seeds."""
    places = {name: place for place, (name, _) in enumerate(comparison.systems)}
    runs = sorted(comparison.runs, key=lambda run: (comparison.tasks.index(run.task), places[run.system], run.seed))
    rows: list[ComparisonRow] = []
    together = timed(comparison.folder)
    for run in runs:
        result = read_result(run.folder)
        if result is not None:
            ms_per_example = together.get(run.task, {}).get(run.system, result.ms_per_example)
            rows += _rows_of(run, replace(result, ms_per_example=ms_per_example))
    return rows


def write_report(comparison: Comparison, *, plot: bool = False) -> list[Path]:
    """Write rows and tables of the runs that are complete; nothing where none is.

    Returns:
        The files written.
    """
    rows = finished_rows(comparison)
    if not rows:
        return []
    files = [comparison.folder / "rows.json"]
    files += [Path(comparison.config.results)] if comparison.config.results else []
    for file in files:
        _write_rows(file, rows)
    return files + write_tables(comparison.folder, rows, plot=plot)


def _rows_of(run: PlannedRun, result: ClassificationResult) -> list[ComparisonRow]:
    record = json.loads(_record_path(run).read_text(encoding="utf-8"))
    return result_rows(
        result,
        system=run.system,
        title=run.title,
        task=run.task,
        command=record["command"],
        commit=record["commit"],
    )


def _record_path(run: PlannedRun) -> Path:
    return run.folder.with_name(f"{run.folder.name}.json")


def _check_record(run: PlannedRun) -> None:
    path = _record_path(run)
    if not path.is_file():
        return
    held, wanted = json.loads(path.read_text(encoding="utf-8"))["config"], stamp(run)
    defaults = ClassificationConfig().to_json()  # what a setting was before there was one
    pairs = [(section, key) for section in wanted for key in {**held.get(section, {}), **wanted[section]}]
    for section, key in pairs:
        default = json.loads(json.dumps(defaults[section].get(key)))
        found, expected = (values.get(section, {}).get(key, default) for values in (held, wanted))
        if found != expected:
            raise UserError(
                f"{run.folder}: expected a run with {section}.{key} = {expected!r}, found one with {found!r}; remove "
                f"it and {path.name} beside it, or choose another compare.output_dir"
            )


def _write_record(run: PlannedRun, command: str) -> None:
    if _record_path(run).is_file():  # a run that goes on keeps the commit it was begun with
        return
    run.folder.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(_record_path(run)) as file:
        json.dump({"command": command, "commit": checkout_commit(), "config": stamp(run)}, file, ensure_ascii=False)
        file.write("\n")


def _write_rows(path: Path, rows: Sequence[ComparisonRow]) -> None:
    with write_atomically(path) as file:
        lines = ",\n".join(json.dumps(asdict(row), ensure_ascii=False) for row in rows)
        file.write(f"[\n{lines}\n]\n")
