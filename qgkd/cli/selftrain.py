"""`qgkd selftrain`: a distilled student goes on with the labels alone.

Comes in: a TOML file as of `qgkd train`, `model.base` a distilled student. Goes out: a run folder; its name on stdout.

A literal example: `qgkd selftrain selftrain.toml model.base=runs/student/model model.dropout=0.3`
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.stdout import write_stdout
from qgkd.training.main_process import is_main


def selftrain(
    config: Annotated[Path, typer.Argument(help="The run as a TOML file; eval/configs has some.", metavar="CONFIG")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="section.key=value, e.g. model.dropout=0.3.", metavar="SETTINGS")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's newest checkpoint.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is already there.")] = False,
) -> None:
    """Train a distilled student on the labels alone."""
    if resume and force:
        raise typer.BadParameter("--resume goes on with a run, --force replaces it: choose one")
    from qgkd.training.config import load_config

    settings = load_config(config, tuple(overrides or ()))
    from qgkd.distillation.run import self_train

    folder = self_train(settings, resume=resume, force=force)
    if is_main():
        write_stdout(f"{folder}\n")
