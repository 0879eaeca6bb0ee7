"""`qgkd distill`: a small question generator that learns from a large one.

Comes in: a TOML file and overrides. Goes out: a run folder; its name on stdout, progress on stderr.

A literal example: `qgkd distill distill_all_layer.toml distill.teacher=runs/teacher/model student.layers=6`; on eight
GPUs `torchrun --nproc_per_node 8 -m qgkd distill ...`. Methods and their settings: `qgkd glue methods`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.stdout import write_stdout


def distill(
    config: Annotated[Path, typer.Argument(help="The run as a TOML file; eval/configs has some.", metavar="CONFIG")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="section.key=value, e.g. distill.method=pkd-skip; `qgkd glue methods` lists all.",
            metavar="SETTINGS",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's newest checkpoint.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is already there.")] = False,
    prepare_only: Annotated[
        bool,
        typer.Option(
            "--prepare-only", help="Tokenise the data and stop: a machine without the files can then train on it."
        ),
    ] = False,
) -> None:
    """Teach a student by a teacher."""
    if resume and force:
        raise typer.BadParameter("--resume goes on with a run, --force replaces it: choose one")
    from qgkd.distillation.config import load_distill_run

    run = load_distill_run(config, tuple(overrides or ()))
    from qgkd.distillation import run as distillation

    if prepare_only:
        folder = distillation.prepare_distillation(run)
    else:
        folder = distillation.distill(run, resume=resume, force=force)
    if os.environ.get("RANK", "0") == "0":  # one line, however many processes torchrun started
        write_stdout(f"{folder}\n")
