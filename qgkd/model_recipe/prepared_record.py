"""What prepared data was made from.

Comes in: `RecipeSettings`, a folder. Goes out: the contents of `prepared.json`, compared with what is wanted.

A literal example: `check_prepared(settings, Path("prepared"))` on a machine that has the folder and not the data files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.model_recipe.settings import RecipeSettings

RECORD = "prepared.json"


def part_settings(settings: RecipeSettings) -> dict[str, dict[str, Any]]:
    """The settings that each part depends on; a training machine compares these, the files being absent."""
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
    """Digest of the tokens in the order of their ids."""
    return hashlib.sha256("\n".join(tokens).encode()).hexdigest()


def read_record(folder: Path) -> dict[str, Any]:
    """`prepared.json`; empty where there is none that can be read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def check_prepared(settings: RecipeSettings, folder: Path) -> dict[str, Any]:
    """`prepared.json` of a folder made elsewhere.

    Raises:
        UserError: A part is absent or was made with other settings.
    """
    record = read_record(folder)
    for part, wanted in part_settings(settings).items():
        held = dict(record.get(part, {}).get("from", {}))
        for given in ("files", "base_vocabulary"):  # of the machine that prepared
            held.pop(given, None)
        if held != wanted:
            raise UserError(
                f"{folder}: expected {part} prepared with this config's settings, found "
                f"{'others' if held else 'none'}; run `qgkd model ... --prepare-only` where the data is"
            )
    return record
