"""The report's table as Markdown and CSV.

Comes in: lines, the gap between the modes, timings, what is missing. Goes out: `table.md`, `table.csv`.

A literal example of a line: `| two-stage | prefix | 3 | .4102 ± .0031 | … | 96.4 ± .8 |`
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qgkd.experiment.measure import KEYS
from qgkd.experiment.rows import Line
from qgkd.files.atomic import write_atomically

_SCORES = KEYS[:7]
_REPORT = {"all-layer": 92.5, "two-stage": 96.2, "direct": 87.1}
"""% of the teacher in the report."""


def write_markdown(
    path: Path,
    lines: Sequence[Line],
    *,
    gaps: Sequence[Mapping[str, Any]],
    timings: Mapping[str, Mapping[str, Any]],
    notes: Sequence[str],
) -> None:
    """Write a table per set of questions, the shares of the teacher, the gap of the modes, the times, the notes."""
    blocks: list[str] = []
    for evaluated_on in dict.fromkeys(line.evaluated_on for line in lines):
        held = [line for line in lines if line.evaluated_on == evaluated_on]
        blocks += [f"### {evaluated_on}", _table(held), "% of the teacher of the same seed and mode:", _shares(held)]
    if gaps:
        blocks += ["### `recurrent` against `prefix`, the same questions", _gap_table(gaps)]
    if timings:
        blocks += ["### Decoding time, student against teacher, in turns", _timing_table(timings)]
    blocks += [f"- {note}" for note in notes]
    with write_atomically(path) as file:
        file.write("\n\n".join(blocks) + "\n")


def write_csv(path: Path, lines: Sequence[Line]) -> None:
    """One line per name, mode and set of questions: means, deviations, shares; empty where there is no figure."""
    heads = [f"{key}{suffix}" for key in KEYS for suffix in ("", "_std", "_percent", "_percent_std")]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["evaluated_on", "name", "mode", "seeds", *heads])
    for line in lines:
        tables = (line.mean, line.std, line.percent, line.percent_std)
        values = [_plain(table.get(key)) for key in KEYS for table in tables]
        writer.writerow([line.evaluated_on, line.name, line.mode, " ".join(map(str, line.seeds)), *values])
    with write_atomically(path, binary=True) as binary:
        binary.write(text.getvalue().encode("utf-8-sig"))


def _table(lines: Sequence[Line]) -> str:
    rows = [[line.name, line.mode, str(len(line.seeds)), *(_cell(line.mean, line.std, key) for key in KEYS)]
            for line in lines]  # fmt: skip
    return _markdown(["name", "mode", "seeds", *KEYS], rows)


def _shares(lines: Sequence[Line]) -> str:
    rows = []
    for line in lines:
        if not line.percent:
            continue
        cells = [_percent(line, key) for key in KEYS]
        report = _REPORT.get(line.name)
        rows.append([line.name, line.mode, *cells, "" if report is None else f"{report:.1f}"])
    return _markdown(["name", "mode", *KEYS, "report's avg_score"], rows)


def _gap_table(gaps: Sequence[Mapping[str, Any]]) -> str:
    heads = ["name", "seed", "questions", "prefix", "recurrent", "recurrent − prefix"]
    rows = [
        [
            gap["name"], str(gap["seed"]), f"{gap['questions']:,}", f"{gap['prefix']:.4f}", f"{gap['recurrent']:.4f}",
            f"{gap['recurrent'] - gap['prefix']:+.4f}",
        ]
        for gap in gaps
    ]  # fmt: skip
    return _markdown(heads, rows)


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
    return _markdown(heads, rows)


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _cell(mean: Mapping[str, float], std: Mapping[str, float | None], key: str) -> str:
    if key not in mean:
        return ""
    if key == "parameters":
        return f"{mean[key]:,.0f}"
    digits = 4 if key in _SCORES else 1
    spread = std.get(key)
    return f"{mean[key]:.{digits}f}" + ("" if spread is None else f" ± {spread:.{digits}f}")


def _percent(line: Line, key: str) -> str:
    if key not in line.percent:
        return ""
    spread = line.percent_std.get(key)
    return f"{line.percent[key]:.1f}" + ("" if spread is None or key == "parameters" else f" ± {spread:.1f}")


def _plain(value: float | None) -> str:
    return "" if value is None else repr(value)
