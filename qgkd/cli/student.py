"""`qgkd student`: a shallower model from a trained one.

Comes in: a model folder or hub name, a number of layers. Goes out: a model folder; on stdout which layers it has.

A literal example: `qgkd student runs/teacher/model runs/student --layers 6` keeps layers 1 to 6, and
`qgkd student bert-base-chinese runs/student --layers 6 --drop contribution --data dev.jsonl` those that contribute most
on these questions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.run_options import check_new_model
from qgkd.cli.stdout import write_stdout
from qgkd.errors import UserError

_DROPS = ("top", "bottom", "alternate-odd", "alternate-even", "symmetric", "contribution")


def student(
    teacher: Annotated[str, typer.Argument(help="A model folder or hub name (bert-base-chinese).", metavar="TEACHER")],
    out: Annotated[Path, typer.Argument(help="The folder to write.", metavar="OUT")],
    layers: Annotated[int, typer.Option(min=1, help="How many layers the student has.")],
    drop: Annotated[
        str,
        typer.Option(
            "--drop",
            "--keep",
            help=f"Which layers go: {', '.join(_DROPS)}; `top` drops the top ones and keeps 1 to N. Or the layers "
            "kept, e.g. --keep 1,3,5,8,10,12.",
        ),
    ] = "top",
    data: Annotated[
        Path | None, typer.Option(help="Questions to measure the layers on, for `contribution`: the first 500.")
    ] = None,
    dropout: Annotated[
        float | None, typer.Option(min=0.0, max=0.99, help="The student's dropout; the teacher's by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is already there.")] = False,
) -> None:
    """Make a shallower student of a trained model or a pretrained base."""
    if drop not in _DROPS and not all(part.isdigit() for part in drop.split(",")):
        raise typer.BadParameter(f"--drop must be one of {', '.join(_DROPS)}, or layers such as 1,3,5; was {drop!r}")
    if (drop == "contribution") != (data is not None):
        raise typer.BadParameter("--drop contribution and --data go together")
    _check_folder(teacher, out, force=force)
    from qgkd.experiment.recipe.student import write_student

    lines = write_student(teacher, out, layers, drop, data=data, dropout=dropout)
    write_stdout("\n".join(lines) + "\n")


def _check_folder(teacher: str, out: Path, *, force: bool) -> None:
    """Refuse to overwrite the teacher, a model without `--force`, or anything that is not a model."""
    if out.exists() and Path(teacher).exists() and out.resolve() == Path(teacher).resolve():
        raise UserError(f"{out}: expected another folder than the teacher's own; choose one")
    check_new_model(out, force=force)
