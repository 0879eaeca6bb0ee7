"""Loads a span model's network without transformers' model classes, as `qgkd.checkpoints.lean_bert` does.

Comes in: a folder that `qgkd spans train` wrote. Goes out: `SpanNetwork`, whose weights have the names of the trained
one.

A literal example: `read_span_network("runs/spans/model")(pad_span_rows(rows, pad_id)).span_scores`
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import torch
from torch import nn

from qgkd.checkpoints.lean_bert import LeanConfig, LeanEncoder
from qgkd.errors import UserError
from qgkd.spans.heads import SpanHeads, SpanOutput
from qgkd.spans.rows import SpanInput


class SpanNetwork(nn.Module):
    """Encoder and heads."""

    def __init__(self, config: LeanConfig) -> None:
        super().__init__()
        self.bert = LeanEncoder(config)
        self.heads = SpanHeads(config.hidden_size)

    def forward(self, inputs: SpanInput) -> SpanOutput:
        """Run both on the network's device."""
        arguments = {
            "input_ids": inputs.input_ids,
            "token_type_ids": inputs.token_type_ids,
            "position_ids": inputs.position_ids,
            "attention_mask": inputs.attention_mask(torch.float32),
        }
        output: SpanOutput = self.heads(self.bert(**arguments).last_hidden_state, inputs)
        return output


def read_span_network(folder: str | Path) -> SpanNetwork:
    """Load the network in float32, in eval mode.

    Raises:
        UserError: No span model there, or a damaged one.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        values = json.loads((Path(folder) / "config.json").read_text("utf-8"))
        config = LeanConfig(**{field.name: values[field.name] for field in fields(LeanConfig) if field.name in values})
        weights = load_file(Path(folder) / "model.safetensors")
        network = SpanNetwork(config)
        network.load_state_dict({name: each.float() for name, each in weights.items()}, assign=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{folder}: expected a span model (`qgkd spans train`), found none that loads: {reason}; check the folder"
        ) from error
    return network.eval()
