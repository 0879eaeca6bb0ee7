"""Finds the models that come with the package: the generator, the default of `qgkd generate`, and the span model.

Comes in: nothing. Goes out: their folders. `qgkd model` trains the generator, a plain `save_pretrained` folder with its
model card, `qgkd spans train` the other.

A literal example: `load_checkpoint(packaged_model())`
"""

from __future__ import annotations

from pathlib import Path


def packaged_model() -> Path | None:
    """The packaged model's folder; None in a source tree without the weights."""
    folder = Path(__file__).resolve().parents[1] / "model"
    return folder if (folder / "config.json").is_file() else None


def packaged_span_model() -> Path | None:
    """The folder of the packaged span model, which proposes and reads answers; None without its weights."""
    folder = Path(__file__).resolve().parents[1] / "model" / "spans"
    return folder if (folder / "config.json").is_file() else None
