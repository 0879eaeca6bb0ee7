"""The report's best recipe as one resumable command: distil on the first half, then train on the labels.

Comes in: a TOML file. Goes out: a folder:

    1-teacher/      trained on all questions
    2-student/      its lower layers
    3-distilled/    taught by it on the first part of the questions
    4-selftrained/  gone on with the labels
    recipe.json     what each step reached on validation

A literal example: `run_recipe(load_recipe("two_stage.toml"))` returns `runs/two_stage/4-selftrained/model`.

Source: a 2021 project report on distilling a BERT question generator ("distill on 50 %, then self-train"). That the
second stage takes all questions is our reading.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgkd.checkpoints.record import read_record
from qgkd.experiment.chain import Chain
from qgkd.experiment.settings import CHAIN_SECTIONS, ChainSettings, chain_settings, read_sections
from qgkd.experiment.step import Step, is_main_process, make_step, say, steps_before, write_json
from qgkd.experiment.step_runs import check_step
from qgkd.files.toml_values import check_section

FOLDERS = {
    "teacher": "1-teacher",
    "student": "2-student",
    "distilled": "3-distilled",
    "selftrained": "4-selftrained",
}


@dataclass(frozen=True, kw_only=True)
class RecipeFolder:
    """`[recipe]`."""

    folder: str = "runs/two_stage"
    """Where the steps go."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole recipe."""

    folder: Path
    chain: ChainSettings


def load_recipe(path: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: An unreadable file, an unknown section or key, or a value of the wrong type.
    """
    values, told = read_sections(path, overrides), str(path)
    check_section(told, "", values, ("recipe", *CHAIN_SECTIONS))
    folder = RecipeFolder(**check_section(told, "recipe", values.get("recipe", {}), RecipeFolder))
    return Recipe(folder=Path(folder.folder), chain=chain_settings(values, told))


def run_recipe(recipe: Recipe, *, force: bool = False) -> Path:
    """Make every step that is not there yet.

    Args:
        recipe: The recipe.
        force: Replace steps that were made with other settings.

    Returns:
        The folder of the self-trained student.
    """
    last = Chain(recipe.chain).selftrained()
    steps = steps_before(last)
    for step in steps:
        check_step(step)
    model = make_step(last, lambda step: recipe.folder / FOLDERS[step.name], force=force)
    if is_main_process():
        reached = [figures_of(step, recipe.folder / FOLDERS[step.name] / "model") for step in steps]
        write_json(recipe.folder / "recipe.json", reached)
        for row in reached:
            say(summary_line(row, reached[0]))
    return model


def figures_of(step: Step, model: Path) -> dict[str, Any]:
    """What the step's model reached on validation, and what it was trained on."""
    record = read_record(str(model))
    questions = record.get("trained_on", {}).get("questions") if step.name != "student" else None
    figures = record.get("figures", {}).get("validation", {}) if step.name != "student" else {}
    return {"step": step.name, "questions": questions, **figures}


def summary_line(row: dict[str, Any], first: dict[str, Any]) -> str:
    """One step's figures for people, as a share of the teacher's where that was made here."""
    parts = [row["step"]]
    if row["questions"] is not None:
        parts.append(f"{row['questions']:,} questions")
    parts += [f"validation {key} {row[key]:.4f}" for key in ("avg_score", "loss") if key in row]
    if "avg_score" in row and first["step"] == "teacher" and first.get("avg_score"):
        parts.append(f"{row['avg_score'] / first['avg_score']:.1%} of the teacher")
    return "  ".join(parts)
