"""The config of a classification run.

Comes in: sections of a TOML file and overrides. Goes out: `ClassificationConfig`, every field documented with its unit
and the source of its default.

A literal example:

    [task]
    name = "rte"
    folder = "glue/RTE"
    [method]
    name = "pkd-skip"
    beta = 500
    [model]
    base = "bert-base-uncased"
    layers = 6
    teachers = ["runs/rte/bert_base/model"]
    [train]
    output_dir = "runs/rte/pkd_skip"
    learning_rate = 1e-5
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from qgkd.checkpoints.student import Drop, is_layer_list
from qgkd.classification.presets import with_preset
from qgkd.distillation.methods.settings import check_method
from qgkd.distillation.teachers.several_teachers import Ensemble
from qgkd.files.toml_values import check_section, read_sections
from qgkd.training.config import require

_KINDS, _HEADS = ("encoder", "bilstm", "textcnn"), ("", "textcnn")


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """The examples and how they are labelled and scored."""

    name: str = ""
    """`rte`, `mnli` and so on for the nine of GLUE; any other name for files of your own, given below
    with their columns."""
    folder: str = ""
    """Of GLUE: the folder with the task's TSV files; empty takes the task from the hub (needs `datasets`)."""
    train: tuple[str, ...] = ()
    """Own task: files to train on, CSV, TSV or JSONL."""
    validation: tuple[str, ...] = ()
    """Own task: files that choose the best model."""
    test: tuple[str, ...] = ()
    """Own task: files measured once, at the end."""
    transfer: tuple[str, ...] = ()
    """Files of texts whose labels, if any, are not read: the teachers label them. Folders of `qgkd glue augment`
    too: of their texts the logits that were written are taken."""
    text_a: str = ""
    """Own task: the column of the text; empty finds it by the usual names."""
    text_b: str = ""
    """Own task: the column of a pair's second text; empty is a task of single texts, or finds it."""
    label: str = ""
    """Own task: the column of the label; empty finds it by the usual names."""
    labels: tuple[str, ...] = ()
    """Own task: the classes in the order of the logits; empty takes those of the training files, sorted."""
    regression: bool = False
    """Own task: the label is a number to predict."""
    metrics: tuple[str, ...] = ()
    """Own task: which metrics, the first is the main one; empty takes accuracy and F1 (or the correlations)."""
    columns: tuple[str, ...] = ()
    """Own task: the columns of files without a header line, e.g. `["label", "text"]`."""
    exclude_texts_of: tuple[str, ...] = ()
    """Files whose texts are kept out of train and transfer, such as the test of a set that overlaps with this one:
    equal letters in either script, or half of the shorter text's stretches of ten."""
    script: str = ""
    """`traditional` or `simplified` converts every text before it is tokenised; empty leaves it as it is."""
    train_limit: int = 0
    """The most training examples, the first in file order; 0 takes all."""
    transfer_limit: int = 0
    """The most transfer texts, the first in file order; 0 takes all."""
    test_limit: int = 0
    """The most examples of each split that is measured, the first in file order; 0 takes all."""
    max_tokens: int = 128
    """Tokens of an example with [CLS] and [SEP]; longer ones are cut at their longer text (Li et al. 2021,
    scripts: 128)."""


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig:
    """Which weights are trained, and the teachers."""

    base: str = ""
    """The student's start: a folder or hub name, a masked language model or a classifier; of a new BiLSTM or TextCNN
    the tokenizer alone, and nothing where it reads words."""
    kind: str = "encoder"
    """What is trained: the base's own `encoder`, a new `bilstm` or a new `textcnn`."""
    words: bool = False
    """Whether a new BiLSTM or TextCNN reads words, Chinese ones by jieba and English ones by nltk, from a vocabulary of
    the training and transfer texts, and not the base's tokens. Its teachers read their own tokens, once, so that
    methods on logits alone can be taken; `task.max_tokens` counts words then."""
    most_words: int = 50_000
    """Of words: how many of the commonest the vocabulary has; others are [UNK]."""
    head: str = ""
    """Of an encoder: empty is the base's own kind of head, `textcnn` filters over a BERT's last hidden states."""
    embedding_size: int = 300
    """Of a new BiLSTM or TextCNN: width of a word vector (Tang et al. 2019 and Kim 2014: 300)."""
    hidden_size: int = 150
    """Of a new BiLSTM: its width in each direction (Tang et al. 2019: 150, for pairs 300); of a TextCNN, as a head too,
    the filters of each width (Kim 2014: 100)."""
    layers: int | None = None
    """How many of the base's layers it keeps; None keeps all."""
    drop: str = "top"
    """Which go: top, bottom, alternate-odd, alternate-even or symmetric (Li et al. 2021 and Sun et al. 2019: top); or
    the layers kept, such as `1,3,5,8,10,12`."""
    dropout: float = 0.1
    """Share of hidden states and of attention weights set to zero in training (BERT base: 0.1)."""
    teachers: tuple[str, ...] = ()
    """Classifiers of this task, folders or hub names, the smaller first; teachers run without dropout. Of several the
    distributions are averaged, and inner states are the last one's."""
    cached_logits: bool = False
    """Whether the teachers run once over every row before the training instead of at every step: for methods on logits
    alone, whose results are the same. So it is always where a transfer set brings logits."""
    ensemble: str = ""
    """How several teachers' distributions are merged: their `arithmetic` mean, or their `geometric` one, the mean of
    the logits; empty is arithmetic, and geometric where the loss is on the logits themselves."""


