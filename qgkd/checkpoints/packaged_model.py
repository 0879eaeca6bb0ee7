"""Finds the model that comes with the package, the default of `qgkd generate`.

Comes in: nothing. Goes out: its folder, a plain `save_pretrained` folder with its model card. `qgkd model` trains it.

A literal example: `load_checkpoint(packaged_model())`
"""

from __future__ import annotations

from pathlib import Path


def packaged_model() -> Path | None:
    """The packaged model's folder; None in a source tree without the weights."""
    folder = Path(__file__).resolve().parents[1] / "model"
    return folder if (folder / "config.json").is_file() else None
