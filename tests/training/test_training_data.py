from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from distill_batches import batch_of_blocks
from tiny_model import PASSAGES, tiny_bert, tiny_tokenizer
from training_examples import records, run_config, save_base, write_questions
from transformers import BertTokenizerFast

from qgkd.errors import UserError
from qgkd.files.toml_values import to_toml
from qgkd.model_input.batch import collate
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.rows import Block, packed_row, recurrent_rows
from qgkd.model_input.source import PassageEncoder, question_target
from qgkd.reading.readers import read_examples
from qgkd.training.batches import RowCollator, StepSampler
from qgkd.training.config import DataConfig, RowsConfig
from qgkd.training.data import choose, load_prepared, prepare
from qgkd.training.dataset import Draw, RowDataset, Vocabulary, sampled_steps
from qgkd.training.loss import LossTerm, Unit, cross_entropy_terms, mean_over_step, unit_counts
from qgkd.training.model import TrainingModel
from qgkd.training.run import prepare_run
from qgkd.training.token_store import TokenStore

LIMITS = {"max_total_tokens": 160, "max_question_tokens": 30, "max_answer_tokens": 10}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> BertTokenizerFast:
    return tiny_tokenizer(tmp_path_factory.mktemp("tokenizer"))


def vocabulary(tokenizer: BertTokenizerFast) -> Vocabulary:
    special = set(tokenizer.all_special_ids)
    ordinary = [token for token in range(len(tokenizer)) if token not in special]
    return Vocabulary(mask_id=tokenizer.mask_token_id, pad_id=tokenizer.pad_token_id, ordinary_ids=np.array(ordinary))


def dataset(tokenizer: BertTokenizerFast, folder: Path, rows: RowsConfig | None = None, **form: Any) -> RowDataset:
    data = DataConfig(train=(str(write_questions(folder / "train.jsonl")),))
    input_format = InputFormat(**{**LIMITS, **form})
    store = prepare(data, tokenizer, input_format).train
    return RowDataset(store, input_format, rows or RowsConfig(), vocabulary(tokenizer), seed=3)


# Choosing


def test_first_part_in_file_order(tmp_path: Path) -> None:
    first, second = records()[:10], records()[10:]
    files = (str(write_questions(tmp_path / "a.jsonl", first)), str(write_questions(tmp_path / "b.jsonl", second)))
    kept, left_out = choose(DataConfig(train=files, fraction=0.55), [])
    assert [example.example_id for example in kept] == [f"q-{number}" for number in range(11)]
    assert left_out["after the fraction or limit"] == 9
    kept, _ = choose(DataConfig(train=files, fraction=0.55, limit=3), [])
    assert [example.example_id for example in kept] == ["q-0", "q-1", "q-2"]


def test_exclusions_come_before_the_cut(tmp_path: Path) -> None:
    train = str(write_questions(tmp_path / "train.jsonl", [*records(), {**records()[0], "id": "no", "question": ""}]))
    other = str(write_questions(tmp_path / "other.jsonl", records()[15:16]))  # the third passage's article
    validation = read_examples(write_questions(tmp_path / "v.jsonl", records()[8:9])).examples  # the second passage
    data = DataConfig(train=(train,), exclude_ids=("q-0",), exclude_articles_of=(other,), fraction=0.5)
    kept, left_out = choose(data, validation)
    assert [example.example_id for example in kept] == ["q-1", "q-2", "q-3"]
    assert left_out == {
        "without a question": 1,
        "by id": 1,
        "by article": 5,
        "passage in validation": 7,
        "after the fraction or limit": 4,
    }


def test_records_that_cannot_be_read_are_reported_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = write_questions(
        tmp_path / "train.jsonl", [*records()[:2], {**records()[2], "id": "no", "answer": "無此句"}]
    )
    kept, left_out = choose(DataConfig(train=(str(train),)), [])
    assert [example.example_id for example in kept] == ["q-0", "q-1"]
    assert left_out["cannot be read"] == 1
    assert f"{train}: line 3: no: answer '無此句' is not at character" in capsys.readouterr().err


# Tokenised once


