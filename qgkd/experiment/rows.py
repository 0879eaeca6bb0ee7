"""The rows of `qg_compare.json`, and their means over seeds.

Comes in: what was measured. Goes out: rows, and `Line`s, one per name, mode and set of questions.

A literal example of a row:

    {"name": "two-stage", "mode": "prefix", "seed": 1, "Bleu_1": 0.41, …, "avg_score": 0.29, "seconds": 31.2,
     "parameters": 2207296, "trained_on": "train.jsonl: distilled 2,500, selftrained 5,000 questions (…)",
     "evaluated_on": "validation.jsonl, all, 621 questions", "command": "qgkd compare …", "commit": "1f0…"}
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from qgkd.experiment.measure import KEYS

Row = dict[str, Any]

_NOTHING = 1e-6
"""A teacher that scores no more has nothing to be a share of."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table: a mean over seeds."""

    name: str
    mode: str
    evaluated_on: str
    seeds: tuple[int, ...]
    mean: dict[str, float]
    std: dict[str, float | None]
    """Sample standard deviation; None for a single seed."""
    percent: dict[str, float]
    """Of the teacher of the same seed and mode, the mean over seeds; empty where there is none."""
    percent_std: dict[str, float | None]


def rows_of(name: str, mode: str, seed: int, measured: dict[str, Any], *, trained_on: str, command: str) -> list[Row]:
    """One row per set of questions that were measured in one pass."""
    part = measured["part"]
    rows = []
    for found in measured["rows"]:
        limited = f", the first {part['limit']:,}" if part["limit"] else ""
        rows.append(
            {
                "name": name,
                "mode": mode,
                "seed": seed,
                **{key: found[key] for key in KEYS},
                "trained_on": trained_on,
                "evaluated_on": f"{part['data']}{limited}, {found['subset']}, {found['n']:,} questions",
                "command": command,
                "commit": measured["commit"],
            }
        )
    return rows


def lines_of(rows: Sequence[Row]) -> list[Line]:
    """Means over seeds, in the order of the rows; the rule is compared with the teachers of the first mode."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["evaluated_on"], row["mode"], row["name"]), []).append(row)
    teachers = {(r["evaluated_on"], r["mode"], r["seed"]): r for r in rows if r["name"] == "teacher"}
    lines = []
    for (evaluated_on, mode, name), group in groups.items():
        if mode == "rule":  # one row for all seeds
            its = [t for (where, _, _), t in teachers.items() if where == evaluated_on]
            pairs: list[tuple[Row, Row | None]] = [(group[0], t) for t in its if t["mode"] == its[0]["mode"]]
        else:
            pairs = [(row, teachers.get((evaluated_on, mode, row["seed"]))) for row in group]
        shares = [_shares(row, teacher) for row, teacher in pairs if teacher is not None]
        mean, std = _statistics(group, KEYS)
        percent, percent_std = _statistics(shares, KEYS) if shares else ({}, {})
        seeds = tuple(row["seed"] for row in group)
        lines.append(
            Line(
                name=name, mode=mode, evaluated_on=evaluated_on, seeds=seeds, mean=mean, std=std, percent=percent,
                percent_std=percent_std,
            )
        )  # fmt: skip
    return lines


def trained_on_text(files: Iterable[str], steps: Iterable[tuple[str, int | None]]) -> str:
    """Which questions went into a model, step by step."""
    told = ", ".join(f"{name} {count:,}" for name, count in steps if count is not None)
    return f"{', '.join(files)}: {told} questions" if told else "no questions"


def _shares(row: Row, teacher: Row) -> Row:
    return {
        key: 100 * row[key] / teacher[key]
        for key in KEYS
        if row.get(key) is not None and (teacher.get(key) or 0) > _NOTHING
    }


def _statistics(group: Sequence[Row], keys: Iterable[str]) -> tuple[dict[str, float], dict[str, float | None]]:
    mean: dict[str, float] = {}
    std: dict[str, float | None] = {}
    for key in keys:
        values = [float(row[key]) for row in group if row.get(key) is not None]
        if values:
            mean[key] = statistics.fmean(values)
            std[key] = statistics.stdev(values) if len(values) > 1 else None
    return mean, std
