"""The one door to generation: what the command line, the batch scripts and the page import.

Comes in: `GenerationRequest` (a passage and one marked answer). Goes out: `Question`, n-best per request.
Two systems share this interface: the rule (`qgkd.rule.RuleGenerator`) and a masked language model
(`qgkd.model_generator.ModelGenerator`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from qgkd.errors import UserError

if TYPE_CHECKING:
    from qgkd.decoding.settings import DecodingSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One question to be written: `context[answer_start_char:][:len(answer_text)] == answer_text`."""

    context: str
    answer_text: str
    answer_start_char: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One generated question."""

    text: str
    """The question, in the script of the passage, ending in a question mark."""
    answer_text: str
    answer_start_char: int
    mean_log_probability: float | None = None
    """Mean natural-log probability of the question's tokens, its [SEP] included; None for the rule."""
    context_was_cut: bool = False
    """True where the model read a window of the passage instead of all of it."""
    finished: bool = True
    """False where the length limit ended the question."""


class Generator(Protocol):
    """What every system offers."""

    name: str
    """One word for tables: `rule`, or the checkpoint's folder name."""
    parameters: int
    """Number of weights; 0 for the rule."""

    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        """Write questions.

        Args:
            requests: Any number, of any length; batching is the generator's own affair.
            questions_per_answer: At most this many distinct questions each, best first.

        Returns:
            One list per request, in order; empty where no question could be written.

        Raises:
            ValueError: A request's answer is not where it says, or is too long for the model.
        """
        ...


def load_generator(
    *,
    system: str = "model",
    model: str | Path | None = None,
    attention: str | None = None,
    layout: str | None = None,
    precision: str = "fp32",
    device: str = "cpu",
    settings: DecodingSettings | None = None,
    search: Mapping[str, Any] | None = None,
    max_batch_tokens: int = 8192,
) -> Generator:
    """Load a system by what the command line says about it.

    Args:
        system: `rule` or `model`.
        model: A model folder or hub name; None takes the package's own.
        attention: `recurrent` or `prefix`, for a checkpoint that does not say.
        layout: `plain`, `marked` or `shared`, likewise.
        precision: `fp32`, `bf16`, or `int8` (weights of the linear layers, CPU only).
        device: Where the model runs: `cpu`, `cuda`, `cuda:1`.
        settings: How to search; None takes the model's own way (`decoding` in its `qgkd.json`), else greedy.
        search: Fields of `DecodingSettings` that replace the model's own.
        max_batch_tokens: Source tokens per batch.

    Raises:
        UserError: An unknown system, or a model that cannot be loaded.
    """
    if system == "rule":
        from qgkd.rule import RuleGenerator

        return RuleGenerator()
    if system != "model":
        raise UserError(f"--system: expected 'rule' or 'model', found {system!r}")
    from qgkd.packaged_model import packaged_model

    model = model or packaged_model()
    if model is None:
        raise UserError(
            "expected the model that comes with the package, found none; give --model FOLDER (or a hub name), or "
            "--system rule"
        )
    # Read when torch is loaded: threads that wait for one another then sleep. Spinning, as they otherwise do, they take
    # ten times as long where another process has one of two cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from qgkd.checkpoint import decoding_of, load_checkpoint
    from qgkd.model_generator import ModelGenerator
    from qgkd.precision import place

    checkpoint = load_checkpoint(model, attention=attention, layout=layout, lean=True)
    checkpoint = place(checkpoint, precision=precision, device=device)
    settings = settings or decoding_of(checkpoint, search or {})
    return ModelGenerator(checkpoint, settings, max_batch_tokens=max_batch_tokens)
