"""Loads a run's classifiers, student and teachers: transformers' encoder with its pooling and head.

Comes in: a folder or hub name of a masked language model or a classifier. Goes out: `Checkpoint`s whose models are
`AutoModelForSequenceClassification`; a head that the base lacks is drawn by the run's seed.

A literal example: base `bert-base-uncased`, 6 layers: its embeddings, its layers 1 to 6 and its pooler, and a new
classifier for the task's classes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from qgkd.checkpoints.checkpoint import Checkpoint, check_model_exists, short_name
from qgkd.checkpoints.encoder import set_dropout
from qgkd.checkpoints.hub_files import cache_only
from qgkd.checkpoints.record import read_record
from qgkd.checkpoints.tokenizer_folder import check_tokenizer
from qgkd.classification.config import ClassifierConfig
from qgkd.classification.students.kinds import new_student, register_students
from qgkd.classification.students.textcnn_head import BertTextCNNConfig, BertTextCNNForSequenceClassification
from qgkd.classification.tasks.labels import check_label_order, id2label
from qgkd.classification.tasks.task import ClassificationTask
from qgkd.classification.tasks.word_tokenizer import word_language
from qgkd.distillation.models import check_scripts, check_tokenizers, some_layers_of
from qgkd.errors import UserError
from qgkd.model_input.input_format import InputFormat

_HEAD = ("classifier", "score", "pooler", "pre_classifier", "classification_head", "sequence_summary", "filters")
"""First words of the names of a head's weights, after the encoder's prefix."""


def load_tokenizer_of(name: str) -> Any:
    """The tokenizer of a folder or hub model.

    Raises:
        UserError: None there, or one without the tokens that rows need.
    """
    from transformers import AutoTokenizer

    register_students()  # whose config.json is looked at
    local_only = cache_only(name)
    check_model_exists(name, local_only)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=local_only)
    except Exception as error:  # of several libraries
        raise UserError(f"{name}: expected a tokenizer, found none that loads; check the folder") from error
    check_tokenizer(name, cast(Any, tokenizer), len(tokenizer))
    return tokenizer


def load_student(settings: ClassifierConfig, task: ClassificationTask, *, seed: int, tokenizer: Any) -> Checkpoint:
    """The model that is trained; `seed` is of a new head, which the task decides, `tokenizer` of the base.

    Raises:
        UserError: The base cannot be loaded, has another task's classes in another order, or not so many layers.
    """
    from transformers import set_seed

    set_seed(seed)
    if settings.kind != "encoder":
        sizes = {name: getattr(settings, name) for name in ("embedding_size", "hidden_size", "dropout")}
        model = new_student(settings.kind, tokenizer, task, **sizes)
        known = read_record(settings.base) if settings.base else {}
        record = {key: value for key, value in known.items() if key == "script"}
        return Checkpoint(
            name=settings.kind, model=model, tokenizer=tokenizer, input_format=InputFormat(), record=record
        )
    filters = settings.hidden_size if settings.head == "textcnn" else 0
    base = _load(settings.base, task, tokenizer, is_trained=False, filters=filters)
    if settings.layers is not None:
        base = some_layers_of(base, settings.base, settings.layers, settings.drop, settings.dropout)
    set_dropout(base.model, settings.dropout)
    return base


def load_teachers(settings: ClassifierConfig, task: ClassificationTask, student: Checkpoint) -> list[Checkpoint]:
    """The teachers, in the order of the config.

    Raises:
        UserError: One is no classifier of this task, has another order of classes, or another tokenizer than the
            student, or than the first teacher where the student reads words.
    """
    teachers: list[Checkpoint] = []
    for name in settings.teachers:
        teacher = _load(name, task, load_tokenizer_of(name), is_trained=True)
        if not word_language(student.tokenizer):
            check_tokenizers(student, teacher)
        elif teachers:
            check_tokenizers(teachers[0], teacher)
        check_scripts(student, teacher, "take models of one script")
        teachers.append(teacher)
    return teachers


def load_trained(folder: Path, task: ClassificationTask) -> Checkpoint:
    """The final model of a run."""
    return _load(str(folder), task, load_tokenizer_of(str(folder)), is_trained=True)


def position_limit(checkpoint: Checkpoint) -> int:
    """The most tokens of a row."""
    positions = getattr(checkpoint.model.config, "max_position_embeddings", 0)
    return int(positions) or InputFormat().max_total_tokens


def _load(name: str, task: ClassificationTask, tokenizer: Any, *, is_trained: bool, filters: int = 0) -> Checkpoint:
    """A model; with `filters` one whose head is a TextCNN of so many of each width, a new one where it has none."""
    from transformers import AutoConfig

    register_students()
    local_only = cache_only(name)
    check_model_exists(name, local_only)
    record = read_record(name, local_only=local_only)
    who = f"the {'teacher' if is_trained else 'base'} {name}"
    try:
        config: Any = AutoConfig.from_pretrained(name, local_files_only=local_only)
    except Exception as error:  # of several libraries
        raise UserError(f"{name}: expected a model's config.json, found one that does not load: {error}") from error
    is_classifier = any("SequenceClassification" in kind for kind in config.architectures or ())
    if is_trained and not is_classifier:
        raise UserError(
            f"{who}: expected a classifier trained for {task.name}, found {config.architectures}; give the `model` "
            "folder of a `qgkd glue run` with method fine-tune"
        )
    if is_trained or (is_classifier and config.num_labels == task.num_labels):
        check_label_order(task, config.id2label, config.num_labels, who)
    if filters and config.model_type not in ("bert", BertTextCNNConfig.model_type):
        raise UserError(
            f"model.head=textcnn: expected a BERT, found {config.model_type!r} in {name}; take another base"
        )
    options = {"filters": filters} if filters and config.model_type == "bert" else {}
    model = _weights(name, task, local_only, may_lack_head=not is_trained, options=options)
    return Checkpoint(
        name=short_name(name), model=model, tokenizer=tokenizer, input_format=InputFormat(), record=record
    )


def _weights(
    name: str, task: ClassificationTask, local_only: bool, *, may_lack_head: bool, options: dict[str, Any]
) -> Any:
    from transformers import AutoModelForSequenceClassification
    from transformers.utils import logging

    classes = id2label(task)
    named = {} if classes is None else {"id2label": classes, "label2id": {v: k for k, v in classes.items()}}
    verbosity = logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # its report is checked below
    kind: Any = BertTextCNNForSequenceClassification if options else AutoModelForSequenceClassification
    try:
        model, report = kind.from_pretrained(
            name,
            dtype="float32",
            local_files_only=local_only,
            num_labels=task.num_labels,
            **named,
            problem_type="regression" if task.is_regression else "single_label_classification",
            **options,
            ignore_mismatched_sizes=may_lack_head,  # the head of another task
            output_loading_info=True,
        )
    except Exception as error:  # of several libraries: damaged weights, another architecture, no network
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(
            f"{name}: expected an encoder to classify with, found one that does not load: {reason[0]}"
        ) from (error)
    finally:
        logging.set_verbosity(verbosity)
    missing = [str(key[0] if isinstance(key, tuple) else key) for kind in ("missing_keys", "mismatched_keys")
           for key in report[kind]]  # fmt: skip
    missing = sorted(key for key in missing if not (may_lack_head and _is_head(key)))
    if missing:  # they would be random
        raise UserError(
            f"{name}: expected an encoder's weights, found none for {missing[0]} and {len(missing) - 1} more; give a "
            "folder that was saved whole"
        )
    return cast(Any, model.eval())


def _is_head(key: str) -> bool:
    return any(part in _HEAD for part in key.split(".")[:2])
