"""Load the rule or a model from the options of the command line or the page.

Comes in: `rule`, or a model and its options. Goes out: `Generator`.

A literal example: `load_generator(model="runs/model", search={"num_beams": 4})`
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgkd.errors import UserError
from qgkd.generator import Generator

if TYPE_CHECKING:
    from qgkd.decoding.settings import DecodingSettings


def load_generator(
    *,
    system: str = "model",
    model: str | Path | None = None,
    attention: str | None = None,
    layout: str | None = None,
    precision: str = "auto",
    device: str = "cpu",
    settings: DecodingSettings | None = None,
    search: Mapping[str, Any] | None = None,
    max_batch_tokens: int = 8192,
) -> Generator:
    """Load a system from its options.

    Args:
        system: `rule` or `model`.
        model: A model folder or hub name; None takes the package's own.
        attention: `recurrent` or `prefix`, for a checkpoint that does not record it.
        layout: `plain`, `marked` or `shared`, likewise.
        precision: `fp32`, `bf16`, `int8` (weights of the linear layers, CPU only), or `auto`, see
            `qgkd.checkpoints.precision`.
        device: Where the model runs: `cpu`, `cuda`, `cuda:1`.
        settings: How to search; None takes the model's own settings (`decoding` in its `qgkd.json`), else greedy.
        search: Fields of `DecodingSettings` that replace the model's own.
        max_batch_tokens: Source tokens per batch.

    Raises:
        UserError: An unknown system, or a model that cannot be loaded.
    """
    if system == "rule":
        from qgkd.rule.generator import RuleGenerator

        return RuleGenerator()
    if system != "model":
        raise UserError(f"--system: expected 'rule' or 'model', found {system!r}")
    from qgkd.checkpoints.packaged_model import packaged_model

    model = model or packaged_model()
    if model is None:
        raise UserError(
            "expected the model that comes with the package, found none; give --model FOLDER (or a hub name), or "
            "--system rule"
        )
    # Read when torch is loaded: threads that wait for one another then sleep. Spinning, as they otherwise do, they take
    # ten times as long where another process has one of two cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from qgkd.checkpoints.checkpoint import load_checkpoint
    from qgkd.checkpoints.precision import place
    from qgkd.decoding.generator import ModelGenerator
    from qgkd.decoding.settings import decoding_of

    checkpoint = load_checkpoint(model, attention=attention, layout=layout, lean=True)
    checkpoint = place(checkpoint, precision=precision, device=device)
    settings = settings or decoding_of(checkpoint, search or {})
    return ModelGenerator(checkpoint, settings, max_batch_tokens=max_batch_tokens)
