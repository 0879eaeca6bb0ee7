"""Make the package's model: run the named steps of a recipe file one after another.

    python eval/make_package_model.py eval/configs/package_model.toml --data DATA
    python eval/make_package_model.py eval/configs/package_model.toml --data DATA --plan

Comes in: the recipe file and the folder of the data files. Goes out: a folder per step, the model in the last one's.
Steps that are done take seconds the second time, so that the same command goes on where it was cut off.

A literal example of a step:

    [[steps]]
    name = "reward"
    run = "qgkd model eval/configs/model_cpu.toml data.folder={data} model.base={out}/mean --out {out}/6"
    settings = ["reward-only"]         # tables of the file, [settings.reward-only]
"""

from __future__ import annotations

import glob
import json
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from qgkd.errors import UserError
from qgkd.files.toml_values import check_section, read_toml

_PROGRAMS = {"qgkd": [sys.executable, "-m", "qgkd"], "python": [sys.executable]}


@dataclass(frozen=True, kw_only=True)
class RecipeStep:
    """One entry of `[[steps]]`."""

    name: str
    run: str
    """The command, `qgkd` or `python` with arguments; `*` is expanded as a shell does."""
    settings: tuple[str, ...] = ()
    """Tables of `[settings]` that the command gets as `section.key=value`, later ones last."""
    fresh: str = ""
    """A folder that is removed before."""
    unless: str = ""
    """A file; the step is left out where it exists."""
    may_exit: int = 0
    """An exit code that is no failure, besides 0."""


def load_steps(path: Path, data: str, out: str) -> list[tuple[RecipeStep, list[str]]]:
    """Read a recipe file.

    Args:
        path: The file.
        data: Stands for `{data}`.
        out: Stands for `{out}`.

    Returns:
        Each step with its command's arguments, `*` not expanded.

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
        step = replace(step, fresh=_placed(step.fresh, data, out), unless=_placed(step.unless, data, out))
        found.append((step, [_placed(argument, data, out) for argument in arguments]))
    return found


def main(
    recipe: Annotated[Path, typer.Argument(help="The recipe file; eval/configs/package_model.toml is one.")],
    data: Annotated[Path, typer.Option(help="The folder of the data files.")],
    out: Annotated[Path, typer.Option(help="The folder of the steps.")] = Path("runs/model"),
    plan: Annotated[bool, typer.Option("--plan", help="Print the commands and run none.")] = False,
) -> None:
    """Run the steps of a recipe file in order."""
    steps = load_steps(recipe, str(data), str(out))
    for number, (step, arguments) in enumerate(steps, start=1):
        if plan:
            print(f"# {step.name}\n{shlex.join(arguments)}")
            continue
        print(f"step {number} of {len(steps)}: {step.name}", file=sys.stderr, flush=True)
        if step.unless and Path(step.unless).exists():
            continue
        if step.fresh:
            shutil.rmtree(step.fresh, ignore_errors=True)
        command = [*_PROGRAMS[arguments[0]], *_expanded(arguments[1:])]
        code = subprocess.run(command, check=False).returncode
        if code not in (0, step.may_exit):
            raise SystemExit(f"step {step.name!r} ended with exit code {code}; the same command goes on with it")


def _placed(text: str, data: str, out: str) -> str:
    return text.replace("{data}", data).replace("{out}", out)


def _expanded(arguments: list[str]) -> list[str]:
    """Expand `*` in file names.

    Raises:
        UserError: No file has such a name.
    """
    found: list[str] = []
    for argument in arguments:
        names = sorted(glob.glob(argument)) if "*" in argument else [argument]
        if not names:
            raise UserError(f"{argument}: expected files of that name, found none; was the step before it cut off?")
        found += names
    return found


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(str(error)) from None
