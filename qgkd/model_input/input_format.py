"""The input format of a checkpoint: attention mode, layout, limits, positions.

Comes in: `qgkd.json` of a checkpoint folder, or options. Goes out: `InputFormat`. It is saved beside the weights, so
that a model never runs in another format than it was trained in.

A literal example of `qgkd.json`:

    {"format": {"attention": "prefix", "layout": "marked", "max_total_tokens": 512, "max_answer_tokens": 64,
                "max_question_tokens": 48, "max_context_tokens": null, "question_position": null}}
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from qgkd.errors import UserError

_OPTIONAL = ("max_context_tokens", "question_position")


class Attention(StrEnum):
    """Which positions a position may see."""

    RECURRENT = "recurrent"
    """Everything attends to everything: BERT-SQG as published; a full forward pass per generated token."""
    PREFIX = "prefix"
    """The source does not attend to the question: one packed row per question, keys and values cached."""


class Layout(StrEnum):
    """How the source marks which answer, and which occurrence of it, is meant."""

    PLAIN = "plain"
    """The answer segment alone, as published (token types 0, 1, 0): occurrences look alike."""
    MARKED = "marked"
    """Also token type 1 on the answer's span in the passage."""
    SHARED = "shared"
    """The passage is encoded without the answer; the answer segment carries its occurrence's position ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFormat:
    """The shape of a model's input. Lengths are in tokens, special tokens not counted unless stated."""

    attention: Attention = Attention.PREFIX
    """The attention mode the weights were trained for."""
    layout: Layout = Layout.MARKED
    """The source layout the weights were trained for."""
    max_total_tokens: int = 512
    """Positions in all: source, question and special tokens (the model's own position limit)."""
    max_answer_tokens: int = 64
    """Longer answers are refused (the original cut them at 16)."""
    max_question_tokens: int = 48
    """Question cap (the original's 42 cuts 2.5 % of DRCD's questions, 48 is above the 99th percentile of 46)."""
    max_context_tokens: int | None = None
    """Window cap; None takes what the other parts leave (the original: 450)."""
    question_position: int | None = None
    """Position id of the first question token; None continues the source's, a number is fixed (from scratch)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "attention", Attention(self.attention))
        object.__setattr__(self, "layout", Layout(self.layout))
        if self.layout is Layout.SHARED and self.attention is Attention.RECURRENT:
            raise UserError("layout 'shared' needs attention 'prefix': in 'recurrent' the passage sees the answer")
        for name in ("max_total_tokens", "max_answer_tokens", "max_question_tokens", *_OPTIONAL):
            value = getattr(self, name)
            if not (value is None and name in _OPTIONAL) and (type(value) is not int or value < 1):
                raise UserError(f"{name} must be a whole number from 1, was {value!r}; correct it")
        first = self.question_position
        if first is not None and first + self.max_question_tokens >= self.max_total_tokens:
            raise UserError(
                f"question_position must leave room for {self.max_question_tokens} tokens and [SEP] before position "
                f"{self.max_total_tokens}, was {first}; lower it"
            )
        if self.context_budget_tokens(self.max_answer_tokens) < 1:
            raise UserError(
                f"expected limits that leave room for a passage, found {self.max_total_tokens} tokens in all for an "
                f"answer of {self.max_answer_tokens} and a question of {self.max_question_tokens}; raise "
                "max_total_tokens or lower the others"
            )

    def context_budget_tokens(self, answer_tokens: int) -> int:
        """The most passage tokens that fit beside an answer of this length and the longest question.

        Special tokens counted: [CLS], [SEP] after the passage, [SEP] after the answer, [SEP] after the question. In
        `shared` the answer has positions of the passage, so its length is not the window's cost.
        """
        source_limit = self.question_position or self.max_total_tokens - self.max_question_tokens - 1
        answer_cost = 0 if self.layout is Layout.SHARED else answer_tokens
        budget = source_limit - 3 - answer_cost
        return budget if self.max_context_tokens is None else min(budget, self.max_context_tokens)

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> InputFormat:
        """Read the fields back.

        Raises:
            UserError: An unknown field or value, which a newer version may have written.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise UserError(f"expected the fields {sorted(known)} in the checkpoint's format, found {unknown} as well")
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise UserError(f"the checkpoint's format cannot be read: {error}") from error
