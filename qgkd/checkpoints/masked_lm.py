"""Runs a masked language model and its vocabulary head, on the [MASK] positions only.

Comes in: any `AutoModelForMaskedLM` and a `ModelInput`. Goes out: logits [R, V]. The head is half the cost of a short
row, so the hidden states of the [MASK]s are gathered before it wherever the architecture is known.

A literal example: 16 rows of 320 tokens, one [MASK] each: the head runs on 16 positions instead of 5,120.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import torch

from qgkd.model_input.batch import ModelInput

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def mask_logits(model: PreTrainedModel, inputs: ModelInput) -> torch.Tensor:
    """Predict the tokens at the [MASK]s of a batch on the model's device.

    Returns:
        Logits [R, V], in the order of `inputs.scored_positions`.
    """
    arguments = model_inputs(model, inputs)
    row, position = inputs.scored_positions.unbind(dim=1)
    head = masked_lm_head(model)
    if head is None:  # an architecture whose head we do not know: exact, only slower
        return cast(torch.Tensor, model(**arguments).logits[row, position])
    hidden = getattr(model, model.base_model_prefix)(**arguments).last_hidden_state
    return head(hidden[row, position])


def model_inputs(model: PreTrainedModel, inputs: ModelInput) -> dict[str, torch.Tensor]:
    """The keyword arguments of the model's forward.

    Token types are passed where it has them; positions where the mask is packed, or where they differ from its own.
    """
    arguments = {"input_ids": inputs.input_ids}
    if getattr(model.config, "type_vocab_size", 0) >= 2:
        arguments["token_type_ids"] = inputs.token_type_ids
    counted = torch.arange(inputs.position_ids.shape[1], device=inputs.position_ids.device)
    if inputs.steps is None and ((inputs.position_ids == counted) | (inputs.position_ids == 0)).all():
        # Every architecture takes the plain two-dimensional mask; a 4-D one only some.
        return {**arguments, "attention_mask": inputs.real_positions().long()}
    kind = inputs.input_ids.device.type
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else model.dtype
    return {**arguments, "attention_mask": inputs.attention_mask(dtype), "position_ids": inputs.position_ids}


def masked_lm_head(model: PreTrainedModel) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """The function from hidden states [..., D] to logits [..., V]; None for an unknown architecture."""
    parts: Any = model
    kind = model.config.model_type
    if kind == "bert":
        return cast(Callable[[torch.Tensor], torch.Tensor], parts.cls)
    if kind in ("roberta", "xlm-roberta", "camembert"):
        return cast(Callable[[torch.Tensor], torch.Tensor], parts.lm_head)
    if kind == "distilbert":
        return lambda hidden: parts.vocab_projector(
            parts.vocab_layer_norm(parts.activation(parts.vocab_transform(hidden)))
        )
    if kind == "electra":
        return lambda hidden: parts.generator_lm_head(parts.generator_predictions(hidden))
    return None
