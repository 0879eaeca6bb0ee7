"""`qgkd model`: the package's own model from text and questions, in one resumable command.

Comes in: a TOML file and overrides, among them the data folder. Goes out: a folder with the model; its name on stdout,
progress on stderr.

A literal example: `qgkd model eval/configs/model_cpu.toml data.folder=../data --out runs/model`; the same command
resumes where it was killed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.run_options import overrides_like
from qgkd.cli.stdout import write_stdout


def model(
    config: Annotated[Path, typer.Argument(help="A TOML file like eval/configs/model_cpu.toml.", metavar="CONFIG")],
    overrides: Annotated[list[str] | None, overrides_like("data.folder=../data")] = None,
    out: Annotated[Path, typer.Option(help="The folder for prepared data, stages and model.")] = Path("runs/model"),
    prepare_only: Annotated[
        bool,
        typer.Option("--prepare-only", help="Prepare the data and stop: a machine without the files can then train."),
    ] = False,
    from_prepared: Annotated[
        Path | None, typer.Option(help="Train on data that another run prepared: its `prepared` folder.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace stages that were begun with other settings.")] = False,
) -> None:
    """Train the package's own model from scratch: vocabulary, masked text, copying, questions, reward."""
    if prepare_only and from_prepared is not None:
        raise typer.BadParameter("--prepare-only writes what --from-prepared reads: choose one")
    from qgkd.model_recipe.settings import load_recipe

    settings = load_recipe(config, tuple(overrides or ()))
    from qgkd.model_recipe.recipe import make_model, prepare_model

    prepared = from_prepared or prepare_model(settings, out)
    if prepare_only:
        write_stdout(f"{prepared}\n")
        return
    write_stdout(f"{make_model(settings, out, prepared=prepared, force=force)}\n")