def test_prepared_data_trains_without_its_files(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    data = DataConfig(
        train=(str(write_questions(tmp_path / "train.jsonl", records()[:15])),),
        validation=str(write_questions(tmp_path / "validation.jsonl", records()[15:])),
    )
    input_format = InputFormat(**LIMITS)
    made = prepare(data, tokenizer, input_format)
    made.save(tmp_path / "data")
    for path in (*data.train, data.validation):
        Path(path).unlink()
    read = load_prepared(tmp_path / "data", data, tokenizer, input_format)
    assert read is not None
    assert read.validation is not None
    assert (len(read.train), len(read.validation)) == (15, 5)
    assert read.validation_examples == made.validation_examples
    for index in range(15):
        assert read.train.source(index) == made.train.source(index)
        assert read.train.target(index) == made.train.target(index)
    assert read.train.about == made.train.about
    assert read.train.about["counts"]["questions"] == 15


def test_prepared_data_of_another_choice_is_refused(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    train = write_questions(tmp_path / "train.jsonl")
    data, input_format = DataConfig(train=(str(train),)), InputFormat(**LIMITS)
    prepare(data, tokenizer, input_format).save(tmp_path / "data")
    other_format = InputFormat(**LIMITS, layout="shared")
    with pytest.raises(UserError, match="prepared with format"):
        load_prepared(tmp_path / "data", data, tokenizer, other_format)
    with pytest.raises(UserError, match="prepared with choice"):
        load_prepared(tmp_path / "data", DataConfig(train=(str(train),), limit=3), tokenizer, input_format)
    write_questions(train, records()[:3])
    with pytest.raises(UserError, match="prepared with files"):
        load_prepared(tmp_path / "data", data, tokenizer, input_format)
    assert load_prepared(tmp_path / "absent", data, tokenizer, input_format) is None


def test_damaged_prepared_data_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "train.npz").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(UserError, match="prepare-only"):
        TokenStore.load(tmp_path / "train.npz")


def test_refused_answers_are_counted(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    data = DataConfig(train=(str(write_questions(tmp_path / "train.jsonl")),))
    store = prepare(data, tokenizer, InputFormat(**{**LIMITS, "max_answer_tokens": 3})).train
    assert store.about["counts"]["answers_refused"] == 20 - len(store) > 0


# Rows


@pytest.mark.parametrize("layout", ["plain", "marked", "shared"])
def test_packed_rows_are_those_of_the_core(layout: str, tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    rows = dataset(tokenizer, tmp_path, layout=layout)
    input_format = InputFormat(**LIMITS, layout=layout)
    expected = []
    for example in read_examples(tmp_path / "train.jsonl").examples:
        source = PassageEncoder(tokenizer, input_format, example.context).source(
            example.answer_start_char, example.answer_end_char
        )
        target, _ = question_target(tokenizer, input_format, example.question)
        expected.append(packed_row([source], [target], tokenizer.mask_token_id))
    found = [rows[Draw(0, item)] for item in range(len(rows))]
    assert [weighted.row for item in found for weighted in item] == expected
    assert rows.lengths.tolist() == [len(row) for row in expected]
    batch = RowCollator(tokenizer.pad_token_id)(found[5:9])
    core = collate(expected[5:9], tokenizer.pad_token_id)
    assert torch.equal(batch.inputs.input_ids, core.inputs.input_ids)
    assert torch.equal(batch.inputs.scored_positions, core.inputs.scored_positions)
    assert torch.equal(batch.targets, core.targets)


def test_recurrent_rows_are_those_of_the_core(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    rows = dataset(tokenizer, tmp_path, attention="recurrent")
    found = rows[Draw(0, 4)]
    store = rows._store
    expected = recurrent_rows(store.source(4), store.target(4), tokenizer.mask_token_id)
    assert [weighted.row for weighted in found] == expected
    assert {weighted.weight for weighted in found} == {1.0}
    assert rows.lengths[4] == len(expected[-1])


def test_training_model_gives_the_cores_logits(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    from qgkd.checkpoints.masked_lm import mask_logits

    model = tiny_bert(len(tokenizer))
    for form in ({"attention": "prefix"}, {"attention": "recurrent"}):
        rows = dataset(tokenizer, tmp_path, **form)
        items = [rows[Draw(0, item)] for item in (1, 9, 17)]
        batch = RowCollator(tokenizer.pad_token_id)(items)
        logits = TrainingModel(model)(batch.inputs).logits
        core = collate([weighted.row for item in items for weighted in item], tokenizer.pad_token_id)
        assert torch.allclose(logits, mask_logits(model, core.inputs), atol=1e-6)


def test_several_answers_in_a_row_are_trained_as_if_apart(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    """`shared`: the loss of a packed passage is that of its questions one by one."""
    model = TrainingModel(tiny_bert(len(tokenizer)))
    losses, items = [], []
    for share in (1, 3):
        rows = dataset(tokenizer, tmp_path, RowsConfig(answers_per_row=share), layout="shared")
        batch = RowCollator(tokenizer.pad_token_id)([rows[Draw(0, item)] for item in range(len(rows))])
        capture = model(batch.inputs)
        (term,) = cross_entropy_terms(capture, batch, 0.0)
        losses.append(term.values)
        items.append(rows.items)
    assert items[1] == [(0, 1, 2), (3, 4, 5), (6, 7), (8, 9, 10), (11, 12, 13), (14,), (15, 16, 17), (18, 19)]
    assert torch.allclose(*losses, atol=1e-5)


# Noise


def test_noise_touches_the_given_question_alone(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    clean = dataset(tokenizer, tmp_path)
    noisy = dataset(tokenizer, tmp_path, RowsConfig(target_noise=0.5))
    kinds: Counter[str] = Counter()
    for epoch, item in itertools.product(range(60), range(len(clean))):
        (before,), (after,) = clean[Draw(epoch, item)], noisy[Draw(epoch, item)]
        assert after.row.labels == before.row.labels
        for old, new, block in zip(before.row.input_ids, after.row.input_ids, before.row.blocks, strict=True):
            if block != Block.TARGET:
                assert new == old
            else:
                kinds["kept" if new == old else "mask" if new == tokenizer.mask_token_id else "random"] += 1
    total = kinds.total()
    assert kinds["mask"] / total == pytest.approx(0.4, abs=0.02)
    assert kinds["random"] / total == pytest.approx(0.05, abs=0.01)


def test_noise_in_recurrent_rows_leaves_source_and_mask(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    clean = dataset(tokenizer, tmp_path, attention="recurrent")
    noisy = dataset(tokenizer, tmp_path, RowsConfig(target_noise=1.0), attention="recurrent")
    source = len(clean._store.source(0))
    changed = 0
    for before, after in zip(clean[Draw(0, 0)], noisy[Draw(0, 0)], strict=True):
        assert after.row.input_ids[:source] == before.row.input_ids[:source]
        assert after.row.input_ids[-1] == tokenizer.mask_token_id
        assert after.row.labels == before.row.labels
        changed += after.row.input_ids != before.row.input_ids
    assert changed > 5


def test_items_depend_on_seed_epoch_and_index_alone(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    settings = RowsConfig(target_noise=0.5, positions_per_question=3)
    one = dataset(tokenizer, tmp_path, settings, attention="recurrent")
    other = dataset(tokenizer, tmp_path, settings, attention="recurrent")
    forwards = [one[Draw(epoch, item)] for epoch in (0, 1) for item in range(len(one))]
    backwards = [other[Draw(epoch, item)] for epoch in (1, 0) for item in reversed(range(len(one)))]
    assert forwards == backwards[::-1]
    assert one[Draw(0, 2)] != one[Draw(1, 2)]


# Sampled positions


def test_sampled_steps_are_different_and_equally_likely() -> None:
    random = np.random.default_rng(0)
    counts = Counter(step for _ in range(4000) for step in sampled_steps(7, 3, random))
    assert set(counts) == set(range(1, 8))
    assert all(count == pytest.approx(4000 * 3 / 7, rel=0.08) for count in counts.values())
    assert list(sampled_steps(3, 5, random)) == [1, 2, 3]
    assert list(sampled_steps(3, 0, random)) == [1, 2, 3]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_sampled_positions_are_unbiased(count: int) -> None:
    """Over all draws of k steps of each of two questions, the mean loss is the full one, and so is its denominator."""
    values = {5: torch.tensor([0.3, 2.0, 1.0, 4.0, 0.7]), 4: torch.tensor([1.5, 0.1, 0.2, 3.0])}
    full = torch.cat([*values.values()]).mean()
    found = []
    for first in itertools.combinations(range(5), count):
        for second in itertools.combinations(range(4), count):
            rows = torch.arange(2 * count)
            weights = torch.tensor([5 / count] * count + [4 / count] * count)
            batch = batch_of_blocks(torch.ones(2 * count, 3), torch.stack([rows, rows], dim=1), rows, weights)
            drawn = torch.cat([values[5][list(first)], values[4][list(second)]])
            counts = unit_counts([batch])
            assert float(counts[0]) == pytest.approx(9)
            term = LossTerm(name="x", values=drawn, unit=Unit.TOKENS)
            found.append(mean_over_step(term, batch, counts))
    assert float(torch.stack(found).mean()) == pytest.approx(float(full), rel=1e-5)


def test_dataset_weights_sampled_rows_so(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    rows = dataset(tokenizer, tmp_path, RowsConfig(positions_per_question=3), attention="recurrent")
    for item, length in enumerate(rows._store.target_lengths):
        drawn = rows[Draw(0, item)]
        assert len(drawn) == 3
        assert sum(weighted.weight for weighted in drawn) == pytest.approx(length)
        assert sum(weighted.weight for weighted in rows[Draw(0, item, counted=False)]) == 0


# Batches


def drawn(sampler: StepSampler, epoch: int = 0) -> list[list[Draw]]:
    sampler.set_epoch(epoch)
    return list(sampler)


@pytest.mark.parametrize("strategy", ["group_by_length", "random", "sequential"])
def test_a_steps_questions_do_not_depend_on_its_split(strategy: str) -> None:
    lengths = np.random.default_rng(1).integers(20, 200, 45)
    whole = StepSampler(lengths, micro_batch_items=8, strategy=strategy)
    steps = [sorted(draw.item for draw in batch) for batch in drawn(whole, 2)]
    assert sorted(itertools.chain(*steps)) == list(range(45))
    for micro, accumulation, processes in ((4, 2, 1), (2, 4, 1), (4, 1, 2), (2, 2, 2), (1, 2, 4)):
        parts = [
            StepSampler(
                lengths, micro_batch_items=micro, accumulation=accumulation, processes=processes, process=process,
                strategy=strategy,
            )
            for process in range(processes)
        ]  # fmt: skip
        streams = [drawn(part, 2) for part in parts]
        assert {len(stream) for stream in streams} == {len(part) for part in parts}
        assert len({len(stream) for stream in streams}) == 1  # or one process would wait for ever
        found: list[list[int]] = []
        for place in range(0, len(streams[0]), accumulation):
            batches = [batch for stream in streams for batch in stream[place : place + accumulation]]
            assert max(map(len, batches)) <= micro
            found.append(sorted(draw.item for batch in batches for draw in batch if draw.counted))
        assert found == steps


def test_every_process_gets_a_batch_of_the_last_question() -> None:
    parts = [
        StepSampler(np.arange(9), micro_batch_items=2, processes=4, process=process, strategy="sequential")
        for process in range(4)
    ]
    last = [drawn(part)[-1] for part in parts]
    assert [[draw.counted for draw in batch] for batch in last] == [[True], [False], [False], [False]]


def test_order_depends_on_the_epoch_and_groups_by_length() -> None:
    lengths = np.random.default_rng(1).integers(20, 500, 4000)
    sampler = StepSampler(lengths, micro_batch_items=8)
    first, second = drawn(sampler, 0), drawn(sampler, 1)
    assert [[d.item for d in b] for b in first] != [[d.item for d in b] for b in second]
    assert {draw.epoch for batch in second for draw in batch} == {1}
    spread = [np.ptp(lengths[[draw.item for draw in batch]]) for batch in first]
    assert np.median(spread) < 20  # of 480
    assert len(StepSampler(lengths[:30], micro_batch_items=8, drop_last=True)) == 3


# The training path on a bare machine


def test_trains_without_chinese_tools_or_data_files(tmp_path: Path) -> None:
    """A GPU machine may have torch, transformers and accelerate alone, the base and what `--prepare-only` wrote."""
    train, validation = tmp_path / "train.jsonl", tmp_path / "validation.jsonl"
    write_questions(train, records()[:15])
    write_questions(validation, records()[15:])
    config = run_config(
        tmp_path,
        save_base(tmp_path / "base"),
        data={"train": [str(train)], "validation": str(validation)},
        evaluation={"every_steps": 2, "metric": "loss"},
        train={"max_steps": 2},
    )
    prepare_run(config)
    train.unlink()
    validation.unlink()
    (tmp_path / "run.toml").write_text(to_toml(config.to_json()), "utf-8")
    code = (
        "import sys\n"
        "for name in ('jieba', 'nltk', 'datasets', 'opencc', 'rouge_score', 'pyarrow', 'typer', 'rich'):\n"
        "    sys.modules[name] = None\n"
        "from qgkd.training.config import load_config\n"
        "from qgkd.training.run import run_training\n"
        "print(run_training(load_config(sys.argv[1])))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, str(tmp_path / "run.toml")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "model" / "model.safetensors").is_file()
    assert "validation loss" in done.stderr


def test_passages_are_not_changed() -> None:
    assert all(record["context"] in PASSAGES for record in records())
