"""The config of a training run.

Comes in: sections of a TOML file and overrides. Goes out: `TrainConfig`, every field documented with its unit and the
source of its default.

A literal example:

    [model]
    base = "bert-base-chinese"
    attention = "prefix"
    [data]
    train = ["DRCD_training.json"]
    validation = "DRCD_dev.json"
    [train]
    output_dir = "runs/teacher"
    learning_rate = 7e-5
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.files.toml_values import check_section, read_sections
from qgkd.model_input.input_format import Attention, InputFormat, Layout

METRICS = ("avg_score", "loss")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which weights are trained, and their input format. Lengths are in tokens."""

    base: str = ""
    """A `save_pretrained` folder or a hub name; empty builds a BERT from scratch of the sizes below."""
    vocabulary: str = ""
    """From scratch: a folder with the tokenizer."""
    layers: int = 12
    """From scratch: encoder layers (Devlin et al. 2019, BERT base)."""
    hidden_size: int = 768
    """From scratch: width (BERT base)."""
    heads: int = 12
    """From scratch: attention heads (BERT base)."""
    intermediate_size: int = 3072
    """From scratch: width of the feed-forward layers (BERT base: four times the hidden size)."""
    sinusoidal_positions: bool = True
    """From scratch: position embeddings start as sinusoids and are trained on, so that "the previous token" is one
    pattern at every position (Vaswani et al. 2017, section 3.5)."""
    copying_start: bool = False
    """From scratch: the first two layers start as a circuit that copies, instead of sinusoids (`copying_start`);
    needs at least 3 heads."""
    dropout: float = 0.1
    """Share of hidden states and of attention weights set to zero in training (BERT base: 0.1)."""
    attn_implementation: str = ""
    """How attention is computed while training: `eager` or `sdpa`; empty is transformers' choice (sdpa). On a CPU
    `eager` trains packed rows in half the time."""
    attention: str | None = None
    """`prefix` or `recurrent`; None takes the base's own, `prefix` where it has none."""
    layout: str | None = None
    """`marked`, `shared` or `plain`; None takes the base's own, `marked` where it has none."""
    question_position: int | None = None
    """Position id of the first question token; None continues the source's (or takes the base's own)."""
    max_total_tokens: int | None = None
    """Positions in all; None takes the base's own, else 512."""
    max_answer_tokens: int | None = None
    """Longer answers are left out; None takes the base's own, else 64."""
    max_question_tokens: int | None = None
    """Longer questions are cut; None takes the base's own, else 48."""
    max_context_tokens: int | None = None
    """Window of the passage; None takes the base's own, else what the other parts leave."""
    script: str = ""
    """`traditional` where the model knows only Traditional text: Simplified passages are then converted for it and
    its questions back. Empty takes the base's own."""


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which questions are trained on. Passages of the validation file are always left out of training."""

    train: tuple[str, ...] = ()
    """Files with questions, in this order: DRCD/SQuAD JSON, JSONL, CSV, Parquet."""
    validation: str = ""
    """The file for evaluations and early stopping; empty trains without either."""
    fraction: float = 1.0
    """Share of the training questions taken, the first in file order, not shuffled before cutting (the report's
    "50 %"); counted after exclusions."""
    limit: int | None = None
    """The most training questions taken, the first in file order; None takes all."""
    exclude_ids: tuple[str, ...] = ()
    """Ids of questions left out."""
    exclude_articles_of: tuple[str, ...] = ()
    """Files whose articles (titles) are left out of training."""
    prepared: str = ""
    """Folder of the tokenised questions, written by `--prepare-only`; empty is `data` in the run folder."""


@dataclass(frozen=True, kw_only=True)
class RowsConfig:
    """How a question becomes rows."""

    positions_per_question: int = 0
    """`recurrent`: positions trained per question and epoch, drawn anew each epoch and weighted so that the expected
    loss is the full one; 0 trains all. `prefix` always trains all in one row."""
    answers_per_row: int = 1
    """`shared`: the most questions about one window that share a row, and so one encoding of their passage."""
    target_noise: float = 0.0
    """Share of given question tokens that are corrupted, of those 80 % [MASK], 10 % a random token, 10 % kept; the
    labels stay clean (s2s-ft trains with 0.5; arXiv 2002.12804)."""
    label_smoothing: float = 0.0
    """Share of each label spread evenly over the vocabulary (s2s-ft: 0.1)."""
    renamed_share: float = 0.0
    """Chance of each rarer Chinese character to become another one, the same one in a question and its passage, another
    one in each epoch after the first: see `qgkd.training.renaming`."""


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """How a run is evaluated."""

    every_steps: int = 500
    """Optimiser steps between evaluations."""
    questions: int = 0
    """The first N validation questions; 0 takes all."""
    metric: str = "avg_score"
    """`avg_score` of greedily decoded questions, or `loss`, the mean negative log-likelihood per token in nats."""
    patience: int = 0
    """Stop after this many evaluations in a row without a new best; 0 never stops early."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A whole run."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    rows: RowsConfig = field(default_factory=RowsConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    train: dict[str, Any] = field(default_factory=dict)
    """Passed to `transformers.TrainingArguments` as it is; `per_device_train_batch_size` counts rows in `prefix`,
    questions in `recurrent`."""

    @property
    def run_folder(self) -> Path:
        """Where checkpoints, logs and the model go."""
        return Path(self.train["output_dir"])

    @property
    def prepared_folder(self) -> Path:
        """Where tokenised data is looked for."""
        return Path(self.data.prepared) if self.data.prepared else self.run_folder / "data"

    def to_json(self) -> dict[str, Any]:
        """The sections as plain values."""
        return asdict(self)

    def input_format(self, base: InputFormat) -> InputFormat:
        """The base's format with this config's values over it."""
        values = {field.name: getattr(self.model, field.name) for field in fields(InputFormat)}
        return replace(base, **{name: value for name, value in values.items() if value is not None})


def load_config(path: str | Path, overrides: tuple[str, ...] = ()) -> TrainConfig:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: An unreadable file, an unknown section or key (the nearest known one is named), or a value out of
            range.
    """
    return make_config(read_sections(path, overrides), str(path))


def make_config(sections: dict[str, dict[str, Any]], source: str = "config") -> TrainConfig:
    """Check sections of plain values and build the config from them."""
    kinds = {"model": ModelConfig, "data": DataConfig, "rows": RowsConfig, "evaluation": EvaluationConfig}
    values = check_section(source, "", sections, (*kinds, "train"))
    parts: dict[str, Any] = {}
    for name, kind in kinds.items():
        parts[name] = kind(**check_section(source, name, values.get(name, {}), kind))
    config = TrainConfig(**parts, train=dict(values.get("train", {})))
    _check(config, source)
    return config


def _check(config: TrainConfig, source: str) -> None:
    model, data, rows, evaluation = config.model, config.data, config.rows, config.evaluation
    requirements = [
        (bool(data.train), "data.train must name at least one file of questions"),
        (bool(config.train.get("output_dir")), "train.output_dir must name the run folder"),
        (bool(model.base) or bool(model.vocabulary), "model.base or model.vocabulary must be given"),
        (0 < data.fraction <= 1, f"data.fraction must be above 0 and at most 1, was {data.fraction}"),
        (data.limit is None or data.limit > 0, f"data.limit must be at least 1, was {data.limit}"),
        (0 <= model.dropout < 1, f"model.dropout must be from 0 to below 1, was {model.dropout}"),
        (0 <= rows.target_noise <= 1, f"rows.target_noise must be from 0 to 1, was {rows.target_noise}"),
        (0 <= rows.renamed_share <= 1, f"rows.renamed_share must be from 0 to 1, was {rows.renamed_share}"),
        (0 <= rows.label_smoothing < 1, f"rows.label_smoothing must be from 0 to below 1, was {rows.label_smoothing}"),
        (rows.positions_per_question >= 0, "rows.positions_per_question must be 0 (all) or more"),
        (rows.answers_per_row >= 1, f"rows.answers_per_row must be at least 1, was {rows.answers_per_row}"),
        (evaluation.every_steps >= 1, f"evaluation.every_steps must be at least 1, was {evaluation.every_steps}"),
        (evaluation.questions >= 0, "evaluation.questions must be 0 (all) or more"),
        (evaluation.patience >= 0, "evaluation.patience must be 0 (never) or more"),
        (evaluation.metric in METRICS, f"evaluation.metric must be one of {METRICS}, was {evaluation.metric!r}"),
        (not evaluation.patience or bool(data.validation), "evaluation.patience needs data.validation"),
        (model.attention in (None, *Attention), f"model.attention must be one of {[*map(str, Attention)]}"),
        (model.layout in (None, *Layout), f"model.layout must be one of {[*map(str, Layout)]}"),
    ]
    require(source, requirements)


def require(source: str, requirements: Iterable[tuple[bool, str]]) -> None:
    """Refuse a config with a UserError, the sentence of the first requirement that it does not meet."""
    for holds, sentence in requirements:
        if not holds:
            raise UserError(f"{source}: {sentence}; correct it")
