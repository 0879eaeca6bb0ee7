"""How a question is searched for.

Comes in: command-line options. Goes out: `DecodingSettings`.

A literal example: `DecodingSettings(num_beams=4, no_repeat_ngram_tokens=3)`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from qgkd.errors import UserError

if TYPE_CHECKING:
    from qgkd.checkpoints.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingSettings:
    """Greedy by default; beams where `num_beams` > 1; sampling where `sample` is set."""

    num_beams: int = 1
    """Beam width; 1 is greedy."""
    length_penalty: float = 1.0
    """A beam's score is its log-probability divided by its length in tokens to this power; 1 is the mean."""
    sample: bool = False
    """Draw each token instead of taking the best."""
    sampling_temperature: float = 1.0
    """Logits are divided by this before drawing."""
    top_k: int = 0
    """Draw among the k likeliest tokens only; 0 for all."""
    top_p: float = 1.0
    """Draw among the fewest tokens whose probabilities sum to at least this (nucleus sampling); 1 for all."""
    seed: int = 0
    """Seed of the draws; the same seed, request and settings give the same question, whatever the batch."""
    min_question_tokens: int = 3
    """[SEP] is not allowed before this many tokens."""
    max_question_tokens: int | None = None
    """Questions end here; None takes the checkpoint's cap."""
    no_repeat_ngram_tokens: int = 0
    """No n-gram of this many tokens occurs twice in a question, or oftener than in the passage where it occurs twice
    there; 0 for no such rule."""
    copied_from_id: int = 0
    """Tokens of this id and above, the rarer ones where a vocabulary is in order of frequency, are only written where
    the source has them; 0 for no such rule."""
    no_splices: bool = False
    """A quotation does not jump to another place of the passage at a token that stands in both; see
    `qgkd.decoding.splices`."""

    def __post_init__(self) -> None:
        longest = self.max_question_tokens
        checks = (
            ("num_beams", self.num_beams >= 1, "at least 1"),
            ("sampling_temperature", self.sampling_temperature > 0, "above 0"),
            ("top_k", self.top_k >= 0, "0 or more"),
            ("top_p", 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("min_question_tokens", self.min_question_tokens >= 1, "at least 1"),
            ("max_question_tokens", longest is None or longest >= 1, "at least 1"),
            ("no_repeat_ngram_tokens", self.no_repeat_ngram_tokens >= 0, "0 or more"),
            ("copied_from_id", self.copied_from_id >= 0, "0 or more"),
        )
        for name, holds, rule in checks:
            if not holds:
                raise UserError(f"{name} must be {rule}, was {getattr(self, name)}")
        if longest is not None and longest < self.min_question_tokens:
            raise UserError(
                f"max_question_tokens must be min_question_tokens ({self.min_question_tokens}) or more, was {longest}"
            )
        if self.sample and self.num_beams > 1:
            raise UserError(f"choose sampling or beams: found sample together with num_beams = {self.num_beams}")
        if not self.sample and (self.top_k or self.top_p < 1 or self.sampling_temperature != 1):
            raise UserError(
                "top_k, top_p and sampling_temperature need sampling: set sample as well, or leave them out"
            )


def decoding_of(checkpoint: Checkpoint, given: Mapping[str, Any]) -> DecodingSettings:
    """How to search with a model: what is given, else what its `qgkd.json` says under `decoding`, else greedily.

    Args:
        checkpoint: The model.
        given: Fields of `DecodingSettings`; sampling puts the model's beams aside.

    Raises:
        UserError: Settings that contradict each other, or a `decoding` that holds others.
    """
    own = dict(checkpoint.record.get("decoding", {}))
    unknown = own.keys() - {field.name for field in fields(DecodingSettings)}
    if unknown:
        raise UserError(
            f"{checkpoint.name}: qgkd.json holds an unknown setting under decoding: {min(unknown)}; correct it"
        )
    if given.get("sample"):
        own = {name: value for name, value in own.items() if name not in ("num_beams", "length_penalty")}
    return DecodingSettings(**{**own, **given})
