"""What both students share: their config, and the texts of a row without its special tokens.

Comes in: token ids [B, L] with mask and token types. Goes out: ids of one text, moved to the left, and its lengths.

A literal example: of `[CLS] 早 餐 [SEP] 不 错 [SEP]` the first text is `早 餐`, the second `不 错`: equal texts of a
pair are encoded equally, wherever they stand.
"""

from __future__ import annotations

import torch
from transformers import PreTrainedConfig


class StudentConfig(PreTrainedConfig):
    """Sizes of a student, fields as in any config of transformers; a subclass names its kind."""

    vocab_size: int = 0
    """Tokens of the tokenizer."""
    embedding_size: int = 300
    """Width of a word vector."""
    hidden_size: int = 150
    """Width of the BiLSTM in each direction, or the TextCNN's filters of each width."""
    dropout: float = 0.1
    """Share of the values before the last layer that are set to 0 in training."""
    pair: bool = False
    """Whether a row has two texts."""
    special_ids: list[int] | None = None
    """Tokens that are no part of a text: [CLS], [SEP]."""
    pad_token_id: int = 0
    type_vocab_size: int = 2
    """Token types are passed, which tell the texts of a pair apart."""


def texts_of(
    config: StudentConfig, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Each text's ids, [B, l] with padding on the right, and its lengths [B]; two texts of a pair."""
    special = torch.tensor(config.special_ids or [], device=input_ids.device)
    inside = attention_mask.bool() & ~torch.isin(input_ids, special)
    kinds = [token_type_ids == 0, token_type_ids == 1] if config.pair else [torch.ones_like(inside)]
    return [_to_the_left(input_ids, inside & kind, config.pad_token_id) for kind in kinds]


def _to_the_left(ids: torch.Tensor, chosen: torch.Tensor, pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = chosen.sum(dim=1)
    width = max(1, int(lengths.max()))
    order = (~chosen).to(torch.uint8).argsort(dim=1, stable=True)[:, :width]
    real = torch.arange(width, device=ids.device) < lengths[:, None]
    return ids.gather(1, order).masked_fill(~real, pad_id), lengths


def compared(texts: list[torch.Tensor]) -> torch.Tensor:
    """One text's features [B, D], or of two [a, b, |a - b|, a b], [B, 4 D].

    Source: Tang et al. 2019 (arXiv 1903.12136), section 3.1.
    """
    if len(texts) == 1:
        return texts[0]
    first, second = texts
    return torch.cat([first, second, (first - second).abs(), first * second], dim=1)
