"""BERT run block by block, keys and values kept.

Comes in: a `BertForMaskedLM` and a block of tokens. Goes out: the block's keys and values per layer, and its output.

Blocks form a tree: a passage, the answers that share it, the questions of each answer, the beams of each question. A
lower block attends to the blocks above it where they lie: nothing is ever copied per answer, per beam or per step.

A literal example: ten answers with four beams over one passage keep 1 passage block, 10 answer blocks, 40 question
blocks; the queries of all 40 rows meet the passage's keys in one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import scaled_dot_product_attention

if TYPE_CHECKING:
    from transformers import BertForMaskedLM


@dataclass(slots=True)
class KeyValues:
    """One layer's keys and values of N blocks, [N, H, L, d] each, and which columns are padding."""

    keys: torch.Tensor
    values: torch.Tensor
    mask: torch.Tensor | None
    """Additive, broadcastable to [N, H, queries, L]; None where every column may be seen."""


@dataclass(slots=True)
class BlockCache:
    """N encoded blocks: their keys and values in every layer."""

    layers: list[KeyValues]

    def select(self, blocks: torch.Tensor) -> BlockCache:
        """The blocks with these indices, copied."""
        return BlockCache(
            [
                KeyValues(kv.keys[blocks], kv.values[blocks], None if kv.mask is None else kv.mask[blocks])
                for kv in self.layers
            ]
        )


class IncrementalBert:
    """The forward pass of `BertForMaskedLM`, cut into blocks.

    Args:
        model: In eval mode; its own modules are called, so weights in any precision work.
    """

    def __init__(self, model: BertForMaskedLM) -> None:
        self._model = model
        self._layers: list[Any] = list(model.bert.encoder.layer)
        self.head_count: int = model.config.num_attention_heads
        self.head_width: int = model.config.hidden_size // self.head_count
        self.dtype: torch.dtype = model.dtype
        self.device: torch.device = model.device

    def embed(self, ids: torch.Tensor, types: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Embeddings [N, L, D] of ids, types and positions, [N, L] each."""
        hidden: torch.Tensor = self._model.bert.embeddings(input_ids=ids, token_type_ids=types, position_ids=positions)
        return hidden

    def log_probabilities(self, hidden: torch.Tensor) -> torch.Tensor:
        """Natural-log probabilities [N, V] of final hidden states [N, D]."""
        return torch.log_softmax(self._model.cls(hidden).float(), dim=-1)

    def encode(self, hidden: torch.Tensor, mask: torch.Tensor | None, above: Sequence[BlockCache] = ()) -> BlockCache:
        """Encode blocks whose tokens attend to each other and to the blocks above.

        The last layer stops at its keys and values: no later block reads anything else of these tokens.

        Args:
            hidden: [N, L, D] embeddings.
            mask: [N, 1, 1, L] additive padding mask; None where nothing is padding.
            above: Caches of M blocks each, M a divisor of N.
        """
        layers: list[KeyValues] = []

        def keep(index: int, keys: torch.Tensor, values: torch.Tensor) -> KeyValues:
            layers.append(KeyValues(keys.contiguous(), values.contiguous(), mask))
            return layers[-1]

        self._run(hidden, keep, above, last_layer_rows=0)
        return BlockCache(layers)

    def step(
        self,
        hidden: torch.Tensor,
        keep: Callable[[int, torch.Tensor, torch.Tensor], KeyValues],
        above: Sequence[BlockCache],
    ) -> torch.Tensor:
        """Run a few new tokens per row and return the last token's final hidden state.

        Args:
            hidden: [R, L, D] embeddings of the new tokens.
            keep: Given a layer's index and the new keys and values [R, H, L, d], stores them and returns the keys and
                values of the row so far, with the mask among them.
            above: Caches of N blocks each, N a divisor of R.

        Returns:
            [R, D]
        """
        return self._run(hidden, keep, above, last_layer_rows=1)[:, -1]

    def _run(
        self,
        hidden: torch.Tensor,
        keep: Callable[[int, torch.Tensor, torch.Tensor], KeyValues],
        above: Sequence[BlockCache],
        last_layer_rows: int,
    ) -> torch.Tensor:
        """All layers; the last one for its last `last_layer_rows` tokens only."""
        for index, layer in enumerate(self._layers):
            attention = layer.attention.self
            own = keep(index, self._heads(attention.key(hidden)), self._heads(attention.value(hidden)))
            if index + 1 == len(self._layers):
                if last_layer_rows == 0:
                    return hidden
                tokens = own.mask.shape[-2] if own.mask is not None else 1
                if tokens > last_layer_rows:  # the mask has a row per new token
                    own = KeyValues(own.keys, own.values, own.mask[..., -last_layer_rows:, :])  # type: ignore[index]
                hidden = hidden[:, -last_layer_rows:]
            levels = [*(cache.layers[index] for cache in above), own]
            attended = attend(self._heads(attention.query(hidden)), levels)
            hidden = layer.attention.output(attended.transpose(1, 2).flatten(2), hidden)
            hidden = layer.feed_forward_chunk(hidden)
        return hidden

    def _heads(self, projected: torch.Tensor) -> torch.Tensor:
        """[N, L, H * d] to [N, H, L, d]."""
        return projected.unflatten(-1, (self.head_count, self.head_width)).transpose(1, 2)


def attend(query: torch.Tensor, levels: Sequence[KeyValues]) -> torch.Tensor:
    """Attention over several levels of keys at once, exact: one softmax over all their columns.

    Args:
        query: [R, H, Q, d]
        levels: Keys and values of N blocks each; block n serves the rows n * R/N to (n + 1) * R/N.

    Returns:
        [R, H, Q, d]
    """
    if len(levels) == 1 and levels[0].keys.shape[0] == query.shape[0]:
        level = levels[0]
        return scaled_dot_product_attention(query, level.keys, level.values, attn_mask=level.mask)
    rows, heads, queries, width = query.shape
    scaled = query * width**-0.5
    scores = []
    for level in levels:
        blocks, columns = level.keys.shape[0], level.keys.shape[2]
        score = _to_blocks(scaled, blocks) @ level.keys.transpose(-1, -2)
        if level.mask is not None:
            score = score + level.mask
        scores.append(_to_rows(score, rows, queries) if blocks != rows else score)
        assert scores[-1].shape == (rows, heads, queries, columns)
    weights = torch.softmax(torch.cat(scores, dim=-1), dim=-1)
    parts = weights.split([level.keys.shape[2] for level in levels], dim=-1)
    attended = None
    for level, part in zip(levels, parts, strict=True):
        blocks = level.keys.shape[0]
        value = _to_blocks(part, blocks) @ level.values
        value = _to_rows(value, rows, queries) if blocks != rows else value
        attended = value if attended is None else attended + value
    assert attended is not None
    return attended


def _to_blocks(tensor: torch.Tensor, blocks: int) -> torch.Tensor:
    """[R, H, Q, x] to [N, H, R/N * Q, x]: the rows of one block side by side."""
    rows, heads, queries, width = tensor.shape
    if rows == blocks:
        return tensor
    grouped = tensor.reshape(blocks, rows // blocks, heads, queries, width)
    return grouped.transpose(1, 2).reshape(blocks, heads, rows // blocks * queries, width)


def _to_rows(tensor: torch.Tensor, rows: int, queries: int) -> torch.Tensor:
    """[N, H, R/N * Q, x] back to [R, H, Q, x]."""
    blocks, heads, _, width = tensor.shape
    split = tensor.view(blocks, heads, rows // blocks, queries, width).transpose(1, 2)
    return split.reshape(rows, heads, queries, width)
