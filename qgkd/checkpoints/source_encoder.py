"""A pretrained encoder with its pieces, in one form whatever it was saved as.

Comes in: weights of an encoder. Goes out: `SourceEncoder`: the weights under BERT's names, the pieces in the order of
their ids, and which of them are the special ones.

A literal example: of multilingual-e5-small, 12 layers of 384, `words` is [250037, 384].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_POSITIONS = "embeddings.position_embeddings.weight"
_TYPES = "embeddings.token_type_embeddings.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEncoder:
    """What a transplant takes from."""

    name: str
    sizes: Mapping[str, Any]
    """Arguments of `BertConfig` but for the vocabulary."""
    words: torch.Tensor
    """[P, D], an embedding per piece."""
    weights: Mapping[str, torch.Tensor]
    """All else of `BertModel` without its pooler; positions begin at the first real one, there are two token types."""
    pieces: tuple[str, ...]
    """In the order of their ids."""
    special: Mapping[str, int]
    """Ids of what does the work of `SPECIAL_TOKENS`, under those names; [MASK] may be missing."""
    word_mark: str
    """What a piece begins with where a word does (U+2581 of SentencePiece); empty where pieces within words are marked
    (WordPiece's ##)."""
    tokenizer: Any
    """A fast tokenizer that cuts text into these pieces."""


def fitted_weights(weights: Mapping[str, torch.Tensor], first_position: int) -> dict[str, torch.Tensor]:
    """Weights as a BERT with two token types has them.

    Args:
        weights: Of the encoder; buffers are left out.
        first_position: How many rows of its positions stand for none: RoBERTa's kind counts from behind its padding.
    """
    fitted = {name: value for name, value in weights.items() if not name.endswith(("position_ids", "token_type_ids"))}
    fitted[_POSITIONS] = fitted[_POSITIONS][first_position:]
    if len(fitted[_TYPES]) == 1:  # the second starts as the first: what it says is for the training to find
        fitted[_TYPES] = fitted[_TYPES].repeat(2, 1)
    return fitted
