"""Rows: the tokens at each position, and the label of each [MASK]."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_model import PASSAGES, tiny_checkpoint

from qgkd.model_input.batch import collate
from qgkd.model_input.rows import IGNORED_LABEL, Block, Row, packed_row, recurrent_row, recurrent_rows
from qgkd.model_input.source import PassageEncoder, Source

MASK, SEP = 4, 3
TARGET = (20, 21, SEP)


def source_of(folder: Path, layout: str, start: int = 1, end: int = 4, text: str = "由林文海設計") -> Source:
    checkpoint = tiny_checkpoint(folder, attention="prefix", layout=layout)
    return PassageEncoder(checkpoint.tokenizer, checkpoint.input_format, text).source(start, end)


def columns(row: Row) -> set[int]:
    names = ("input_ids", "token_types", "positions", "blocks", "steps", "groups", "labels")
    return {len(getattr(row, name)) for name in names}


@pytest.mark.parametrize("layout", ["plain", "marked"])
def test_packed_row(tmp_path: Path, layout: str) -> None:
    source = source_of(tmp_path, layout)
    row = packed_row([source], [TARGET], MASK)
    assert columns(row) == {len(source) + 2 * len(TARGET)} == {len(row)}
    assert row.input_ids == (*source.token_ids, *TARGET, MASK, MASK, MASK)
    assert row.token_types == (*source.token_types, *(0,) * 6)
    assert row.positions == (*range(12), 12, 13, 14, 12, 13, 14)
    assert row.blocks == (*(Block.PASSAGE,) * 12, *(Block.TARGET,) * 3, *(Block.PSEUDO,) * 3)
    assert row.steps == (*(0,) * 12, 1, 2, 3, 1, 2, 3)
    assert row.groups == (*(0,) * 12, *(1,) * 6)
    assert row.labels == (*(IGNORED_LABEL,) * 15, *TARGET)


def test_packed_row_of_shared_answers(tmp_path: Path) -> None:
    sources = [source_of(tmp_path, "shared", 1, 4), source_of(tmp_path, "shared", 4, 6)]
    row = packed_row(sources, [TARGET, (22, SEP)], MASK)
    assert row.input_ids[:8] == sources[0].token_ids[:8]
    assert row.blocks == (
        *(Block.PASSAGE,) * 8,
        *((Block.ANSWER,) * 4 + (Block.TARGET,) * 3 + (Block.PSEUDO,) * 3),
        *((Block.ANSWER,) * 3 + (Block.TARGET,) * 2 + (Block.PSEUDO,) * 2),
    )
    assert row.groups == (*(0,) * 8, *(1,) * 10, *(2,) * 7)
    assert row.positions[8:12] == (2, 3, 4, 8)
    assert row.positions[12:18] == (9, 10, 11, 9, 10, 11)
    assert row.positions[18:] == (5, 6, 8, 9, 10, 9, 10)
    assert [label for label in row.labels if label != IGNORED_LABEL] == [*TARGET, 22, SEP]


def test_two_marked_occurrences_are_not_packed_together(tmp_path: Path) -> None:
    """Equal tokens with different markers cannot share one passage block."""
    text = PASSAGES[0]
    first = text.index("林文海")
    second = text.index("林文海", first + 1)
    sources = [source_of(tmp_path, "marked", at, at + 3, text) for at in (first, second)]
    assert sources[0].token_ids == sources[1].token_ids
    with pytest.raises(ValueError, match="one shared window"):
        packed_row(sources, [TARGET, TARGET], MASK)


def test_recurrent_rows(tmp_path: Path) -> None:
    source = source_of(tmp_path, "marked")
    rows = recurrent_rows(source, TARGET, MASK)
    assert [row.input_ids[12:] for row in rows] == [(MASK,), (20, MASK), (20, 21, MASK)]
    assert [[label for label in row.labels if label != IGNORED_LABEL] for row in rows] == [[20], [21], [SEP]]
    for step, row in enumerate(rows, start=1):
        assert row == recurrent_row(source, TARGET, step, MASK)
        assert columns(row) == {12 + step}
        assert row.labels[-1] == TARGET[step - 1]  # only the [MASK] has a label
        assert row.positions == tuple(range(12 + step))
        assert row.token_types == (*source.token_types, *(0,) * step)
        assert set(row.blocks) == {Block.PASSAGE}
    for step in (0, 4):
        with pytest.raises(ValueError, match="from 1 to 3"):
            recurrent_row(source, TARGET, step, MASK)


def test_collate_pads_and_finds_the_masks(tmp_path: Path) -> None:
    source = source_of(tmp_path, "marked")
    batch = collate([packed_row([source], [TARGET], MASK), packed_row([source], [(22, SEP)], MASK)], pad_id=0)
    inputs = batch.inputs
    assert inputs.input_ids.shape == (2, 18)
    assert inputs.input_ids[1, 16:].tolist() == [0, 0]
    assert inputs.attention_mask(torch.float32).shape == (2, 1, 18, 18)
    assert inputs.scored_positions.tolist() == [[0, 15], [0, 16], [0, 17], [1, 14], [1, 15]]
    assert batch.targets.tolist() == [*TARGET, 22, SEP]
    assert (inputs.input_ids[tuple(inputs.scored_positions.T)] == MASK).all()
    recurrent = collate(recurrent_rows(source, TARGET, MASK), pad_id=0)
    assert recurrent.inputs.attention_mask(torch.float32).shape == (3, 1, 1, 15)
    assert recurrent.inputs.scored_positions.tolist() == [[0, 12], [1, 13], [2, 14]]
    assert recurrent.targets.tolist() == list(TARGET)
