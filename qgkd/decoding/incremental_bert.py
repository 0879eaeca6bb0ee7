"""Runs BERT block by block and caches keys and values, so that a passage is encoded once.

Comes in: a `BertForMaskedLM` and a block of tokens. Goes out: the block's keys and values per layer, and its output.

Blocks form a tree: a passage, the answers that share it, the questions of each answer, the beams of each question. A
lower block attends to the blocks above it in place: nothing is copied per answer, per beam or per step.

A literal example: ten answers with four beams over one passage keep 1 passage block, 10 answer blocks, 40 question
blocks; the queries of all 40 rows meet the passage's keys in one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch

from qgkd.decoding.sliced_linear import sliced_linear
from qgkd.decoding.tree_attention import KeyValues, attend

if TYPE_CHECKING:
    from transformers import BertForMaskedLM


BlockCache = list[KeyValues]
"""Keys and values of N encoded blocks, one entry per layer."""


class IncrementalBert:
    """The forward pass of `BertForMaskedLM`, computed block by block.

    Args:
        model: The model in eval mode; its own modules are called, so any precision works.
    """

    def __init__(self, model: BertForMaskedLM) -> None:
        self._model = model
        self._layers: list[Any] = list(model.bert.encoder.layer)
        self.head_count: int = model.config.num_attention_heads
        self.head_width: int = model.config.hidden_size // self.head_count
        self.dtype: torch.dtype = model.dtype
        self.device: torch.device = model.device

    def embed(self, ids: torch.Tensor, types: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Embed ids, token types and positions, [N, L] each, as [N, L, D]."""
        hidden: torch.Tensor = self._model.bert.embeddings(input_ids=ids, token_type_ids=types, position_ids=positions)
        return hidden

    def log_probabilities(self, hidden: torch.Tensor) -> torch.Tensor:
        """Apply the vocabulary head: natural-log probabilities [..., V] of final hidden states [..., D]."""
        head: Any = self._model.cls.predictions
        hidden = head.transform.transform_act_fn(sliced_linear(head.transform.dense, hidden))
        logits = sliced_linear(head.decoder, head.transform.LayerNorm(hidden))
        return torch.log_softmax(logits.float(), dim=-1)

    def encode(self, hidden: torch.Tensor, mask: torch.Tensor | None, above: Sequence[BlockCache] = ()) -> BlockCache:
        """Encode blocks whose tokens attend to each other and to the blocks above.

        The last layer stops at its keys and values: later blocks read nothing else of these tokens.

        Args:
            hidden: [N, L, D] embeddings.
            mask: [N, 1, 1, L] additive padding mask; None where nothing is padding.
            above: Caches of M blocks each, M a divisor of N.
        """
        layers: BlockCache = []

        def keep(index: int, keys: torch.Tensor, values: torch.Tensor) -> KeyValues:
            layers.append(KeyValues(keys.contiguous(), values.contiguous(), mask))
            return layers[-1]

        self._run(hidden, keep, above, last_layer_tokens=0)
        return layers

    def step(
        self,
        hidden: torch.Tensor,
        keep: Callable[[int, torch.Tensor, torch.Tensor], KeyValues],
        above: Sequence[BlockCache],
        predicting: int,
    ) -> torch.Tensor:
        """Run a few new tokens per row.

        Args:
            hidden: [R, L, D] embeddings of the new tokens.
            keep: Given a layer's index and the new keys and values [R, H, L, d], stores them and returns all keys and
                values of the row so far, with their mask.
            above: Caches of N blocks each, N a divisor of R.
            predicting: How many of the last tokens predict a token.

        Returns:
            The final hidden states of these, [R, predicting, D].
        """
        return self._run(hidden, keep, above, last_layer_tokens=predicting)

    def _run(
        self,
        hidden: torch.Tensor,
        keep: Callable[[int, torch.Tensor, torch.Tensor], KeyValues],
        above: Sequence[BlockCache],
        last_layer_tokens: int,
    ) -> torch.Tensor:
        """Run all layers, the last one for the last `last_layer_tokens` tokens only."""
        for index, layer in enumerate(self._layers):
            attention = layer.attention.self
            own = keep(index, self._heads(attention.key, hidden), self._heads(attention.value, hidden))
            if index + 1 == len(self._layers):
                if last_layer_tokens == 0:
                    return hidden
                mask_rows = own.mask.shape[-2] if own.mask is not None else 1
                if mask_rows > last_layer_tokens:  # the mask has a row per new token
                    own = KeyValues(own.keys, own.values, own.mask[..., -last_layer_tokens:, :])  # type: ignore[index]
                hidden = hidden[:, -last_layer_tokens:]
            levels = [*(cache[index] for cache in above), own]
            attended = attend(self._heads(attention.query, hidden), levels)
            hidden = self._rest_of_layer(layer, attended.transpose(1, 2).flatten(2), hidden)
        return hidden

    def _rest_of_layer(self, layer: Any, attended: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """Run a layer after its attention, [N, L, D]; without dropout, as in eval mode."""
        output = layer.attention.output
        hidden = output.LayerNorm(sliced_linear(output.dense, attended) + hidden)
        inner = layer.intermediate.intermediate_act_fn(sliced_linear(layer.intermediate.dense, hidden))
        return cast(torch.Tensor, layer.output.LayerNorm(sliced_linear(layer.output.dense, inner) + hidden))

    def _heads(self, projection: torch.nn.Module, hidden: torch.Tensor) -> torch.Tensor:
        """Project [N, L, D] and split it into heads, [N, H, L, d]."""
        projected = sliced_linear(projection, hidden)
        return projected.unflatten(-1, (self.head_count, self.head_width)).transpose(1, 2)
