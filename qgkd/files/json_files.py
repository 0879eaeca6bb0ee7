"""Small JSON files, read if they are there and written whole.

Comes in: a path, JSON values. Goes out: an object, {} where there is none; a file indented by one space a level.

A literal example: `write_json(folder / "done.json", {"steps": 400})`, then `read_json(folder / "done.json")["steps"]`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgkd.files.atomic import write_atomically


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; {} where there is none or it is damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def write_json(path: Path, values: Any) -> None:
    """Write JSON, whole or not at all.

    Raises:
        UserError: The file cannot be written.
    """
    with write_atomically(path) as file:
        json.dump(values, file, ensure_ascii=False, indent=1)
        file.write("\n")
