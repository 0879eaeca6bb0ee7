"""Students that read words: the vocabulary, its place on disk, runs with teachers that read their own tokens."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from classification_runs import WORDS, run_config, save_encoder, write_task
from transformers import AutoTokenizer

from qgkd.classification.models import load_tokenizer_of
from qgkd.classification.prediction import Predictor
from qgkd.classification.run import run_classification
from qgkd.classification.tasks.examples import ClassificationExample
from qgkd.classification.tasks.store import ExampleStore, tokenise_examples
from qgkd.classification.tasks.word_tokenizer import readable, word_language, word_tokenizer
from qgkd.classification.tasks.words import MASK
from qgkd.cli import main
from qgkd.errors import UserError

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", MASK]
TEXTS = ["燈塔，港口。", "燈塔，詩人。", "燈塔！"]


def tokens(tokenizer: Any, *texts: str) -> list[str]:
    example = ClassificationExample(example_id="", text_a=texts[0], text_b=texts[1] if len(texts) > 1 else None)
    return tokenizer.convert_ids_to_tokens(tokenise_examples([example], tokenizer, 16).ids(0).tolist())


def test_the_vocabulary_is_the_commonest_words() -> None:
    tokenizer = word_tokenizer(TEXTS, 100)
    # By count, then by the alphabet: 燈塔 3, ， and 。 2, the others once.
    assert tokenizer.convert_ids_to_tokens(range(len(tokenizer))) == [
        *SPECIAL,
        "燈塔",
        "。",
        "，",
        "港口",
        "詩人",
        "！",
    ]
    assert len(word_tokenizer(TEXTS, 2)) == len(SPECIAL) + 2
    assert word_tokenizer(TEXTS[::-1], 100).get_vocab() == tokenizer.get_vocab()


def test_rows_are_words() -> None:
    tokenizer = word_tokenizer(TEXTS, 100)
    assert tokens(tokenizer, "燈塔和港口") == ["[CLS]", "燈塔", "[UNK]", "港口", "[SEP]"]
    assert tokens(tokenizer, f"{MASK}港口") == ["[CLS]", MASK, "港口", "[SEP]"]
    pair = ClassificationExample(example_id="", text_a="燈塔", text_b="詩人！")
    store = tokenise_examples([pair], tokenizer, 16)
    assert store.types(0).tolist() == [0, 0, 0, 1, 1, 1]
    assert tokens(tokenizer, "燈塔", "詩人！") == ["[CLS]", "燈塔", "[SEP]", "詩人", "！", "[SEP]"]
    english = word_tokenizer(["It isn't Bad.", "so bad"], 100)
    assert tokens(english, "BAD, isn't it") == ["[CLS]", "bad", "[UNK]", "is", "n't", "it", "[SEP]"]


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    tokenizer = word_tokenizer(TEXTS, 100)
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert (word_language(loaded), loaded.get_vocab()) == ("chinese", tokenizer.get_vocab())
    assert tokens(loaded, "燈塔和港口") == tokens(tokenizer, "燈塔和港口")
    assert readable(loaded, ["燈塔和港口"]) == ["燈塔 和 港口"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("words")
    save_encoder(made / "base")
    for name, pair in (("single", False), ("pair", True)):
        write_task(made / name, pair=pair, train=90)
        epochs = {"num_train_epochs": 16 if pair else 8}
        config = run_config(made / f"{name}-teacher", made / name, made / "base", train=epochs)
        assert run_classification(config).value() > 0.7
    return made


@pytest.mark.parametrize(
    ("kind", "data", "method"),
    [("textcnn", "single", "kd"), ("bilstm", "pair", "kd"), ("textcnn", "pair", "dynamic-data")],
)
def test_a_student_of_words_learns_from_a_teacher_of_pieces(
    kind: str, data: str, method: str, folder: Path, tmp_path: Path
) -> None:
    """Each reads its own tokens; the base is not asked for."""
    teacher = str(folder / f"{data}-teacher" / "model")
    model = {"kind": kind, "words": True, "embedding_size": 16, "hidden_size": 12, "teachers": [teacher], "base": ""}
    config = run_config(
        tmp_path / "run", folder / data, folder / "base", method={"name": method}, model=model,
        train={"learning_rate": 2e-2, "num_train_epochs": 12},
    )  # fmt: skip
    found = run_classification(config)
    assert found.value() > 0.5
    tokenizer = load_tokenizer_of(str(tmp_path / "run" / "model"))
    assert word_language(tokenizer) == "chinese"
    assert set(WORDS.values()) <= tokenizer.get_vocab().keys()
    # What was kept is what the teacher says of its own tokens.
    from transformers import AutoModelForSequenceClassification

    own = ExampleStore.load(tmp_path / "run" / "data" / "teachers" / "train.npz")
    model_of_teacher = AutoModelForSequenceClassification.from_pretrained(teacher)
    expected = Predictor(pad_id=0).logits(model_of_teacher, own)
    with np.load(tmp_path / "run" / "data" / "teacher_logits.npz") as kept:
        np.testing.assert_allclose(kept["logits"][:, 0], expected, atol=1e-4)
    # A run resumed, and one that begins from its model, read words too.
    assert run_classification(config, resume=True) == found
    again = run_config(
        tmp_path / "again", folder / data, tmp_path / "run" / "model", method={"name": method},
        model={"teachers": [teacher]}, train={"learning_rate": 1e-6, "num_train_epochs": 1},
    )  # fmt: skip
    assert run_classification(again).value() > 0.5


def test_words_of_an_encoder_are_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match=r"model\.words is of a bilstm or textcnn"):
        run_config(tmp_path / "run", folder / "single", folder / "base", model={"words": True})
    model = {"kind": "textcnn", "words": True, "teachers": [str(folder / "single-teacher" / "model")]}
    with pytest.raises(UserError, match="encoder layers to compare"):
        run_classification(
            run_config(tmp_path / "pkd", folder / "single", folder / "base", method={"name": "pkd-skip"}, model=model)
        )
    data = folder / "single" / "train.jsonl"
    command = ["glue", "run", "--task", "toy", "--words", "--out", str(tmp_path / "cli"), f"task.train={data}"]
    assert main(command) == 1
    assert "model.words is of a bilstm or textcnn" in capsys.readouterr().err


def test_a_vocabulary_does_not_depend_on_the_order_of_texts() -> None:
    texts = [json.dumps(place) + random.Random(place).choice(TEXTS) for place in range(30)]
    assert word_tokenizer(texts, 8).get_vocab() == word_tokenizer(sorted(texts, reverse=True), 8).get_vocab()
