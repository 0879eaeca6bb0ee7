"""The one door to generation: what the command line, the batch scripts and the page import.

Comes in: `GenerationRequest` (a passage and one marked answer). Goes out: `Question`, n-best per request.
Two systems share this interface: the rule (`qgkd.rule.generator.RuleGenerator`) and a masked language model
(`qgkd.decoding.generator.ModelGenerator`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


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
