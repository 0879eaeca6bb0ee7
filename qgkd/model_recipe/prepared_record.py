"""Records the settings that prepared data was made with, and compares them.

Comes in: `RecipeSettings`, a folder. Goes out: the contents of `prepared.json`.

A literal example: `check_prepared(settings, Path("prepared"))` on a machine that has the folder and not the data files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.files.json_files import read_json
from qgkd.model_recipe.settings import RecipeSettings

RECORD = "prepared.json"


def part_settings(settings: RecipeSettings) -> dict[str, dict[str, Any]]:
    """Return the settings that each part depends on; a machine without the data files compares these."""
    values: dict[str, Any] = json.loads(json.dumps(settings.to_json()))
    text = {name: values["text"][name] for name in ("laws_share", "max_million_tokens", "simplified_share")}
    stage_names = ("max_minutes", "max_steps", "batch_size", "learning_rate", "evaluations")
    copying = {name: value for name, value in values["copying"].items() if name not in stage_names}
    synthetic_names = ("synthetic", "synthetic_from_text", "varied_share", "answers_of_people", "text_window_chars",
                       "answers_per_paragraph")  # fmt: skip
    synthetic = {name: values["questions"][name] for name in synthetic_names}
    vocabulary = {"seed": settings.seed, "vocabulary": values["vocabulary"], "text": text}
    held_out = {name: values["text"][name] for name in ("validation_rows", "window_tokens")}
    questions = {**vocabulary, "format": settings.model.input_format().to_json()}
    parts = {
        "vocabulary": vocabulary,
        "text": {**vocabulary, "held_out": held_out},
        "copying": {**questions, "copying": copying},
        "synthetic": {**questions, "synthetic": synthetic},
        "questions": {**questions, "held_out_field": settings.data.held_out_field},
    }
    if settings.questions.closest_share > 0:
        parts["closest"] = {**parts["questions"], "closest_min": settings.questions.closest_min}
    return parts


def vocabulary_sha256(tokens: Sequence[str]) -> str:
    """Return the SHA-256 of the tokens in the order of their ids."""
    return hashlib.sha256("\n".join(tokens).encode()).hexdigest()


def check_prepared(settings: RecipeSettings, folder: Path) -> dict[str, Any]:
    """Read `prepared.json` of a folder that was prepared on another machine.

    Raises:
        UserError: A part is absent or was made with other settings.
    """
    record = read_json(folder / RECORD)
    for part, wanted in part_settings(settings).items():
        found = dict(record.get(part, {}).get("from", {}))
        for key in ("files", "base_vocabulary"):  # known only where the data was prepared
            found.pop(key, None)
        if found != wanted:
            raise UserError(
                f"{folder}: expected {part} prepared with this config's settings, found "
                f"{'others' if found else 'none'}; run `qgkd model ... --prepare-only` where the data is"
            )
    return record
