"""A BERT with a TextCNN as its head: by hand, without padding's influence, saved, loaded, distilled from and into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from classification_runs import run_config, save_encoder, write_task
from tiny_model import tiny_bert, tiny_tokenizer
from torch.nn import functional as F
from transformers import AutoModelForSequenceClassification

from qgkd.checkpoints.encoder import encoder_shape
from qgkd.classification.run import run_classification
from qgkd.classification.students.kinds import register_students
from qgkd.classification.students.textcnn_head import BertTextCNNConfig, BertTextCNNForSequenceClassification
from qgkd.errors import UserError

TEXTS = ["海", "燈塔高42公尺，位於白沙灣的北岸。", "港口的孩子"]


@pytest.fixture
def model(tmp_path: Path) -> Any:
    torch.manual_seed(0)
    bert = tiny_bert(len(tiny_tokenizer(tmp_path)))
    config = BertTextCNNConfig(**{**bert.config.to_dict(), "filters": 5, "num_labels": 3})
    made = BertTextCNNForSequenceClassification(config).eval()
    made.bert.load_state_dict(bert.bert.state_dict())
    for weight in made.filters.parameters():
        torch.nn.init.normal_(weight)
    return made


def logits(model: Any, folder: Path, texts: list[str], **options: Any) -> torch.Tensor:
    return model(**tiny_tokenizer(folder)(texts, return_tensors="pt", padding=True, **options)).logits


def test_it_is_filters_over_the_last_hidden_states(model: Any, tmp_path: Path) -> None:
    """An independent implementation: every window of every text, one by one."""
    for text in TEXTS[1:]:
        states = model.bert(**tiny_tokenizer(tmp_path)(text, return_tensors="pt")).last_hidden_state[0]
        features = []
        for convolution in model.filters.convolutions:
            width = convolution.kernel_size[0]
            windows = [states[start : start + width] for start in range(len(states) - width + 1)]
            values = [torch.einsum("ld,fdl->f", window, convolution.weight) + convolution.bias for window in windows]
            features.append(F.relu(torch.stack(values)).amax(dim=0))
        expected = model.classifier(torch.cat(features))
        torch.testing.assert_close(logits(model, tmp_path, [text])[0], expected)


def test_padding_and_order_do_not_matter(model: Any, tmp_path: Path) -> None:
    together = logits(model, tmp_path, TEXTS)
    torch.testing.assert_close(together, torch.cat([logits(model, tmp_path, [text]) for text in TEXTS]))
    torch.testing.assert_close(together, logits(model, tmp_path, TEXTS, pad_to_multiple_of=64))
    torch.testing.assert_close(together, logits(model, tmp_path, TEXTS[::-1]).flip(0))
    together.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in model.parameters())


def test_it_is_loaded_as_it_was_saved(model: Any, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "saved")
    register_students()
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved")
    assert isinstance(loaded, BertTextCNNForSequenceClassification)
    torch.testing.assert_close(logits(model, tmp_path, TEXTS), logits(loaded, tmp_path, TEXTS))
    shape = encoder_shape(loaded)
    assert (shape.layers, shape.heads, shape.outputs) == (2, 2, 3)


def test_it_is_learnt_and_teaches(tmp_path: Path) -> None:
    """From a masked language model's folder; then a plain encoder, a TextCNN and one of its layers learn from it."""
    save_encoder(tmp_path / "base")
    write_task(tmp_path / "data")

    def value(name: str, base: str, method: str = "fine-tune", **model: Any) -> float:
        config = run_config(
            tmp_path / name, tmp_path / "data", tmp_path / base, method={"name": method}, model=model,
            train={"learning_rate": 2e-2 if model.get("kind") else 8e-3, "num_train_epochs": 8},
        )  # fmt: skip
        return run_classification(config).value()

    assert value("teacher", "base", head="textcnn", hidden_size=12) > 0.7
    teachers = {"teachers": [str(tmp_path / "teacher" / "model")]}
    assert value("plain", "base", "kd", **teachers) > 0.5
    assert value("small", "base", "kd", kind="textcnn", embedding_size=16, hidden_size=12, **teachers) > 0.5
    assert value("fewer", "teacher/model", "attention-mse", layers=1, **teachers) > 0.4
    saved = AutoModelForSequenceClassification.from_pretrained(tmp_path / "fewer" / "model")
    assert (saved.config.model_type, saved.config.num_hidden_layers) == ("qgkd-bert-textcnn", 1)


def test_a_head_of_no_encoder_is_refused(tmp_path: Path) -> None:
    for model, sentence in (
        ({"head": "cnn"}, "model.head must be"),
        ({"kind": "bilstm", "head": "textcnn"}, "leave it"),
    ):
        with pytest.raises(UserError, match=sentence):
            run_config(tmp_path / "run", tmp_path, tmp_path, model=model)
