"""Tables of a comparison: mean and standard deviation over seeds, best, rank, size and time.

Comes in: rows, one per task, system, seed, split and metric. Goes out: `table.md`, `table.csv`, `table.json`, and
`table.png` where matplotlib is installed.

A literal example: `| pkd-skip | 2 layers | 5 | 84.3 ± 0.4 | 84.9 | 2 | 3,812,354 | 1.9 |`, figures in per cent, rank 2
by the mean among the systems of that task.
"""

from __future__ import annotations

import csv
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from qgkd.classification.result import ClassificationResult
from qgkd.files.atomic import write_atomically
from qgkd.files.json_files import write_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """One figure of one run."""

    task: str
    split: str
    """What the figure was measured on: `test`, `validation`, `validation_mismatched`."""
    system: str
    """The system's name in the comparison's file."""
    title: str
    """As tables call it."""
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
    """Of the sample (n - 1); None of one seed."""
    best: float
    rank: int
    """By the mean, 1 the best; equal means share one."""
    parameters: int
    ms_per_example: float
    """The median over the seeds."""


def result_rows(
    result: ClassificationResult, *, system: str, title: str, task: str, command: str, commit: str | None
) -> list[ComparisonRow]:
    """The rows of one run: each metric of each split it was measured on; only the test's where there is a test."""
    measured = {split: figures for split, figures in result.figures.items() if split.startswith("test")}
    return [
        ComparisonRow(
            task=task,
            split=split,
            system=system,
            title=title,
            method=result.method,
            student="1 layer" if result.layers == 1 else f"{result.layers} layers",
            seed=result.seed,
            metric=metric,
            is_main=metric == result.main_metric,
            value=value,
            parameters=result.parameters,
            ms_per_example=result.ms_per_example,
            command=command,
            commit=commit,
        )
        for split, figures in (measured or result.figures).items()
        for metric, value in figures.items()
    ]


def table_lines(rows: Iterable[ComparisonRow]) -> list[TableLine]:
    """Aggregate the main metric over seeds and rank the systems of each task and split."""
    groups: dict[tuple[str, str], dict[str, list[ComparisonRow]]] = {}
    for row in rows:
        if row.is_main:
            groups.setdefault((row.task, row.split), {}).setdefault(row.system, []).append(row)
    lines = []
    for systems in groups.values():
        means = {name: statistics.fmean(row.value for row in held) for name, held in systems.items()}
        for name, held in systems.items():
            values = [row.value for row in held]
            lines.append(
                TableLine(
                    task=held[0].task,
                    split=held[0].split,
                    metric=held[0].metric,
                    system=name,
                    title=held[0].title,
                    student=held[0].student,
                    seeds=len(values),
                    mean=means[name],
                    std=statistics.stdev(values) if len(values) > 1 else None,
                    best=max(values),
                    rank=1 + sum(mean > means[name] for mean in means.values()),
                    parameters=held[0].parameters,
                    ms_per_example=statistics.median(row.ms_per_example for row in held),
                )
            )
    return lines


def markdown(lines: Sequence[TableLine]) -> str:
    """A table per task and split; where there are several, one of mean ranks at the end."""
    parts = []
    for task, split in dict.fromkeys((line.task, line.split) for line in lines):
        of_task = [line for line in lines if (line.task, line.split) == (task, split)]
        parts.append(f"### {task}, {split}, {of_task[0].metric} (%)\n")
        parts.append("| system | student | seeds | mean ± std | max | rank | parameters | ms per example |")
        parts.append("|---|---|---|---|---|---|---|---|")
        for line in of_task:
            parts.append(
                f"| {line.title} | {line.student} | {line.seeds} | {told(line)} | {100 * line.best:.1f} | {line.rank} "
                f"| {line.parameters:,} | {line.ms_per_example:.2f} |"
            )
        parts.append("")
    return "\n".join((*parts, *_mean_ranks(lines)))


def told(line: TableLine) -> str:
    """`84.3 ± 0.4`, in per cent; of one seed `84.3`."""
    return f"{100 * line.mean:.1f}" + ("" if line.std is None else f" ± {100 * line.std:.1f}")


def write_tables(folder: Path, rows: Sequence[ComparisonRow], *, plot: bool) -> list[Path]:
    """Write the tables, and the picture where it is asked for and can be drawn.

    Returns:
        The files written.
    """
    lines = table_lines(rows)
    files = [folder / f"table.{suffix}" for suffix in ("md", "csv", "json")]
    with write_atomically(files[0]) as file:
        file.write(markdown(lines))
    with write_atomically(files[1]) as file:
        writer = csv.DictWriter(file, [field.name for field in fields(TableLine)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(line) for line in lines)
    write_json(files[2], [asdict(line) for line in lines])
    if not plot:
        return files
    try:
        from qgkd.classification.comparison.compare_plot import draw

        draw(lines, folder / "table.png")
    except ImportError:
        print("qgkd: table.png needs matplotlib, found none; pip install 'qgkd[plot]'", file=sys.stderr)
        return files
    return [*files, folder / "table.png"]


def _mean_ranks(lines: Sequence[TableLine]) -> list[str]:
    tasks = list(dict.fromkeys((line.task, line.split) for line in lines))
    if len(tasks) < 2:
        return []
    parts = ["### All of them\n", "| system | measured on | mean | mean rank |", "|---|---|---|---|"]
    for name in dict.fromkeys(line.system for line in lines):
        held = [line for line in lines if line.system == name]
        mean, rank = statistics.fmean(line.mean for line in held), statistics.fmean(line.rank for line in held)
        parts.append(f"| {held[0].title} | {len(held)} of {len(tasks)} | {100 * mean:.1f} | {rank:.1f} |")
    return [*parts, ""]
