"""Batches of question rows of the tiny tokenizer, and a tiny DistilBERT to run on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from tiny_model import tiny_tokenizer
from torch.nn import functional as F
from training_examples import records
from transformers import DistilBertConfig, DistilBertForMaskedLM

from qgkd.model_input.batch import Batch, ModelInput
from qgkd.model_input.input_format import Attention, InputFormat
from qgkd.model_input.rows import Row, packed_row, recurrent_row
from qgkd.model_input.source import PassageEncoder, question_target
from qgkd.training.batches import RowCollator
from qgkd.training.dataset import WeightedRow

SIDES = ("input_ids", "token_type_ids", "position_ids", "blocks", "steps", "groups")


def question_rows(folder: Path, *, attention: str = "prefix", layout: str = "marked", count: int = 3) -> list[Row]:
    """Rows of different lengths, one per question; recurrent rows predict the question's third token."""
    tokenizer = tiny_tokenizer(folder)
    input_format = InputFormat(attention=attention, layout=layout, max_total_tokens=160, max_answer_tokens=10)
    rows = []
    for record in records()[:: 20 // count][:count]:
        start = record["answer_start"]
        encoder = PassageEncoder(tokenizer, input_format, record["context"])
        source = encoder.source(start, start + len(record["answer"]))
        target, _ = question_target(tokenizer, input_format, record["question"])
        if input_format.attention is Attention.PREFIX:
            rows.append(packed_row([source], [target], int(tokenizer.mask_token_id)))
        else:
            rows.append(recurrent_row(source, target, 3, int(tokenizer.mask_token_id)))
    return rows


def batch_of(rows: list[Row], *, more_padding: int = 0) -> Batch:
    """Collate rows as for the trainer, with `more_padding` further columns."""
    batch = RowCollator(0)([[WeightedRow(row, 1.0)] for row in rows])
    columns = {name: getattr(batch.inputs, name) for name in SIDES}
    wider = {name: None if value is None else F.pad(value, (0, more_padding)) for name, value in columns.items()}
    return replace(batch, inputs=replace(batch.inputs, **wider))


def batch_of_blocks(
    blocks: torch.Tensor, scored_positions: torch.Tensor, targets: torch.Tensor, row_weights: torch.Tensor | None = None
) -> Batch:
    """A batch of which nothing but its shape counts: every token is 0."""
    zeros = torch.zeros_like(blocks)
    inputs = ModelInput(
        input_ids=zeros, token_type_ids=zeros, position_ids=zeros, blocks=blocks, scored_positions=scored_positions
    )
    weights = torch.ones(len(blocks)) if row_weights is None else row_weights
    return Batch(inputs=inputs, targets=targets, row_weights=weights)


def tiny_distilbert(vocab_size: int, *, layers: int = 2, attn_implementation: str = "sdpa") -> DistilBertForMaskedLM:
    """A DistilBERT of the size of `tiny_bert`."""
    torch.manual_seed(0)
    config = DistilBertConfig(
        vocab_size=vocab_size,
        dim=16,
        n_layers=layers,
        n_heads=2,
        hidden_dim=32,
        max_position_embeddings=160,
        initializer_range=0.3,
        attn_implementation=attn_implementation,
    )
    return DistilBertForMaskedLM(config).eval()
