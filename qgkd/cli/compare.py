"""`qgkd compare`: question generation systems against each other, over seeds.

Comes in: a TOML file and overrides. Goes out: steps, tables, plots in the comparison's folder; the table on stdout,
progress on stderr.

A literal example: `qgkd compare eval/configs/compare_cpu.toml --only two-stage --seed 1` makes one row and what it
needs; without the options it makes everything; `--final` scores the models on the test set.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.run_options import overrides_like
from qgkd.cli.stdout import write_stdout


def compare(
    config: Annotated[
        Path,
        typer.Argument(help="A TOML file like eval/configs/compare_cpu.toml.", metavar="CONFIG"),
    ],
    overrides: Annotated[list[str] | None, overrides_like("compare.seeds=[1]")] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Make only this row and what it needs; repeatable.")
    ] = None,
    seed: Annotated[list[int] | None, typer.Option("--seed", help="Make only this seed; repeatable.")] = None,
    final: Annotated[
        bool, typer.Option("--final", help="Score on the test set, once every row is scored on validation.")
    ] = False,
    tables: Annotated[bool, typer.Option("--tables", help="Only write the tables of what is made.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --final: score other models on the test set than before.")
    ] = False,
) -> None:
    """Compare ways of distilling a question generator, over seeds; rows that are made are not made again."""
    if final and (only or seed or tables):
        raise typer.BadParameter("--final measures the whole comparison: leave --only, --seed and --tables out")
    if force and not final:
        raise typer.BadParameter("--force goes with --final")
    from qgkd.experiment.generation.settings import load_compare

    settings = load_compare(config, tuple(overrides or ()))
    from qgkd.experiment.generation.comparison import Comparison
    from qgkd.experiment.generation.report import write_report

    comparison = Comparison(settings)
    cells = comparison.cells(only or (), seed or ())
    if final:
        comparison.final(force=force)
    elif not tables:
        comparison.run(cells, after_each=lambda: write_report(comparison, plots=False))
        comparison.time()
    write_stdout(write_report(comparison).read_text(encoding="utf-8"))
