"""`qgkd train`: a question generator from a config file.

Comes in: a TOML file and overrides. Goes out: a run folder; its name on stdout, progress on stderr.

A literal example: `qgkd train train_bert_base.toml train.output_dir=runs/teacher train.num_train_epochs=5`; on eight
GPUs `torchrun --nproc_per_node 8 -m qgkd train ...`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.stdout import write_stdout
from qgkd.training.main_process import is_main


def train(
    config: Annotated[Path, typer.Argument(help="The run as a TOML file; eval/configs has some.", metavar="CONFIG")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="section.key=value, e.g. train.learning_rate=7e-5.", metavar="SETTINGS")
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
    """Train a question generator."""
    if resume and force:
        raise typer.BadParameter("--resume goes on with a run, --force replaces it: choose one")
    from qgkd.training.config import load_config

    settings = load_config(config, tuple(overrides or ()))
    from qgkd.training.run import prepare_run, run_training

    folder = prepare_run(settings) if prepare_only else run_training(settings, resume=resume, force=force)
    if is_main():
        write_stdout(f"{folder}\n")
