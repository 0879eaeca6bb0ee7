"""Finds an encoder's layers and the query, key and value maps of their attention, in BERT-type models and DistilBERT.

Comes in: a model of transformers. Goes out: its `EncoderShape`, its layers, their `AttentionParts`.

A literal example: `encoder_layers(bert)[0]` is layer 1; `attention_parts(layer).query` is `attention.self.query` in
BERT and `attention.q_lin` in DistilBERT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from qgkd.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderShape:
    """The sizes that must match between a teacher and a student."""

    layers: int
    width: int
    """Width of a hidden state."""
    heads: int
    outputs: int
    """Width of the logits: the vocabulary of a masked language model, the classes of a classifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionParts:
    """The modules of one layer's attention."""

    attention: nn.Module
    """The module whose forward takes `attention_mask`."""
    query: nn.Module
    key: nn.Module
    value: nn.Module


def encoder_shape(model: PreTrainedModel) -> EncoderShape:
    """Read a model's sizes from its config and its head; a model without attention has 0 layers and heads."""
    config: Any = model.config
    if not hasattr(config, "num_attention_heads"):
        return EncoderShape(layers=0, width=int(config.hidden_size), heads=0, outputs=int(config.num_labels))
    head: Any = model.get_output_embeddings()
    return EncoderShape(
        layers=len(encoder_layers(model)),
        width=int(config.hidden_size),
        heads=int(config.num_attention_heads),
        outputs=int(config.num_labels if head is None else head.weight.shape[0]),
    )


def encoder_layers(model: PreTrainedModel) -> nn.ModuleList:
    """The model's own list of layers, layer 1 first.

    Raises:
        UserError: Another kind of encoder, such as ALBERT, whose layers share their weights.
    """
    return _find_layers(model)[1]


def layers_name(model: PreTrainedModel) -> str:
    """The prefix of the layers in the state dict, e.g. `bert.encoder.layer`."""
    return _find_layers(model)[0]


def attention_parts(layer: nn.Module) -> AttentionParts:
    """The attention modules of one of `encoder_layers`."""
    attention: Any = getattr(layer, "attention")  # noqa: B009
    if hasattr(attention, "q_lin"):
        return AttentionParts(attention=attention, query=attention.q_lin, key=attention.k_lin, value=attention.v_lin)
    own = attention.self
    return AttentionParts(attention=own, query=own.query, key=own.key, value=own.value)


def _find_layers(model: PreTrainedModel) -> tuple[str, nn.ModuleList]:
    base: Any = model.base_model
    prefix = "" if base is model else f"{model.base_model_prefix}."
    for name in ("encoder", "transformer"):
        layers = getattr(getattr(base, name, None), "layer", None)
        if isinstance(layers, nn.ModuleList) and len(layers) and _has_known_attention(layers[0]):
            return f"{prefix}{name}.layer", layers
    raise UserError(
        f"expected a BERT-type or DistilBERT encoder with a list of layers, found model type "
        f"{model.config.model_type!r}; take another model"
    )


def _has_known_attention(layer: nn.Module) -> bool:
    attention = getattr(layer, "attention", None)
    return hasattr(attention, "q_lin") or hasattr(getattr(attention, "self", None), "query")


def set_dropout(model: PreTrainedModel, share: float) -> None:
    """Set hidden and attention dropout, in the config and in the modules already built."""
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout"):
        if hasattr(model.config, name):
            setattr(model.config, name, share)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
