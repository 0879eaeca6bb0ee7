"""Start weights with which a model copies from its source before any training.

Comes in: a BERT just built. Goes out: the same, its first two layers an induction circuit: the first layer writes to
every token which one precedes it, the second attends to where the token just written occurred before, and copies what
follows there.

A literal example: 4 layers of 256, 800 spans to reproduce: loss .84 from this start, 7.2 from a random one.

A question is mostly copied from its sentence, and a model started at random finds this circuit late and suddenly. Its
weights are trained on like all others.

Source: induction heads, Olsson et al. 2022 (arXiv 2209.11895), section "mechanism"; weights started in the shape that
training would give them: mimetic initialisation, Trockman & Kolter 2023 (arXiv 2305.09828).
Differs: both start models for other tasks; the placing of the parts is ours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import torch

from qgkd.errors import UserError

if TYPE_CHECKING:
    from transformers import BertForMaskedLM

_POSITION_LOGIT, _TOKEN_LOGIT = 46.0, 9.7
"""Attention logits where position, and token before, fit exactly. Neighbouring positions then lie about 7 below, other
tokens about 9: nearly all attention is in the right place."""
_FASTEST, _SLOWEST = 2.0, 1 / 200
"""Radians per position: neighbours differ in the fast waves, distant positions in the slow ones."""
_COPY_SCALE = 4.0
"""Of what is copied, against the [MASK] it is added to."""
_HEAD_SCALE = 4.0
"""Of the logits: a copied token stands out from thousands of others from the first step."""


@torch.no_grad()
def start_copying(model: BertForMaskedLM, mask_id: int, seed: int) -> None:
    """Write the circuit into the first two layers.

    The hidden state is split: one head's width for the position, one for the token before, the rest for the token.

    Args:
        model: With random weights; changed in place.
        mask_id: [MASK], which is neither copied nor predicted.
        seed: Of the random directions.

    Raises:
        UserError: Fewer than two layers or three heads.
    """
    config: Any = model.config
    if config.num_hidden_layers < 2 or config.num_attention_heads < 3:
        raise UserError(
            "model.copying_start needs at least 2 layers and 3 heads, found "
            f"{config.num_hidden_layers} and {config.num_attention_heads}; set it to false, or enlarge the model"
        )
    width = config.hidden_size // config.num_attention_heads
    random = torch.Generator().manual_seed(seed)
    rates = torch.logspace(math.log10(_FASTEST), math.log10(_SLOWEST), width // 2)
    _split_embeddings(model, rates, width)
    layers = cast(Any, model.bert.encoder.layer)
    _attend_to_previous_token(layers[0].attention, rates, width, random)
    mask = model.bert.embeddings.word_embeddings.weight[mask_id, 2 * width :]
    _copy_what_follows(layers[1].attention, width, mask / mask.norm(), random)
    _predict_the_copied_token(model, mask_id, random)


def _split_embeddings(model: BertForMaskedLM, rates: torch.Tensor, width: int) -> None:
    """Positions are waves in the first dimensions and 0 elsewhere; tokens the other way round."""
    embeddings: Any = model.bert.embeddings
    positions = embeddings.position_embeddings.weight
    angles = torch.arange(positions.shape[0])[:, None] * rates  # [positions, width / 2]
    scale = math.sqrt(2) * model.config.initializer_range
    positions.zero_()
    positions[:, 0 : 2 * len(rates) : 2] = angles.sin() * scale
    positions[:, 1 : 2 * len(rates) : 2] = angles.cos() * scale
    embeddings.word_embeddings.weight[:, : 2 * width] = 0
    embeddings.token_type_embeddings.weight[:, : 2 * width] = 0
    embeddings.token_type_embeddings.weight[0] = 0


def _attend_to_previous_token(attention: Any, rates: torch.Tensor, width: int, random: torch.Generator) -> None:
    """Head 0 attends one position back and writes a code of that token into the second part."""
    query, key, value = (_head(attention, name, 0) for name in ("query", "key", "value"))
    strength = math.sqrt(_POSITION_LOGIT / math.sqrt(width))
    for number, rate in enumerate(rates.tolist()):
        sine, cosine = 2 * number, 2 * number + 1
        key[sine, sine] = key[cosine, cosine] = strength
        # The waves of position p turned back by one position are those of p - 1.
        query[sine, sine] = query[cosine, cosine] = strength * math.cos(rate)
        query[cosine, sine], query[sine, cosine] = strength * math.sin(rate), -strength * math.sin(rate)
    token_width = attention.output.dense.weight.shape[0] - 2 * width
    value[:, 2 * width :] = _directions(token_width, random)[:width] * math.sqrt(token_width / width)
    output = attention.output.dense.weight
    output[:, :width] = 0
    output[width : 2 * width, :width] = torch.eye(width)


def _copy_what_follows(attention: Any, width: int, mask: torch.Tensor, random: torch.Generator) -> None:
    """Some heads attend to where the previous token equals their own, and copy the token there.

    A [MASK] attends to itself as well, so its own direction is removed from what is copied.
    """
    output = attention.output.dense.weight  # [hidden, heads * width]
    token_width, heads = output.shape[0] - 2 * width, output.shape[0] // width
    directions = _directions(token_width, random)
    strength = math.sqrt(_TOKEN_LOGIT / math.sqrt(width))
    for head in range(min(heads - 1, max(1, token_width // width))):
        query, key, value = (_head(attention, name, head) for name in ("query", "key", "value"))
        query[:, width : 2 * width] = key[:, width : 2 * width] = strength * torch.eye(width)
        part = directions[head * width : (head + 1) * width]
        value[: len(part), 2 * width :] = part - (part @ mask)[:, None] * mask
        output[:, head * width : (head + 1) * width] = 0
        output[2 * width :, head * width : head * width + len(part)] = _COPY_SCALE * part.T


def _predict_the_copied_token(model: BertForMaskedLM, mask_id: int, random: torch.Generator) -> None:
    """The head passes the hidden state on to the embeddings unchanged."""
    transform = cast(Any, model.cls.predictions.transform)
    hidden = transform.dense.weight.shape[0]
    noise = torch.randn(hidden, hidden, generator=random) * model.config.initializer_range
    transform.dense.weight.copy_(torch.eye(hidden) + noise)
    transform.LayerNorm.weight.fill_(_HEAD_SCALE)
    cast(Any, model.cls.predictions).bias[mask_id] = -10.0


def _head(attention: Any, name: str, head: int) -> torch.Tensor:
    """The rows of a projection that belong to a head, set to 0: [width, hidden]."""
    projection = getattr(attention.self, name).weight
    width = attention.self.attention_head_size
    rows = projection[head * width : (head + 1) * width]
    return cast(torch.Tensor, rows.zero_())


def _directions(width: int, random: torch.Generator) -> torch.Tensor:
    """Random orthonormal rows, [width, width]."""
    return torch.linalg.qr(torch.randn(width, width, generator=random))[0]
