"""What the commands that train share: their options, and the run folder on stdout.

Comes in: the command line. Goes out: option types for typer; one line, however many processes torchrun started.

A literal example: `def train(config: ConfigFile, overrides: Overrides = None, resume: Resume = False, ...)`
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from qgkd.cli.stdout import write_stdout
from qgkd.errors import UserError
from qgkd.training.main_process import is_main

ConfigFile = Annotated[Path, typer.Argument(help="The run as a TOML file; eval/configs has some.", metavar="CONFIG")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the run's newest checkpoint.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a run that is already there.")]
PrepareOnly = Annotated[
    bool,
    typer.Option(
        "--prepare-only", help="Tokenise the data and stop: a machine without the files can then train on it."
    ),
]


def overrides_like(example: str) -> Any:
    """The argument for `section.key=value`, with an example in its help."""
    return typer.Argument(help=f"section.key=value, e.g. {example}.", metavar="SETTINGS")


def refuse_both(*, resume: bool, force: bool) -> None:
    """`--resume` and `--force` exclude each other."""
    if resume and force:
        raise typer.BadParameter("--resume goes on with a run, --force replaces it: choose one")


def check_new_model(out: Path, *, force: bool) -> None:
    """Refuse to write a model over one without `--force`, or over anything that is not a model."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / "config.json").is_file():
        raise UserError(f"{out}: expected a new folder, found something that is not a model; choose another")
    if not force:
        raise UserError(f"{out}: expected no model here, found one; replace it by --force or choose another folder")


def print_once(text: str) -> None:
    """Write a result to stdout, from the main process only."""
    if is_main():
        write_stdout(text)
