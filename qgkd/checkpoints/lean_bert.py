"""Loads a BERT for decoding without importing transformers' model classes, which takes two seconds.

Comes in: a `save_pretrained` folder of a `BertForMaskedLM`. Goes out: a module with the same weights under the same
names, which `IncrementalBert` and `mask_logits` run like the original; None where transformers must load it.

Two of the seven seconds of a quiz from a cold start are saved. Unusual models and broken files are left to
transformers, which also gives the error messages.

A literal example: `read_lean_bert("qgkd/model")` and `BertForMaskedLM.from_pretrained("qgkd/model")` give the same
logits.

Source: Devlin et al. 2019 (arXiv 1810.04805); names and order as in transformers' `modeling_bert`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class LeanConfig:
    """The sizes of a BERT, under transformers' names."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float = 1e-12
    model_type: str = "bert"


@dataclass(frozen=True)
class LeanOutput:
    """The output of the encoder."""

    last_hidden_state: torch.Tensor  # [B, L, D]


class LeanBert(nn.Module):
    """A BERT masked language model whose head shares the embedding matrix."""

    base_model_prefix = "bert"

    def __init__(self, config: LeanConfig) -> None:
        super().__init__()
        self.config = config
        self.bert = LeanEncoder(config)
        self.cls = _Head(config)
        self.tie_weights()

    def tie_weights(self) -> None:
        """Share the embedding matrix and the bias between embeddings and head, as transformers does."""
        head: Any = self.cls.predictions
        head.decoder.weight = self.bert.embeddings.word_embeddings.weight
        head.decoder.bias = head.bias

    @property
    def base_model(self) -> nn.Module:
        """The encoder."""
        return self.bert

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the weights."""
        return self.bert.embeddings.LayerNorm.weight.dtype

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.bert.embeddings.LayerNorm.weight.device


class _Embeddings(nn.Module):
    def __init__(self, config: LeanConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, width)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)

    def forward(
        self, input_ids: torch.Tensor, token_type_ids: torch.Tensor, position_ids: torch.Tensor
    ) -> torch.Tensor:
        words = self.word_embeddings(input_ids) + self.token_type_embeddings(token_type_ids)
        embedded: torch.Tensor = self.LayerNorm(words + self.position_embeddings(position_ids))
        return embedded


class _Layer(nn.Module):
    def __init__(self, config: LeanConfig) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.intermediate_size
        self.heads = config.num_attention_heads
        projections = {name: nn.Linear(width, width) for name in ("query", "key", "value")}
        self.attention = nn.ModuleDict({"self": nn.ModuleDict(projections), "output": _output(width, width, config)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, inner)})
        self.intermediate.intermediate_act_fn = nn.GELU()
        self.output = _output(inner, width, config)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        parts: Any = self
        projections = parts.attention.self
        query, key, value = (
            projections[name](hidden).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        output = parts.attention.output
        hidden = output.LayerNorm(output.dense(attended.transpose(1, 2).flatten(2)) + hidden)
        inner = parts.intermediate.intermediate_act_fn(parts.intermediate.dense(hidden))
        result: torch.Tensor = parts.output.LayerNorm(parts.output.dense(inner) + hidden)
        return result


class LeanEncoder(nn.Module):
    """The encoder alone, under the names of transformers' `BertModel`."""

    def __init__(self, config: LeanConfig) -> None:
        super().__init__()
        self.embeddings = _Embeddings(config)
        layers = nn.ModuleList(_Layer(config) for _ in range(config.num_hidden_layers))
        self.encoder = nn.ModuleDict({"layer": layers})

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor,
        position_ids: torch.Tensor,
    ) -> LeanOutput:
        """Run the layers on ids, types and positions [B, L] under an additive mask [B, 1, L, L]."""
        hidden = self.embeddings(input_ids, token_type_ids, position_ids)
        layers: Any = self.encoder["layer"]
        for layer in layers:
            hidden = layer(hidden, attention_mask)
        return LeanOutput(hidden)


class _Head(nn.Module):
    def __init__(self, config: LeanConfig) -> None:
        super().__init__()
        width = config.hidden_size
        transform = _output(width, width, config)
        transform.transform_act_fn = nn.GELU()
        self.predictions = nn.ModuleDict({"transform": transform, "decoder": nn.Linear(width, config.vocab_size)})
        self.predictions.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        head: Any = self.predictions
        changed = head.transform.LayerNorm(head.transform.transform_act_fn(head.transform.dense(hidden)))
        logits: torch.Tensor = head.decoder(changed)
        return logits


def _output(inputs: int, outputs: int, config: LeanConfig) -> nn.ModuleDict:
    norm = nn.LayerNorm(outputs, eps=config.layer_norm_eps)
    return nn.ModuleDict({"dense": nn.Linear(inputs, outputs), "LayerNorm": norm})


def read_lean_bert(folder: str | Path) -> LeanBert | None:
    """Load a folder's BERT in float32.

    Returns:
        The model in eval mode; None where transformers must load it: another architecture, weights in other files or
        under other names, untied or incomplete weights.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        values = json.loads((Path(folder) / "config.json").read_text("utf-8"))
        if values.get("model_type") != "bert" or values.get("hidden_act") != "gelu" or values.get("is_decoder"):
            return None
        config = LeanConfig(**{field.name: values[field.name] for field in fields(LeanConfig) if field.name in values})
        weights = load_file(Path(folder) / "model.safetensors")
        model = LeanBert(config)  # device "meta" would import torch's compiler: 2 s
        found = model.load_state_dict({name: each.float() for name, each in weights.items()}, strict=False, assign=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError):
        return None
    model.tie_weights()
    tied = {"cls.predictions.decoder.weight", "cls.predictions.decoder.bias"}
    if not set(found.missing_keys) <= tied or not values.get("tie_word_embeddings", True) or tied & weights.keys():
        return None
    return model.eval()
