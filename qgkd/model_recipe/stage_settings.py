"""Settings of the recipe's stages: masked text, copying, questions, reward.

Comes in: a section of the TOML file each. Goes out: dataclasses, every field documented with its unit.

A literal example: `CopyingSettings(max_steps=200, windows=80_000)`
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from qgkd.decoding.settings import WritingRules


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """Settings of every stage."""

    max_minutes: float = 10.0
    """Training time on an otherwise idle machine; the speed measured at the start turns it into a number of steps.
    0 leaves the stage out."""
    max_steps: int = 1_000_000
    """The most optimiser steps."""
    batch_size: int = 16
    """Rows per optimiser step and process."""
    learning_rate: float = 7e-4
    """Peak learning rate; it rises over `train.warmup_steps` and falls to zero over the stage."""
    evaluations: int = 6
    """How often the stage is validated; the next stage starts from the best model."""


@dataclass(frozen=True, kw_only=True)
class TextSettings(StageSettings):
    """Masked-LM pretraining."""

    laws_share: float = 1 / 3
    """The largest share of tokens from laws."""
    max_million_tokens: float = 1000.0
    """The most tokens that are prepared."""
    simplified_share: float = 0.05
    """Share of Simplified documents that are not converted, so that the characters of both scripts are learnt."""
    window_tokens: int = 128
    """Tokens in a row, [CLS] and [SEP] included."""
    mask_share: float = 0.15
    """Share of tokens to predict, in whole words (Devlin et al. 2019: 0.15)."""
    validation_rows: int = 64
    """Windows held out for the validation loss."""


@dataclass(frozen=True, kw_only=True)
class CopyingSettings(StageSettings):
    """Copying a marked span."""

    windows: int = 60_000
    """Examples that are prepared."""
    window_chars: int = 96
    shortest_chars: int = 8
    longest_chars: int = 30
    spans_per_window: int = 4
    """Examples made of each window."""


@dataclass(frozen=True, kw_only=True)
class QuestionSettings(StageSettings):
    """Synthetic questions, with a growing share of human-written ones."""

    synthetic: int = 150_000
    """Synthetic questions that are prepared."""
    synthetic_from_text: float = 0.4
    """Share of them about general text; the others are about the passages of human-written questions."""
    varied_share: float = 1.0
    """Share of the synthetic questions that are varied at random; the others are the rule's own, so that one wording
    is the most frequent."""
    answers_of_people: bool = False
    """Add the rule's questions about the answers of human-written questions."""
    text_window_chars: int = 300
    """The most characters of a paragraph of general text that are used."""
    answers_per_paragraph: int = 12
    """The most answers used in a paragraph of general text."""
    synthetic_share_first: float = 0.95
    """Share of synthetic questions at the start of the stage; it changes evenly to `synthetic_share_last`."""
    synthetic_share_last: float = 0.15
    final_share_first: float = 0.1
    """Share of `final_questions` among human-written questions at the start; it changes evenly to
    `final_share_last`."""
    final_share_last: float = 0.5
    closest_share: float = 0.0
    """Share of human-written questions that are replaced by the rule's closest question, which uses the passage's
    words; 0 prepares none."""
    closest_min: float = 0.5
    """The least chrF between the two, 0 to 1; below it the rule asks something else."""
    label_smoothing: float = 0.1
    target_noise: float = 0.15
    """Share of the question's input tokens that are corrupted, against exposure bias."""
    renamed_share: float = 0.0
    """Probability that a rarer character of a human-written question and its passage is replaced by another whenever
    the question is seen again, against memorising; see `qgkd.training.renaming`."""
    frozen_embeddings: bool = False
    """Do not train the tokens' embeddings."""
    answers_per_row: int = 1
    """`shared`: questions about one window that share a row."""
    positions_per_question: int = 0
    """`recurrent`: sampled positions per question, in the stage of copying as well; 0 takes all."""
    metric: str = "auto"
    """`avg_score`, `loss`, or `auto`: avg_score where the scorer's libraries are installed."""
    validation_questions: int = 0
    """The first N validation questions; 0 takes all."""


@dataclass(frozen=True, kw_only=True)
class RewardSettings(WritingRules, StageSettings):
    """Drawing questions and making the better ones likelier; see `qgkd.model_recipe.drawn_questions`.

    The writing rules are those the questions are drawn with; the model's record keeps them.
    """

    max_minutes: float = 0.0
    """As of every stage; 0 by default, as the stage needs a model that can already write."""
    batch_size: int = 12
    """Answers per optimiser step and process."""
    learning_rate: float = 1e-4
    samples: int = 6
    """Questions drawn per answer."""
    temperature: float = 0.6
    """Sampling temperature of the draws; the lower, the closer to the greedy question."""
    final_share: float = 0.5
    """Share of answers from `data.final_questions`; the others are from `data.questions`."""
    renamed_share: float = 0.0
    """As in `[questions]`."""
    frozen_embeddings: bool = True
    """Do not train the tokens' embeddings: a few thousand questions only make most tokens less likely."""
    no_repeat_ngram_tokens: int = 3
    no_splices: bool = True
    validation_questions: int = 0
    """The first N validation questions; 0 takes all."""

    def decoding(self) -> dict[str, Any]:
        """Return the search settings for the model's record."""
        return {each.name: getattr(self, each.name) for each in fields(WritingRules)}
