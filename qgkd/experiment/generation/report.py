"""Writes what a comparison has found so far: the JSON of all rows, tables, plots.

Comes in: a `Comparison`. Goes out: files; cells that were not scored are absent, and the notes name them.

A literal example: `write_report(comparison)` returns the path of `table.md`.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from qgkd.experiment.engine.figures import grouped
from qgkd.experiment.engine.output import write_plot
from qgkd.experiment.generation.comparison import Cell, Comparison
from qgkd.experiment.generation.measure import score_of_first
from qgkd.experiment.generation.plots import quality_figure, tree_figure
from qgkd.experiment.generation.systems import parse_tree
from qgkd.experiment.generation.tables import Line, Row, lines_of, rows_of, trained_on_text, write_csv, write_markdown
from qgkd.files.json_files import read_json, write_json

_NAMED = 12
"""How many missing rows the notes name."""


def write_report(comparison: Comparison, *, plots: bool = True) -> Path:
    """Write everything; the plots only where matplotlib is installed."""
    folder = comparison.settings.folder
    folder.mkdir(parents=True, exist_ok=True)
    rows = all_rows(comparison)
    results = comparison.settings.results
    results.parent.mkdir(parents=True, exist_ok=True)
    write_json(results, rows)
    lines = lines_of(rows)
    gaps, timings = _mode_gaps(comparison), read_json(folder / "timing.json")
    write_markdown(folder / "table.md", lines, gaps=gaps, timings=timings, notes=_notes(comparison))
    write_csv(folder / "table.csv", lines)
    if plots:
        _draw(lines, folder, comparison.settings.mode)
    return folder / "table.md"


def all_rows(comparison: Comparison) -> list[Row]:
    """List the rows of every cell that was scored, validation first."""
    rows: list[Row] = []
    for part in ("validation", "test"):
        for cell in comparison.all_cells:
            measured = comparison.measured(cell, part)
            if measured:
                trained_on, command = _trained_on(comparison, cell), _command(comparison, cell, part)
                rows += rows_of(cell.name, cell.mode, cell.seed, measured, trained_on=trained_on, command=command)
    return rows


def _mode_gaps(comparison: Comparison) -> list[dict[str, Any]]:
    """Score both modes on the same first validation questions, where both were decoded."""
    gaps = []
    cells = {(cell.name, cell.mode, cell.seed): cell for cell in comparison.all_cells}
    for (name, mode, seed), cell in cells.items():
        other = cells.get((name, "prefix", seed))
        if mode != "recurrent" or other is None:
            continue
        both = [comparison.measured(each, "validation") for each in (other, cell)]
        if not all(both):
            continue
        count = min(measured["rows"][0]["n"] for measured in both)
        found = [score_of_first(comparison.cell_folder(each), "validation", count) for each in (other, cell)]
        gaps.append({"name": name, "seed": seed, "questions": count, "prefix": found[0], "recurrent": found[1]})
    return gaps


def _trained_on(comparison: Comparison, cell: Cell) -> str:
    settings = comparison.settings
    about = read_json(settings.folder / "questions" / "about.json") if settings.questions.final else {}
    train = settings.chain.shared["data"].get("train", ())
    paths = [train] if isinstance(train, str) else train
    files = sorted(about["files"]) if about else [Path(path).name for path in paths]
    return trained_on_text(files, comparison.trained_on(cell))


def _command(comparison: Comparison, cell: Cell, part: str) -> str:
    settings = comparison.settings
    command = shlex.join(["qgkd", "compare", settings.source, *settings.overrides])
    if part == "test":
        return f"{command} --final"
    return f"{command} --only {cell.name}" + ("" if cell.step is None else f" --seed {cell.seed}")


def _notes(comparison: Comparison) -> list[str]:
    cells = comparison.all_cells
    measured = [cell for cell in cells if comparison.measured(cell, "validation")]
    missing = [f"{cell.name} ({cell.mode}, seed {cell.seed})" for cell in cells if cell not in measured]
    notes = [
        "avg_score: mean of the six scores. ±: sample standard deviation over seeds; a seed is a whole experiment, its "
        "teacher included.",
        "Models were chosen on validation."
        + ("" if (comparison.settings.folder / "final.json").exists() else " The test set was not looked at."),
    ]
    definitions = {comparison.measured(cell, "validation")["definition"] for cell in measured}
    notes += sorted(definitions)
    if missing:
        named = ", ".join(missing[:_NAMED]) + (" and so on" if len(missing) > _NAMED else "")
        notes.append(f"{len(missing):,} of {len(cells):,} rows were not made: {named}.")
    return notes


def _draw(lines: list[Line], folder: Path, mode: str) -> None:
    """Plot quality on the last set of questions (the test's new articles), the tree on the last that has most of it."""
    sets = grouped([line for line in lines if line.mode == mode], lambda line: line.evaluated_on)
    if not sets:
        return
    last = [line for line in lines if line.evaluated_on == list(sets)[-1]]
    tree = max(reversed(sets.values()), key=lambda each: sum(bool(parse_tree(line.name)) for line in each))
    if write_plot(folder / "quality.png", lambda: quality_figure(last), dpi=130):
        write_plot(folder / "tree.png", lambda: tree_figure(tree), dpi=130)
