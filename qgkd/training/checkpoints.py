"""Checkpoints of a run: which is the newest whole one, and its weights back into a model.

Comes in: a run folder; a `model.safetensors`. Goes out: a checkpoint folder; a model with exactly these weights.

A literal example: a run killed while it wrote `checkpoint-400` resumes from `checkpoint-200`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgkd.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def last_checkpoint(run_folder: Path) -> Path | None:
    """The newest whole checkpoint: one whose state, which is written last, is there."""
    folders = [
        folder
        for folder in run_folder.glob("checkpoint-*")
        if folder.name.rpartition("-")[2].isdigit() and (folder / "trainer_state.json").is_file()
    ]
    return max(folders, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)


def load_weights(model: PreTrainedModel, path: Path) -> None:
    """Load a file of weights, all of them and no others; tied ones are in the file once.

    Raises:
        UserError: The file holds another model's weights, or cannot be read.
    """
    from safetensors.torch import load_file

    try:
        state = load_file(path, device="cpu")
    except Exception as error:  # safetensors' own, or the operating system's
        raise UserError(f"{path}: expected weights, found a damaged file: {error}; resume an older one") from error
    expected = model.state_dict(keep_vars=True)
    loaded = {id(expected[name]) for name in state if name in expected}
    missing = [name for name, tensor in expected.items() if name not in state and id(tensor) not in loaded]
    differing = sorted([*missing, *(set(state) - set(expected))])
    if differing:
        raise UserError(
            f"{path}: expected the weights of this run's model, found {differing[0]} to differ; check the folder"
        )
    model.load_state_dict(state, strict=False)


def inner_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """The weights of a `TrainingModel` under its inner model's names."""
    return {name.removeprefix("model."): value for name, value in state.items() if name.startswith("model.")}
