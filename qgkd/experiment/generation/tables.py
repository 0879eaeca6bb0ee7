"""Builds the result tables of `qgkd compare`: one row per model, and means over seeds.

Comes in: scores of models. Goes out: rows, one per model and set of questions, for `qg_compare.json`; `Line`s, their
means over seeds; `table.md`, `table.csv`.

A literal example of a row:

    {"name": "two-stage", "mode": "prefix", "seed": 1, "Bleu_1": 0.41, …, "avg_score": 0.29, "seconds": 31.2,
     "parameters": 2207296, "trained_on": "train.jsonl: distilled 2,500, selftrained 5,000 questions (…)",
     "evaluated_on": "validation.jsonl, all, 621 questions", "command": "qgkd compare …", "commit": "1f0…"}

and of a line in the table: `| two-stage | prefix | 3 | .4102 ± .0031 | … | 96.4 ± .8 |`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgkd.experiment.engine import output
from qgkd.experiment.engine.figures import grouped, mean_and_std
from qgkd.experiment.engine.output import markdown_table, plus_minus
from qgkd.experiment.generation.measure import KEYS
from qgkd.files.atomic import write_atomically

Row = dict[str, Any]

_SCORES = KEYS[:7]
_REPORT = {"all-layer": 92.5, "two-stage": 96.2, "direct": 87.1}
"""% of the teacher in the 2021 project report."""
_ZERO = 1e-6
"""A teacher's score up to this is no base for a percentage."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table: a system's mean over seeds."""

    name: str
    mode: str
    evaluated_on: str
    seeds: tuple[int, ...]
    mean: dict[str, float]
    std: dict[str, float | None]
    """Sample standard deviation; None for a single seed."""
    percent: dict[str, float]
    """Percentage of the teacher of the same seed and mode, mean over seeds; empty where there is no teacher."""
    percent_std: dict[str, float | None]


def rows_of(name: str, mode: str, seed: int, measured: dict[str, Any], *, trained_on: str, command: str) -> list[Row]:
    """Make one row per set of questions that were scored in one pass."""
    part = measured["part"]
    limited = f", the first {part['limit']:,}" if part["limit"] else ""
    return [
        {
            "name": name,
            "mode": mode,
            "seed": seed,
            **{key: scores[key] for key in KEYS},
            "trained_on": trained_on,
            "evaluated_on": f"{part['data']}{limited}, {scores['subset']}, {scores['n']:,} questions",
            "command": command,
            "commit": measured["commit"],
        }
        for scores in measured["rows"]
    ]


def lines_of(rows: Sequence[Row]) -> list[Line]:
    """Average over seeds, in the order of the rows; the rule is compared with the teachers of the first mode."""
    teachers = {(r["evaluated_on"], r["mode"], r["seed"]): r for r in rows if r["name"] == "teacher"}
    groups = grouped(rows, lambda row: (row["evaluated_on"], row["mode"], row["name"]))
    lines = []
    for (evaluated_on, mode, name), group in groups.items():
        if mode == "rule":  # one row for all seeds
            same_questions = [t for (where, _, _), t in teachers.items() if where == evaluated_on]
            pairs = [(group[0], t) for t in same_questions if t["mode"] == same_questions[0]["mode"]]
        else:
            keys = [(evaluated_on, mode, row["seed"]) for row in group]
            pairs = [(row, teachers[key]) for row, key in zip(group, keys, strict=True) if key in teachers]
        mean, std = _statistics(group)
        percent, percent_std = _statistics([_percentages(row, teacher) for row, teacher in pairs])
        lines.append(Line(
            name=name, mode=mode, evaluated_on=evaluated_on, seeds=tuple(row["seed"] for row in group), mean=mean,
            std=std, percent=percent, percent_std=percent_std,
        ))  # fmt: skip
    return lines


def trained_on_text(files: Iterable[str], steps: Iterable[tuple[str, int | None]]) -> str:
    """Write which questions went into a model, step by step."""
    counts = ", ".join(f"{name} {count:,}" for name, count in steps if count is not None)
    return f"{', '.join(files)}: {counts} questions" if counts else "no questions"


def write_markdown(
    path: Path,
    lines: Sequence[Line],
    *,
    gaps: Sequence[Mapping[str, Any]],
    timings: Mapping[str, Mapping[str, Any]],
    notes: Sequence[str],
) -> None:
    """Write a table per set of questions, percentages of the teacher, the gap of the modes, the times, the notes."""
    blocks: list[str] = []
    for evaluated_on, group in grouped(lines, lambda line: line.evaluated_on).items():
        blocks += [f"### {evaluated_on}", _scores_table(group)]
        blocks += ["% of the teacher of the same seed and mode:", _percent_table(group)]
    if gaps:
        blocks += ["### `recurrent` against `prefix`, the same questions", _gap_table(gaps)]
    if timings:
        blocks += ["### Decoding time, student against teacher, in turns", _timing_table(timings)]
    blocks += [f"- {note}" for note in notes]
    with write_atomically(path) as file:
        file.write("\n\n".join(blocks) + "\n")


def write_csv(path: Path, lines: Sequence[Line]) -> None:
    """Write one row per line: means, deviations, percentages; an empty cell where there is no figure."""
    heads = [f"{key}{suffix}" for key in KEYS for suffix in ("", "_std", "_percent", "_percent_std")]
    rows = []
    for line in lines:
        figures = (line.mean, line.std, line.percent, line.percent_std)
        values = [each.get(key) for key in KEYS for each in figures]
        rows.append([line.evaluated_on, line.name, line.mode, " ".join(map(str, line.seeds)), *values])
    output.write_csv(path, ["evaluated_on", "name", "mode", "seeds", *heads], rows, for_excel=True)


def _scores_table(lines: Sequence[Line]) -> str:
    rows = [
        [line.name, line.mode, str(len(line.seeds)), *(_cell(line.mean, line.std, key) for key in KEYS)]
        for line in lines
    ]
    return markdown_table(["name", "mode", "seeds", *KEYS], rows)


def _percent_table(lines: Sequence[Line]) -> str:
    rows = []
    for line in lines:
        if line.percent:
            report = _REPORT.get(line.name)
            std = {**line.percent_std, "parameters": None}
            cells = [plus_minus(line.percent[key], std[key], 1) if key in line.percent else "" for key in KEYS]
            rows.append([line.name, line.mode, *cells, "" if report is None else f"{report:.1f}"])
    return markdown_table(["name", "mode", *KEYS, "report's avg_score"], rows)


def _gap_table(gaps: Sequence[Mapping[str, Any]]) -> str:
    heads = ["name", "seed", "questions", "prefix", "recurrent", "recurrent − prefix"]
    rows = [
        [
            gap["name"], str(gap["seed"]), f"{gap['questions']:,}", f"{gap['prefix']:.4f}", f"{gap['recurrent']:.4f}",
            f"{gap['recurrent'] - gap['prefix']:+.4f}",
        ]
        for gap in gaps
    ]  # fmt: skip
    return markdown_table(heads, rows)


def _timing_table(timings: Mapping[str, Mapping[str, Any]]) -> str:
    heads = ["mode", "device", "questions", "teacher s", "student s", "student / teacher", "parameters"]
    rows = [
        [
            mode, f"{t['device']}, {t['precision']}", f"{t['questions']:,}, median of {t['rounds']}",
            f"{t['teacher_seconds']:.2f}", f"{t['student_seconds']:.2f}", f"{t['ratio']:.1%}",
            f"{t['student_parameters'] / t['teacher_parameters']:.1%}",
        ]
        for mode, t in timings.items()
    ]  # fmt: skip
    return markdown_table(heads, rows)


def _cell(mean: Mapping[str, float], std: Mapping[str, float | None], key: str) -> str:
    if key not in mean:
        return ""
    if key == "parameters":
        return f"{mean[key]:,.0f}"
    return plus_minus(mean[key], std.get(key), 4 if key in _SCORES else 1)


def _percentages(row: Row, teacher: Row) -> Row:
    return {
        key: 100 * row[key] / teacher[key]
        for key in KEYS
        if row.get(key) is not None and (teacher.get(key) or 0) > _ZERO
    }


def _statistics(group: Sequence[Row]) -> tuple[dict[str, float], dict[str, float | None]]:
    mean: dict[str, float] = {}
    std: dict[str, float | None] = {}
    for key in KEYS:
        values = [float(row[key]) for row in group if row.get(key) is not None]
        if values:
            mean[key], std[key] = mean_and_std(values)
    return mean, std
