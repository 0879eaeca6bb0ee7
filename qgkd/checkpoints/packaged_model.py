"""The model that comes with the package.

Comes in: nothing. Goes out: its folder, a plain `save_pretrained` folder with its card; `qgkd model` makes it again.

A literal example: `qgkd generate passage.txt` writes with it; `load_checkpoint(packaged_model())` loads it.
"""

from __future__ import annotations

from pathlib import Path


def packaged_model() -> Path | None:
    """The folder; None in a source tree without the weights."""
    folder = Path(__file__).resolve().parents[1] / "model"
    return folder if (folder / "config.json").is_file() else None
