"""The search settings: beams, sampling, and which tokens a question may not contain.

Comes in: a model's record, command-line options. Goes out: `DecodingSettings`.

A literal example: `DecodingSettings(num_beams=4, no_repeat_ngram_tokens=3)`

A setting is declared here once: its default, the values it takes, and its option of `generate` and `evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from qgkd.errors import UserError

if TYPE_CHECKING:
    from qgkd.checkpoints.checkpoint import Checkpoint

_Rule = tuple[str, Callable[[Any], bool]]
_AT_LEAST_1: _Rule = ("at least 1", lambda value: value >= 1)
_0_OR_MORE: _Rule = ("0 or more", lambda value: value >= 0)
_ABOVE_0: _Rule = ("above 0", lambda value: value > 0)
_A_SHARE: _Rule = ("above 0 and at most 1", lambda value: 0 < value <= 1)


def _setting(
    default: Any,
    rule: _Rule | None = None,
    *,
    help: str = "",
    option: str = "",
    flags: tuple[str, ...] = (),
    of_model: bool = False,
    needs_sampling: bool = False,
) -> Any:
    """A field of the settings.

    Args:
        default: Its value where neither the command line nor the model gives one.
        rule: What a value must be.
        help: Of its option; without it the command line does not take the setting.
        option: The option's name with underscores, where it is not the field's.
        flags: The option as typed, where that is not its name alone.
        of_model: Whether the model's own setting holds where the option is not given.
        needs_sampling: Whether it does nothing without `sample`.
    """
    metadata = {
        "rule": rule, "help": help, "option": option, "flags": flags, "needs_sampling": needs_sampling,
        "option_default": None if of_model else default,
    }  # fmt: skip
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingRules:
    """Which tokens a search may write; a model's record can hold them."""

    no_repeat_ngram_tokens: int = _setting(
        0,
        _0_OR_MORE,
        help="No n-gram of so many tokens twice if the passage has not; 0 for no such rule. Default: the model's own.",
        option="no_repeat_ngram",
        of_model=True,
    )
    """A question repeats an n-gram of this many tokens only as often as the passage does; 0 for no such rule."""
    no_splices: bool = _setting(
        False,
        help="Whether a quotation may jump to another place of the passage in mid-word. Default: the model's own.",
        flags=("--no-splices/--splices",),
        of_model=True,
    )
    """A quotation does not continue at another place of the passage with the same token; see
    `qgkd.decoding.splices`."""
    copied_from_id: int = _setting(0, _0_OR_MORE)
    """Tokens of this id and above, the rarer ones where a vocabulary is in order of frequency, are only written where
    the source has them; 0 for no such rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingSettings(WritingRules):
    """Greedy by default; beams where `num_beams` > 1; sampling where `sample` is set."""

    num_beams: int = _setting(1, _AT_LEAST_1, help="Beam width; 1 is greedy. Default: the model's own.", of_model=True)
    length_penalty: float = _setting(1.0, help="Beams are divided by their length to this power.", of_model=True)
    """A beam's score is its log-probability divided by its length in tokens to this power; 1 is the mean."""
    sample: bool = _setting(
        False, help="Draw tokens; --top-k, --top-p and --temperature imply it.", flags=("--sample",)
    )
    top_k: int = _setting(0, _0_OR_MORE, help="Draw among the k likeliest tokens; 0 for all.", needs_sampling=True)
    top_p: float = _setting(1.0, _A_SHARE, help="Draw among the tokens that make up this share.", needs_sampling=True)
    """Draw among the fewest tokens whose probabilities sum to at least this (nucleus sampling); 1 for all."""
    sampling_temperature: float = _setting(
        1.0, _ABOVE_0, help="Sampling temperature.", option="temperature", needs_sampling=True
    )
    """Logits are divided by this before drawing."""
    seed: int = _setting(0, help="Seed of the draws.")
    """The same seed, request and settings give the same question, whatever the batch."""
    faithful: bool = _setting(
        True,
        help="Han characters, numbers and Latin words only from the passage or the model's question vocabulary. "
        "Default: the model's own.",
        flags=("--faithful/--free",),
        of_model=True,
    )
    """Only where there is a question vocabulary; see `qgkd.decoding.faithful`."""
    question_vocabulary: str = _setting("")
    """Characters that people use in questions though their passage lacks them; a model's record holds them."""
    min_question_tokens: int = _setting(3, _AT_LEAST_1, help="Shortest question, in tokens.", option="min_tokens")
    """[SEP] is not allowed before this many tokens."""
    max_question_tokens: int | None = _setting(
        None, _AT_LEAST_1, help="Longest question, in tokens; the checkpoint's cap.", option="max_tokens"
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            value, rule = getattr(self, each.name), each.metadata["rule"]
            if rule and value is not None and not rule[1](value):
                raise UserError(f"{each.name} must be {rule[0]}, was {value}")
        longest, shortest = self.max_question_tokens, self.min_question_tokens
        if longest is not None and longest < shortest:
            raise UserError(f"max_question_tokens must be min_question_tokens ({shortest}) or more, was {longest}")
        if self.sample and self.num_beams > 1:
            raise UserError(f"choose sampling or beams: found sample together with num_beams = {self.num_beams}")
        if not self.sample:
            drawing = [each for each in fields(self) if each.metadata["needs_sampling"]]
            if any(getattr(self, each.name) != each.default for each in drawing):
                *first, last = (each.name for each in drawing)
                raise UserError(f"{', '.join(first)} and {last} need sampling: set sample as well, or leave them out")


def search_options() -> dict[str, Field[Any]]:
    """The settings that the command line takes, by their options' names; the writing rules come last."""
    rules = {each.name for each in fields(WritingRules)}
    ordered = sorted(fields(DecodingSettings), key=lambda each: each.name in rules)
    return {each.metadata["option"] or each.name: each for each in ordered if each.metadata["help"]}


def decoding_of(checkpoint: Checkpoint, given: Mapping[str, Any]) -> DecodingSettings:
    """How to search with a model: by the fields given, else by `decoding` in its `qgkd.json`, else greedily.

    Sampling replaces the model's beams.

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
    vocabulary = {"question_vocabulary": checkpoint.record.get("question_vocabulary", "")}
    return DecodingSettings(**{**vocabulary, **own, **given})
