"""The kinds of students by the names that a config uses.

Comes in: a kind, sizes, a tokenizer. Goes out: a new model; and `transformers`' Auto classes know both kinds.

A literal example: `new_student("textcnn", tokenizer, task, embedding_size=256, hidden_size=128, dropout=0.2)`
"""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig, AutoModelForSequenceClassification

from qgkd.classification.students.bilstm import BiLSTMConfig, BiLSTMForSequenceClassification
from qgkd.classification.students.textcnn import TextCNNConfig, TextCNNForSequenceClassification
from qgkd.classification.students.textcnn_head import BertTextCNNConfig, BertTextCNNForSequenceClassification
from qgkd.classification.tasks.labels import id2label
from qgkd.classification.tasks.task import ClassificationTask

_TITLES = {"qgkd-bilstm": "BiLSTM", "qgkd-textcnn": "TextCNN"}


def register_students() -> None:
    """Let `AutoModelForSequenceClassification` load both kinds, and BERTs with a TextCNN, from their folders."""
    for config, model in (
        (BiLSTMConfig, BiLSTMForSequenceClassification),
        (TextCNNConfig, TextCNNForSequenceClassification),
        (BertTextCNNConfig, BertTextCNNForSequenceClassification),
    ):
        AutoConfig.register(config.model_type, config, exist_ok=True)
        AutoModelForSequenceClassification.register(config, model, exist_ok=True)


def new_student(
    kind: str, tokenizer: Any, task: ClassificationTask, *, embedding_size: int, hidden_size: int, dropout: float
) -> Any:
    """A model of random weights; of `bilstm` or `textcnn`."""
    config_class: Any = BiLSTMConfig if kind == "bilstm" else TextCNNConfig
    model_class: Any = BiLSTMForSequenceClassification if kind == "bilstm" else TextCNNForSequenceClassification
    classes = id2label(task)
    named = {} if classes is None else {"id2label": classes, "label2id": {v: k for k, v in classes.items()}}
    config = config_class(
        vocab_size=len(tokenizer),
        embedding_size=embedding_size,
        hidden_size=hidden_size,
        dropout=dropout,
        pair=task.pair,
        special_ids=[tokenizer.cls_token_id, tokenizer.sep_token_id],
        pad_token_id=tokenizer.pad_token_id,
        num_labels=task.num_labels,
        **named,
        problem_type="regression" if task.is_regression else "single_label_classification",
    )
    return model_class(config).eval()


def kind_of(model: Any) -> str:
    """`BiLSTM` or `TextCNN`; empty for an encoder."""
    return _TITLES.get(model.config.model_type, "")
