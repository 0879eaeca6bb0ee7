"""Settings of a span model's training.

Comes in: a TOML file and overrides. Goes out: `SpanSettings`, every field documented with its unit.

A literal example: `load_settings("eval/configs/span_model.toml", ("data.folder=../shared/data",))`
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from qgkd.files.toml_values import check_section, read_sections
from qgkd.spans.span_model import SpanFormat
from qgkd.training.config import require


@dataclass(frozen=True, kw_only=True)
class SpanDataSettings:
    """Files to read; their names are relative to `folder`."""

    folder: str = ""
    """The folder of the files; given on the command line, so that no config names a machine."""
    questions: tuple[str, ...] = ()
    """Files of questions to train on."""
    final_questions: tuple[str, ...] = ()
    """Files of which some questions are for validation and the others are trained on, too."""
    held_out_field: str = "article_in_test"
    """A question of `final_questions` is for validation where this field is false."""
    never: tuple[str, ...] = ()
    """Files whose passages are never trained on, as the test set's."""
    processes: int = 0
    """Processes that prepare data; 0 is one per CPU core."""


@dataclass(frozen=True, kw_only=True)
class SpanModelSettings:
    """Where the encoder comes from; lengths in tokens."""

    encoder: str = ""
    """A pretrained encoder to put under `vocabulary`: see `qgkd.checkpoints.transplant`."""
    vocabulary: str = ""
    """A folder with the BERT tokenizer whose tokens are taken, the generator's."""
    base: str = ""
    """Instead of both: a model folder, such as a trained generator's, whose encoder and tokens are taken."""
    layers: int = 6
    """The lowest layers that are kept of it."""
    dropout: float = 0.0
    attn_implementation: str = "eager"
    """`eager` trains twice as fast as `sdpa` on a CPU."""
    max_total_tokens: int = 320
    max_question_tokens: int = 48
    max_answer_tokens: int = 64
    """Longer answers are not trained on and not read."""

    def span_format(self) -> SpanFormat:
        """The lengths as the model uses them."""
        return SpanFormat(
            max_total_tokens=self.max_total_tokens,
            max_question_tokens=self.max_question_tokens,
            max_answer_tokens=self.max_answer_tokens,
        )


@dataclass(frozen=True, kw_only=True)
class SpanRowSettings:
    """What is trained on. Shares are of the questions with an answer."""

    other_passage: float = 0.15
    """Questions with a passage of their article that lacks the answer, or one of others that shares words with it."""
    other_window: float = 0.1
    """Questions with a window of their own passage that lacks the answer."""
    without_sentence: float = 0.12
    """Questions with their passage without the sentences that hold the answer."""
    broken: float = 0.15
    """Questions of which a number, a name or the question word is another."""
    passage_readings: int = 2
    """How often a passage is read for its answers while each question is read once."""
    answers_weight: float = 1.0
    """Weight of the answers' loss beside the reader's."""


@dataclass(frozen=True, kw_only=True)
class SpanEvaluationSettings:
    """When the model is measured in training; the best one is kept."""

    times: int = 4
    """How often, at even distances; the last time at the end."""
    questions: int = 200
    """The first N validation questions and their passages; 0 takes all."""


@dataclass(frozen=True, kw_only=True)
class SpanSettings:
    """A whole run."""

    data: SpanDataSettings = field(default_factory=SpanDataSettings)
    model: SpanModelSettings = field(default_factory=SpanModelSettings)
    rows: SpanRowSettings = field(default_factory=SpanRowSettings)
    evaluation: SpanEvaluationSettings = field(default_factory=SpanEvaluationSettings)
    train: dict[str, Any] = field(default_factory=dict)
    """Passed to `transformers.TrainingArguments`; a batch counts questions and passages."""

    @property
    def seed(self) -> int:
        """The seed of every draw."""
        return int(self.train.get("seed", 42))

    def to_json(self) -> dict[str, Any]:
        """The sections as plain values."""
        return asdict(self)

    def paths(self, names: tuple[str, ...]) -> list[Path]:
        """The paths of data files."""
        return [Path(self.data.folder) / name for name in names]


def load_settings(path: str | Path, overrides: tuple[str, ...] = ()) -> SpanSettings:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: An unreadable file, an unknown section or key, or a value of the wrong type or out of range.
    """
    source, kinds = str(path), get_type_hints(SpanSettings)
    values = check_section(source, "", read_sections(path, overrides), tuple(kinds))
    train = dict(values.pop("train", {}))
    parts = {name: kinds[name](**check_section(source, name, value, kinds[name])) for name, value in values.items()}
    settings = SpanSettings(**parts, train=train)
    _check(settings, source)
    return settings


def _check(settings: SpanSettings, source: str) -> None:
    model, rows = settings.model, settings.rows
    shares = ("other_passage", "other_window", "without_sentence", "broken")
    given = bool(model.base), bool(model.encoder), bool(model.vocabulary)
    requirements = [
        (bool(settings.data.final_questions), "data.final_questions must name at least one file"),
        (
            given in ((True, False, False), (False, True, True)),
            "model.encoder and model.vocabulary must be given, or model.base alone",
        ),
        (model.layers >= 1, f"model.layers must be at least 1, was {model.layers}"),
        (0 <= model.dropout < 1, f"model.dropout must be from 0 to below 1, was {model.dropout}"),
        (model.max_question_tokens >= 4, "model.max_question_tokens must be at least 4"),
        (
            model.max_total_tokens >= model.max_question_tokens + 16,
            "model.max_total_tokens must leave 16 tokens or more beside model.max_question_tokens",
        ),
        (model.max_answer_tokens >= 1, "model.max_answer_tokens must be at least 1"),
        (rows.passage_readings >= 0, "rows.passage_readings must be 0 or more"),
        *((0 <= getattr(rows, share) <= 1, f"rows.{share} must be from 0 to 1") for share in shares),
        (settings.evaluation.times >= 1, "evaluation.times must be at least 1"),
        (settings.evaluation.questions >= 0, "evaluation.questions must be 0 (all) or more"),
    ]
    require(source, requirements)
