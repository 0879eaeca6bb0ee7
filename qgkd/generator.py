"""The interface of every question generator: what the command line, batch runs and the page import.

Comes in: `GenerationRequest` (a passage and one answer in it). Goes out: `Question`, n-best per request.
Two systems share this interface: the rule (`qgkd.rule.generator.RuleGenerator`) and a masked language model
(`qgkd.decoding.generator.ModelGenerator`).

A literal example: `GenerationRequest(context="燈塔由林文海設計。", answer=AnswerSpan(text="林文海", start_char=3))`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qgkd.answer import AnswerSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One question to be written.

    Raises:
        UserError: The answer is not at its offset in the passage; generators need not check it again.
    """

    context: str
    answer: AnswerSpan

    def __post_init__(self) -> None:
        self.answer.check(self.context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One generated question."""

    text: str
    """The question, in the script of the passage, ending in a question mark."""
    answer: AnswerSpan
    """The answer of the request."""
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
            ValueError: An answer has no visible character, or is too long for the model.
        """
        ...
