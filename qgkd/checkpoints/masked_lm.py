"""Runs a masked language model and its vocabulary head, on the [MASK] positions only.

Comes in: any `AutoModelForMaskedLM` and a `RowBatch`. Goes out: logits [R, V]. The head is half the cost of a short
row, so the hidden states of the [MASK]s are gathered before it wherever the architecture is known.

A literal example: 16 rows of 320 tokens, one [MASK] each: the head runs on 16 positions instead of 5,120.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import torch

from qgkd.model_input.batch_rows import RowBatch

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def mask_logits(model: PreTrainedModel, batch: RowBatch) -> torch.Tensor:
    """Predict the tokens at the [MASK]s of a batch.

    Args:
        model: A masked language model. Token types are passed where it has them; positions where the mask is packed,
            or where they differ from the model's own count.
        batch: Rows on the model's device.

    Returns:
        [R, V], in the order of `batch.mask_positions`.
    """
    inputs = model_inputs(model, batch)
    row, position = batch.mask_positions.unbind(dim=1)
    head = masked_lm_head(model)
    if head is None:  # unknown head: the whole forward gives the same, only slower
        return cast(torch.Tensor, model(**inputs).logits[row, position])
    hidden = getattr(model, model.base_model_prefix)(**inputs).last_hidden_state
    return head(hidden[row, position])


def model_inputs(model: PreTrainedModel, batch: RowBatch) -> dict[str, torch.Tensor]:
    """The keyword arguments of the model's forward, without those that its architecture does not take."""
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    if getattr(model.config, "type_vocab_size", 0) >= 2:
        inputs["token_type_ids"] = batch.token_type_ids
    counted = torch.arange(batch.position_ids.shape[1], device=batch.position_ids.device)
    own_count = ((batch.position_ids == counted) | (batch.position_ids == 0)).all()
    packed = batch.attention_mask.shape[2] > 1
    if packed or not own_count:
        inputs["position_ids"] = batch.position_ids
    elif not packed:
        # Every architecture takes a two-dimensional mask; only some take a 4-D one.
        inputs["attention_mask"] = (batch.attention_mask[:, 0, 0] == 0).long()
    return inputs


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
