"""`qgkd compare`: the report's table, its baselines and its tree, over seeds.

Comes in: a TOML file and overrides. Goes out: steps, tables, plots in the comparison's folder; the table on stdout,
progress on stderr.

A literal example: `qgkd compare eval/configs/compare_cpu.toml --only two-stage --seed 1` makes one row and what it
needs; without the options everything; `--final` looks at the test set.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.stdout import write_stdout


def compare(
    config: Annotated[Path, typer.Argument(help="As eval/configs/compare_cpu.toml.", metavar="CONFIG")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="section.key=value, e.g. compare.seeds=[1].", metavar="SETTINGS")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="This row alone, and what it needs; may be given several times.")
    ] = None,
    seed: Annotated[list[int] | None, typer.Option("--seed", help="This seed alone; likewise.")] = None,
    final: Annotated[
        bool, typer.Option("--final", help="Measure on the test set, once every row is there on validation.")
    ] = False,
    tables: Annotated[bool, typer.Option("--tables", help="Only write the tables of what is there.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --final: look at the test set again with other models.")
    ] = False,
) -> None:
    """Compare ways of distilling a question generator: the report's table, over seeds, resumable, in parts."""
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
        comparison.run(cells, after_each=lambda: write_report(comparison, plots=False))  # they grow with every row
        comparison.time()
    write_stdout(write_report(comparison).read_text(encoding="utf-8"))
