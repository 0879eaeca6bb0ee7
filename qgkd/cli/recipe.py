"""`qgkd recipe`: teacher, student, distillation and self-training in one resumable command.

Comes in: a TOML file and overrides. Goes out: a folder per step; the last one's model on stdout, progress on stderr.

A literal example: `qgkd recipe eval/configs/two_stage.toml data.train=DRCD_training.json`; the same command resumes
where it was killed. With a trained teacher: `given.teacher=runs/teacher/model`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.run_options import overrides_like, print_once


def recipe(
    config: Annotated[Path, typer.Argument(help="A TOML file like eval/configs/two_stage.toml.", metavar="CONFIG")],
    overrides: Annotated[list[str] | None, overrides_like("given.teacher=FOLDER, distill.train.max_steps=500")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace steps that were begun with other settings.")] = False,
) -> None:
    """Distil a teacher on half of the questions, then train the student on the labels."""
    from qgkd.experiment.recipe.two_stage import load_recipe, run_recipe

    settings = load_recipe(config, tuple(overrides or ()))
    print_once(f"{run_recipe(settings, force=force)}\n")
