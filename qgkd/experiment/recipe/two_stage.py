"""The two-stage recipe as one resumable command: distil on the first half of the questions, then train on labels.

Comes in: a TOML file. Goes out: a folder:

    1-teacher/      trained on all questions
    2-student/      its lower layers
    3-distilled/    taught by it on the first part of the questions
    4-selftrained/  trained further on the labels
    recipe.json     each step's validation scores

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
from qgkd.experiment.engine.step import Step, make_step, steps_before
from qgkd.experiment.recipe.chain import Chain
from qgkd.experiment.recipe.settings import CHAIN_SECTIONS, ChainSettings, chain_settings
from qgkd.files.json_files import write_json
from qgkd.files.toml_values import check_section, read_sections
from qgkd.training.main_process import is_main, say

_ORDER = ("teacher", "student", "distilled", "selftrained")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole recipe."""

    folder: Path
    """Where the steps go."""
    chain: ChainSettings


def load_recipe(path: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: An unreadable file, an unknown section or key, or a value of the wrong type.
    """
    values, source = read_sections(path, overrides), str(path)
    check_section(source, "", values, ("recipe", *CHAIN_SECTIONS))
    own = check_section(source, "recipe", values.get("recipe", {}), {"folder": str})
    return Recipe(folder=Path(own.get("folder", "runs/two_stage")), chain=chain_settings(values, source))


def run_recipe(recipe: Recipe, *, force: bool = False) -> Path:
    """Make every step of the recipe that is not there yet; `force` replaces steps made with other settings.

    Returns:
        The folder of the self-trained student.
    """
    last = Chain(recipe.chain).selftrained()
    steps = steps_before(last)

    def place(step: Step) -> Path:
        return recipe.folder / f"{_ORDER.index(step.name) + 1}-{step.name}"

    for step in steps:
        step.check(place(step))
    model = make_step(last, place, force=force)
    if is_main():
        figures = [_figures(step, place(step) / "model") for step in steps]
        write_json(recipe.folder / "recipe.json", figures)
        for row in figures:
            say(_summary_line(row, figures[0]))
    return model


def _figures(step: Step, model: Path) -> dict[str, Any]:
    """Read a model's validation scores and the number of questions it was trained on."""
    record = {} if step.name == "student" else read_record(str(model))  # the student's is the teacher's
    questions = record.get("trained_on", {}).get("questions")
    return {"step": step.name, "questions": questions, **record.get("figures", {}).get("validation", {})}


def _summary_line(row: dict[str, Any], first: dict[str, Any]) -> str:
    """Write one step's figures, as a share of the teacher's where the teacher was made here."""
    parts = [row["step"]]
    if row["questions"] is not None:
        parts.append(f"{row['questions']:,} questions")
    parts += [f"validation {key} {row[key]:.4f}" for key in ("avg_score", "loss") if key in row]
    if "avg_score" in row and first["step"] == "teacher" and first.get("avg_score"):
        parts.append(f"{row['avg_score'] / first['avg_score']:.1%} of the teacher")
    return "  ".join(parts)
