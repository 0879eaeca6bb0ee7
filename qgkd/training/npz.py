"""Arrays with a JSON record in one compressed `.npz`, written whole or not at all.

Comes in: arrays by name and a record. Goes out: a file, and both read back.

A literal example: `save_arrays(path, {"files": {}}, {"ends": ends})`, then `load_arrays(path, ("ends",), "...")`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically


def save_arrays(path: Path, about: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write them atomically."""
    record = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype=np.uint8)
    with write_atomically(path, binary=True) as file:
        np.savez_compressed(file, about=record, **arrays)


def load_arrays(path: Path, names: Sequence[str], what: str, advice: str) -> dict[str, Any]:
    """Read the arrays back, and the record as `about`; a UserError where the file is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as loaded:
            about = json.loads(loaded["about"].tobytes().decode())
            return {"about": about, **{name: loaded[name] for name in names}}
    except Exception as error:  # zip, zlib, NumPy or JSON, as the damage has it
        raise UserError(f"{path}: expected {what}, found {type(error).__name__}: {error}; {advice}") from error
