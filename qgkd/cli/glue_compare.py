"""`qgkd glue compare`: classification methods against each other, over tasks and seeds.

Comes in: a TOML file and overrides. Goes out: the table as Markdown on stdout; runs and tables in the folder the file
names; progress on stderr.

A literal example: `qgkd glue compare eval/configs/glue_chinese.toml compare.seeds=[1,2]`; killed, the same command
resumes where it stopped.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.run_options import overrides_like
from qgkd.cli.stdout import write_stdout


def compare(
    config: Annotated[
        Path, typer.Argument(help="Tasks, systems and seeds as a TOML file; eval/configs has some.", metavar="CONFIG")
    ],
    overrides: Annotated[list[str] | None, overrides_like("compare.seeds=[1,2] systems.kd.method.alpha=0.5")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print the runs and which are complete; train none.")] = False,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Write the tables of the complete runs; train none.")
    ] = False,
    time_again: Annotated[
        bool,
        typer.Option(
            "--time-again", help="Measure milliseconds per example of the complete runs together, in turns; train none."
        ),
    ] = False,
) -> None:
    """Compare methods over tasks and seeds; complete runs are not made again."""
    if plan + tables_only + time_again > 1:
        raise typer.BadParameter("--plan, --tables-only and --time-again exclude each other: choose one")
    from qgkd.classification.result import read_result
    from qgkd.errors import UserError
    from qgkd.experiment.classification.comparison import finished_rows, run_comparison, write_report
    from qgkd.experiment.classification.plan import load_comparison
    from qgkd.experiment.classification.tables import markdown, table_lines

    comparison = load_comparison(config, tuple(overrides or ()))
    if plan:
        for run in comparison.runs:
            write_stdout(f"{run.name}\t{'complete' if read_result(run.folder) else 'to do'}\n")
        return
    failures: list[str] = []
    if time_again:
        from qgkd.experiment.classification.timing import time_systems

        time_systems(comparison)
    if tables_only or time_again:
        if not write_report(comparison, plot=True):
            raise UserError(f"{comparison.folder}: expected complete runs, found none; run without --tables-only")
    else:
        command = shlex.join(["qgkd", "glue", "compare", str(config), *(overrides or ())])
        failures = run_comparison(comparison, command=command)
    write_stdout(markdown(table_lines(finished_rows(comparison))))
    if failures:
        raise UserError(f"{len(failures)} of {len(comparison.runs)} runs could not be done; the first: {failures[0]}")
