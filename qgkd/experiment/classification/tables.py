"""Builds the result tables of `qgkd glue compare`: one row per run, and means over seeds.

Comes in: results of runs. Goes out: a row per task, system, seed, split and metric; a line per task, split and system,
its mean over seeds; `table.md`, `table.csv`, `table.json`.

A literal example: `| pkd-skip | 2 layers | 5 | 84.3 ± 0.4 | 84.9 | 2 | 3,812,354 | 1.9 |`, scores in per cent, rank 2
by the mean among the systems of that task.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from qgkd.classification.result import ClassificationResult
from qgkd.experiment.classification.plan import PlannedRun
from qgkd.experiment.engine.figures import grouped, mean_and_std
from qgkd.experiment.engine.output import markdown_table, plus_minus, write_csv
from qgkd.files.atomic import write_atomically
from qgkd.files.json_files import write_json

_HEADS = ("system", "student", "seeds", "mean ± std", "max", "rank", "parameters", "ms per example")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """One metric of one run on one split."""

    task: str
    split: str
    """What was scored: `test`, `validation`, `validation_mismatched`."""
    system: str
    """The system's name in the comparison's file."""
    title: str
    """The system's name in tables."""
    method: str
    student: str
    """What was trained, e.g. `2 layers`."""
    seed: int
    metric: str
    is_main: bool
    """Whether tables compare this metric."""
    value: float
    """As a fraction; Matthews and the correlations from -1 to 1."""
    parameters: int
    ms_per_example: float
    command: str
    commit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLine:
    """One system on one task, over its seeds."""

    task: str
    split: str
    metric: str
    system: str
    title: str
    student: str
    seeds: int
    mean: float
    std: float | None
    """Sample standard deviation; None for a single seed."""
    best: float
    rank: int
    """By the mean, 1 the best; equal means share a rank."""
    parameters: int
    ms_per_example: float
    """The median over the seeds."""


def result_rows(
    run: PlannedRun, result: ClassificationResult, *, command: str, commit: str | None
) -> list[ComparisonRow]:
    """Make a row per metric and split of one run; of the test splits alone where there are any."""
    tests = {split: figures for split, figures in result.figures.items() if split.startswith("test")}
    return [
        ComparisonRow(
            task=run.task, split=split, system=run.system, title=run.title, method=result.method,
            student=result.kind or ("1 layer" if result.layers == 1 else f"{result.layers} layers"),
            seed=result.seed, metric=metric,
            is_main=metric == result.main_metric, value=value, parameters=result.parameters,
            ms_per_example=result.ms_per_example, command=command, commit=commit,
        )
        for split, figures in (tests or result.figures).items()
        for metric, value in figures.items()
    ]  # fmt: skip


def table_lines(rows: Iterable[ComparisonRow]) -> list[TableLine]:
    """Average the main metric over seeds, and rank the systems of each task and split."""
    lines = []
    for of_task in grouped((row for row in rows if row.is_main), lambda row: (row.task, row.split)).values():
        systems = grouped(of_task, lambda row: row.system)
        statistics_of = {name: mean_and_std([row.value for row in group]) for name, group in systems.items()}
        for name, group in systems.items():
            mean, std = statistics_of[name]
            first = group[0]
            lines.append(TableLine(
                task=first.task, split=first.split, metric=first.metric, system=name, title=first.title,
                student=first.student, seeds=len(group), mean=mean, std=std, best=max(row.value for row in group),
                rank=1 + sum(other > mean for other, _ in statistics_of.values()), parameters=first.parameters,
                ms_per_example=statistics.median(row.ms_per_example for row in group),
            ))  # fmt: skip
    return lines


def markdown(lines: Sequence[TableLine]) -> str:
    """Write a table per task and split; where there are several, one of mean ranks at the end."""
    parts = []
    for (task, split), group in grouped(lines, lambda line: (line.task, line.split)).items():
        rows = [
            [
                line.title, line.student, str(line.seeds), percent(line), f"{100 * line.best:.1f}", str(line.rank),
                f"{line.parameters:,}", f"{line.ms_per_example:.2f}",
            ]
            for line in group
        ]  # fmt: skip
        parts += [f"### {task}, {split}, {group[0].metric} (%)\n", markdown_table(_HEADS, rows, align="---"), ""]
    return "\n".join((*parts, *_mean_ranks(lines)))


def percent(line: TableLine) -> str:
    """Write `84.3 ± 0.4`, in per cent; `84.3` for a single seed."""
    return plus_minus(100 * line.mean, None if line.std is None else 100 * line.std, 1)


def write_tables(folder: Path, lines: Sequence[TableLine]) -> list[Path]:
    """Write the tables and return their paths."""
    names = [field.name for field in fields(TableLine)]
    files = [folder / f"table.{suffix}" for suffix in ("md", "csv", "json")]
    with write_atomically(files[0]) as file:
        file.write(markdown(lines))
    write_csv(files[1], names, [[getattr(line, name) for name in names] for line in lines])
    write_json(files[2], [asdict(line) for line in lines])
    return files


def write_rows(path: Path, rows: Sequence[ComparisonRow]) -> None:
    """Write the rows as JSON, one a line."""
    with write_atomically(path) as file:
        lines = ",\n".join(json.dumps(asdict(row), ensure_ascii=False) for row in rows)
        file.write(f"[\n{lines}\n]\n")


def _mean_ranks(lines: Sequence[TableLine]) -> list[str]:
    tasks = {(line.task, line.split) for line in lines}
    if len(tasks) < 2:
        return []
    rows = []
    for group in grouped(lines, lambda line: line.system).values():
        mean, rank = statistics.fmean(line.mean for line in group), statistics.fmean(line.rank for line in group)
        rows.append([group[0].title, f"{len(group)} of {len(tasks)}", f"{100 * mean:.1f}", f"{rank:.1f}"])
    heads = ("system", "measured on", "mean", "mean rank")
    return ["### All of them\n", markdown_table(heads, rows, align="---"), ""]
