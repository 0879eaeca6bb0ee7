"""Tokenised examples: what is in the arrays, and that training needs nothing but them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_model import tiny_tokenizer

from qgkd.classification.config import TaskConfig
from qgkd.classification.tasks.examples import ClassificationExample
from qgkd.classification.tasks.prepared import prepare_task
from qgkd.classification.tasks.store import ExampleStore, tokenise_examples
from qgkd.errors import UserError


def test_tokenised_pairs_and_singles(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    pair = ClassificationExample(example_id="1", text_a="燈塔高。", text_b="港務局", label=1)
    unlabelled = ClassificationExample(example_id="2", text_a="林文海", text_b="海")
    store = tokenise_examples([pair, unlabelled], tokenizer, 32)
    assert tokenizer.decode(store.ids(0)) == "[CLS] 燈 塔 高 。 [SEP] 港 務 局 [SEP]"
    assert store.types(0).tolist() == [0] * 6 + [1] * 4
    assert store.lengths.tolist() == [10, 7]
    assert (store.labels[0], store.is_labelled.tolist()) == (1, [True, False])
    single = tokenise_examples([ClassificationExample(example_id="1", text_a="燈塔", label=0.5)], tokenizer, 32)
    assert (single.types(0).tolist(), single.labels.tolist()) == ([0, 0, 0, 0], [0.5])
    assert len(tokenise_examples([], tokenizer, 32)) == 0


def test_the_longer_text_is_cut(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    long = ClassificationExample(example_id="1", text_a="燈塔高。" * 10, text_b="港務", label=1)
    short = ClassificationExample(example_id="2", text_a="燈塔", text_b="港務", label=1)
    store = tokenise_examples([long, short], tokenizer, 12)
    assert tokenizer.decode(store.ids(0)) == "[CLS] 燈 塔 高 。 燈 塔 高 [SEP] 港 務 [SEP]"
    assert store.about["examples_cut"] == 1


def test_a_prepared_task_needs_no_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tokenizer = tiny_tokenizer(tmp_path / "tokenizer")
    path = tmp_path / "train.tsv"
    path.write_text("label\ttext\n0\t燈塔\n1\t港口\n3\t\n", encoding="utf-8")
    config = TaskConfig(name="own", train=(str(path),))
    first = prepare_task(config, tokenizer, tmp_path / "data")
    path.unlink()
    loaded = prepare_task(config, tokenizer, tmp_path / "data")
    assert loaded.task == first.task
    assert loaded.problems == first.problems
    assert capsys.readouterr().err == f"{path}: line 4: {loaded.problems[0].partition(': line 4: ')[2]}\n"
    np.testing.assert_array_equal(loaded.splits["train"].token_ids, first.splits["train"].token_ids)
    path.write_text("label\ttext\n0\t燈塔\n1\t港\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"expected .*train\.tsv as it was when the folder was prepared"):
        prepare_task(config, tokenizer, tmp_path / "data")
    other = TaskConfig(name="own", train=(str(path),), max_tokens=8)
    assert prepare_task(other, tokenizer, tmp_path / "data").splits["train"].about["max_tokens"] == 8


def test_a_damaged_store_is_reported(tmp_path: Path) -> None:
    (tmp_path / "train.npz").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(UserError, match="expected tokenised examples, found"):
        ExampleStore.load(tmp_path / "train.npz")


def test_reading_prepared_examples_imports_no_text_tools() -> None:
    code = (
        "import sys, qgkd.classification.tasks.prepared, qgkd.classification.metrics, qgkd.classification.tasks.labels;"
        "print(sorted({'jieba', 'nltk', 'datasets', 'opencc', 'torch', 'sklearn'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout == "[]\n"
