"""Rare characters under other names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_model import tiny_tokenizer
from training_examples import write_questions

from qgkd.model_input.input_format import InputFormat
from qgkd.training.config import DataConfig, RowsConfig
from qgkd.training.data import prepare
from qgkd.training.dataset import Draw, RowDataset, Vocabulary
from qgkd.training.renaming import Renaming
from qgkd.training.token_store import TokenStore


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    data = DataConfig(train=(str(write_questions(tmp_path / "train.jsonl")),))
    form = InputFormat(max_total_tokens=160, max_question_tokens=30, max_answer_tokens=10)
    return prepare(data, tiny_tokenizer(tmp_path), form).train


def test_frequent_tokens_of_passages_or_questions_stay() -> None:
    passages = np.array([1] * 60 + [2] * 20 + [3] * 10 + [4] * 6 + [5] * 4, np.int32)
    questions = np.array([4] * 90 + [3] * 10, np.int32)
    renaming = Renaming.of(passages, questions, np.array([1, 2, 3, 4, 9]), 1.0)
    # 1 and 2 are 80 % of the passages, 4 is a question word, 5 no character, 9 in no passage.
    assert renaming.rare_ids.tolist() == [3]


def test_one_name_throughout_and_nothing_else_changed(store: TokenStore) -> None:
    renaming = Renaming(np.unique(store.source_ids)[5:], 0.5)
    changed = 0
    for question in range(len(store)):
        source, target = store.source(question), store.target(question)
        (new,), (words,) = renaming.rename([source], [target], np.random.default_rng(question))
        pairs = set(zip((*source.token_ids, *target), (*new.token_ids, *words), strict=True))
        before, after = [{pair[side] for pair in pairs} for side in (0, 1)]
        assert len(before) == len(pairs) == len(after)  # one new name for each old one, two never the same
        moved = {old for old, name in pairs if old != name}
        assert moved <= set(renaming.rare_ids.tolist())
        assert not {name for old, name in pairs if old != name} & set(source.token_ids)
        assert (new.token_types, new.positions) == (source.token_types, source.positions)
        changed += bool(moved)
    assert changed == len(store)


def test_share_of_characters(store: TokenStore) -> None:
    source, target = store.source(0), store.target(0)
    renaming = Renaming(np.arange(10, 5000), 0.3)
    loaded = {token for token in source.token_ids if token >= 10}
    moved = 0
    for seed in range(400):
        (new,), _ = renaming.rename([source], [target], np.random.default_rng(seed))
        moved += len(loaded - set(new.token_ids))
    assert moved / (400 * len(loaded)) == pytest.approx(0.3, abs=0.02)


def test_too_few_names_rename_fewer(store: TokenStore) -> None:
    source, target = store.source(0), store.target(0)
    (new,), (words,) = Renaming(np.unique(source.token_ids), 1.0).rename([source], [target], np.random.default_rng(0))
    assert (new, words) == (source, target)


def test_rows_are_renamed_anew_in_each_later_epoch(store: TokenStore, tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    characters = np.array([tokenizer.vocab[token] for token in tokenizer.vocab if "一" <= token[0] <= "鿿"])
    vocabulary = Vocabulary(
        mask_id=tokenizer.mask_token_id, pad_id=0, ordinary_ids=np.arange(5, len(tokenizer)), character_ids=characters
    )
    form = InputFormat(max_total_tokens=160, max_question_tokens=30, max_answer_tokens=10)
    plain = RowDataset(store, form, RowsConfig(), vocabulary, seed=3)
    renamed = RowDataset(store, form, RowsConfig(renamed_share=0.5), vocabulary, seed=3)
    assert renamed[Draw(0, 4)] == plain[Draw(0, 4)]  # the first reading is of what is written
    (old,), (first,), (again,), (second,) = (
        plain[Draw(1, 4)],
        renamed[Draw(1, 4)],
        renamed[Draw(1, 4)],
        renamed[Draw(2, 4)],
    )
    assert first == again
    assert len({old.row.input_ids, first.row.input_ids, second.row.input_ids}) == 3
    # What is to be written is what the passage calls it.
    (moved,) = [{(a, b) for a, b in zip(old.row.input_ids, first.row.input_ids, strict=True) if a != b}]
    names = dict(moved)
    assert names
    assert [names.get(label, label) for label in old.row.labels] == list(first.row.labels)