@dataclass(frozen=True, kw_only=True)
class ClassificationEvaluation:
    """How a run is evaluated."""

    every_steps: int = 0
    """Optimiser steps between evaluations; 0 evaluates after every epoch."""
    keep: str = "best"
    """The final model: the `best` by the task's main metric on the validation split, or the `last`."""
    patience: int = 0
    """Stop after this many evaluations in a row without a new best; 0 never stops early."""
    timing_repeats: int = 3
    """How often the measured split is run for milliseconds per example; the median counts."""


@dataclass(frozen=True, kw_only=True)
class ClassificationConfig:
    """A whole run."""

    task: TaskConfig = field(default_factory=TaskConfig)
    method: dict[str, Any] = field(default_factory=dict)
    """`name`, one of `qgkd.distillation.methods.by_name.METHODS` or several with `+`; `preset`; and the method's own
    settings, whose defaults are those of its function."""
    model: ClassifierConfig = field(default_factory=ClassifierConfig)
    evaluation: ClassificationEvaluation = field(default_factory=ClassificationEvaluation)
    train: dict[str, Any] = field(default_factory=dict)
    """Passed to `transformers.TrainingArguments` as it is; batch sizes count examples."""

    @property
    def run_folder(self) -> Path:
        """Where checkpoints, logs, the model and the result go."""
        return Path(self.train["output_dir"])

    @property
    def method_name(self) -> str:
        """The name in tables."""
        return str(self.method.get("name", "fine-tune"))

    def to_json(self) -> dict[str, Any]:
        """The sections as plain values."""
        return asdict(self)


def load_classification_config(path: str | Path, overrides: tuple[str, ...] = ()) -> ClassificationConfig:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: An unreadable file, an unknown section or key (the nearest known one is named), or a value out of
            range.
    """
    return make_classification_config(read_sections(path, overrides), str(path))


def make_classification_config(sections: dict[str, dict[str, Any]], source: str = "config") -> ClassificationConfig:
    """Check sections of plain values and build the config from them; a preset lies under the given values."""
    kinds = {"task": TaskConfig, "model": ClassifierConfig, "evaluation": ClassificationEvaluation}
    values = check_section(source, "", sections, (*kinds, "method", "train"))
    values = with_preset(values, source)
    parts: dict[str, Any] = {}
    for name, kind in kinds.items():
        parts[name] = kind(**check_section(source, name, values.get(name, {}), kind))
    config = ClassificationConfig(
        **parts, method=check_method(dict(values.get("method", {})), source), train=dict(values.get("train", {}))
    )
    _check(config, source)
    return config


def _check(config: ClassificationConfig, source: str) -> None:
    task, model, evaluation = config.task, config.model, config.evaluation
    drops = [str(drop) for drop in Drop if drop is not Drop.CONTRIBUTION]
    distils = config.method_name != "fine-tune"
    requirements = [
        (bool(task.name), "task.name must name the task, e.g. rte"),
        (bool(model.base) or model.words, "model.base must name what the student starts from"),
        (model.kind != "encoder" or not model.words, "model.words is of a bilstm or textcnn: set model.kind"),
        (model.most_words >= 10, f"model.most_words must be at least 10, was {model.most_words}"),
        (bool(config.train.get("output_dir")), "train.output_dir must name the run folder"),
        (task.max_tokens >= 8, f"task.max_tokens must be at least 8, was {task.max_tokens}"),
        (task.train_limit >= 0, "task.train_limit must be 0 (all) or more"),
        (task.transfer_limit >= 0, "task.transfer_limit must be 0 (all) or more"),
        (model.drop in drops or is_layer_list(model.drop), f"model.drop must be one of {drops} or the layers kept, "
         f"such as 1,3,5, was {model.drop!r}"),
        (model.drop in drops or model.layers is not None, "model.drop names the layers kept: say model.layers as well"),
        (model.kind in _KINDS, f"model.kind must be one of {_KINDS}, was {model.kind!r}"),
        (model.head in _HEADS, f"model.head must be one of {_HEADS}, was {model.head!r}"),
        (model.kind == "encoder" or not model.head, f"model.head is of an encoder: leave it out of a {model.kind}"),
        (model.kind == "encoder" or model.layers is None, f"model.layers is of an encoder: leave it out of a "
         f"{model.kind}"),
        (min(model.embedding_size, model.hidden_size) >= 1, "model.embedding_size and hidden_size must be at least 1"),
        (model.ensemble in ("", *Ensemble), f"model.ensemble must be one of {[*map(str, Ensemble)]}"),
        (model.layers is None or model.layers >= 1, f"model.layers must be at least 1, was {model.layers}"),
        (0 <= model.dropout < 1, f"model.dropout must be from 0 to below 1, was {model.dropout}"),
        (distils or not model.teachers, "method fine-tune has no use for model.teachers"),
        (not distils or bool(model.teachers), f"method {config.method_name} needs model.teachers"),
        (distils or not (task.transfer or task.transfer_limit), "task.transfer needs a teacher: choose another method"),
        (evaluation.every_steps >= 0, "evaluation.every_steps must be 0 (once per epoch) or more"),
        (evaluation.keep in ("best", "last"), f"evaluation.keep must be best or last, was {evaluation.keep!r}"),
        (evaluation.patience >= 0, "evaluation.patience must be 0 (never) or more"),
        (evaluation.timing_repeats >= 1, "evaluation.timing_repeats must be at least 1"),
    ]  # fmt: skip
    require(source, requirements)
