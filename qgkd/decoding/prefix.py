"""The stepper of attention mode `prefix`: encodes the source once, then runs two tokens per step.

Comes in: sources and a `BertForMaskedLM`. Goes out: a `Stepper`.

Step t feeds `[q(t-1), MASK]`: the question token sees the source, the question before it and itself; the [MASK] sees
all of that and itself. The question token's keys and values stay, the [MASK]'s are overwritten by the next step.

In layout `shared`, requests over one window share its block, see `incremental_bert`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from qgkd.decoding.incremental_bert import BlockCache, IncrementalBert
from qgkd.decoding.tree_attention import KeyValues
from qgkd.model_input.attention_mask import additive
from qgkd.model_input.source import Source

_Part = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
_WORTH_COPYING = 0.75  # finished requests are dropped at or below this unfinished share, since it copies the rest


class PrefixStepper:
    """Keeps the encoded sources, and the keys and values of each row's question.

    Args:
        bert: The model, shared by all batches.
        sources: One per request. Requests over the same window must be neighbours.
        mask_id: The tokenizer's [MASK].
        pad_id: The tokenizer's [PAD].
        max_steps: The most steps; memory for them is allocated at the first.
    """

    def __init__(
        self, bert: IncrementalBert, sources: Sequence[Source], mask_id: int, pad_id: int, max_steps: int
    ) -> None:
        self._bert = bert
        self._mask_id, self._pad_id, self._max_steps = mask_id, pad_id, max_steps
        slots, per_block = _share_blocks(sources)
        padded = [sources[request] for request in slots]
        self._slot_of_request = torch.tensor(list(map(slots.index, range(len(sources)))), device=self._bert.device)
        self._above = [self._encode([_part(source, passage=True) for source in padded[::per_block]], above=())]
        if any(len(source) > source.passage_length for source in padded):
            answers = self._encode([_part(source, passage=False) for source in padded], above=self._above)
            self._above.append(answers)
        positions = [source.question_position for source in padded]
        self._positions = torch.tensor(positions, device=self._bert.device)  # [slots]
        self._width, self._steps_done = 1, 0
        self._target: list[KeyValues] | None = None

    def next_log_probabilities(self, last_tokens: torch.Tensor | None) -> torch.Tensor:
        """See `Stepper`; runs two tokens per row, one at the first step."""
        rows = len(self._positions) * self._width
        mask = torch.full((rows, 1), self._mask_id, device=self._bert.device)
        if last_tokens is None:
            ids, first_step = mask, self._steps_done
        else:
            previous = torch.full((rows,), self._pad_id, device=self._bert.device)
            previous[self._real_rows()] = last_tokens
            ids, first_step = torch.cat([previous[:, None], mask], dim=1), self._steps_done - 1
        offsets = torch.arange(first_step, first_step + ids.shape[1], device=self._bert.device)
        positions = self._positions.repeat_interleave(self._width)[:, None] + offsets
        hidden = self._bert.embed(ids, torch.zeros_like(ids), positions)
        hidden = self._bert.step(hidden, lambda *new: self._keep_keys(first_step, *new), self._above)
        self._steps_done += 1
        return self._bert.log_probabilities(hidden[self._real_rows()])

    def widen(self, width: int) -> None:
        """See `Stepper`."""
        self._width = width
        if self._target is not None:
            rows = torch.arange(len(self._positions), device=self._bert.device).repeat_interleave(width)
            self._target = [kv.select(rows) for kv in self._target]

    def reorder(self, parents: torch.Tensor) -> None:
        """See `Stepper`; only the keys and values of the questions are moved."""
        if self._target is None:
            return
        rows = torch.arange(len(self._positions) * self._width, device=self._bert.device)
        real = self._real_rows()
        rows[real] = real[parents]
        filled = slice(0, max(0, self._steps_done - 1))
        for kv in self._target:
            kv.keys[:, :, filled] = kv.keys[rows, :, filled]
            kv.values[:, :, filled] = kv.values[rows, :, filled]

    def keep(self, wanted: torch.Tensor) -> torch.Tensor:
        """See `Stepper`; drops whole passages, once enough of them are finished."""
        per_block = len(self._positions) // self._above[0][0].keys.shape[0]
        slot_wanted = torch.zeros(len(self._positions), dtype=torch.bool, device=self._bert.device)
        slot_wanted[self._slot_of_request] = wanted.to(self._bert.device)
        blocks = slot_wanted.view(-1, per_block).any(dim=1)
        if blocks.float().mean() > _WORTH_COPYING:
            return torch.ones_like(wanted)
        slots = blocks.repeat_interleave(per_block)
        chosen = [each.nonzero()[:, 0] for each in (blocks, slots)]
        self._above = [[kv.select(c) for kv in level] for level, c in zip(self._above, chosen, strict=False)]
        if self._target is not None:
            rows = slots.repeat_interleave(self._width)
            self._target = [kv.select(rows) for kv in self._target]
        self._positions = self._positions[slots]
        stays = slots[self._slot_of_request]
        new_slot = slots.long().cumsum(0) - 1
        self._slot_of_request = new_slot[self._slot_of_request[stays]]
        return stays.to(wanted.device)

    def _real_rows(self) -> torch.Tensor:
        """The rows of requests in their order, without those that only fill up a block; [R]."""
        beams = torch.arange(self._width, device=self._bert.device)
        return (self._slot_of_request[:, None] * self._width + beams).flatten()

    def _encode(self, parts: Sequence[_Part], above: Sequence[BlockCache]) -> BlockCache:
        """Encode one part of every source, padded on the right."""
        lengths = torch.tensor([len(ids) for ids, _, _ in parts])
        longest = int(lengths.max())
        columns = (
            torch.tensor([(*column, *(filler,) * (longest - len(column))) for column in part_columns])
            for part_columns, filler in zip(zip(*parts, strict=True), (self._pad_id, 0, 0), strict=True)
        )
        ids, types, positions = (column.to(self._bert.device) for column in columns)
        mask = None
        if int(lengths.min()) < longest:
            real = torch.arange(longest) < lengths[:, None]
            mask = additive(real, self._bert.dtype)[:, None, None].to(self._bert.device)
        return self._bert.encode(self._bert.embed(ids, types, positions), mask, above)

    def _keep_keys(self, first_step: int, layer: int, keys: torch.Tensor, values: torch.Tensor) -> KeyValues:
        """Store the new tokens' keys and values after the question so far, over those of the old [MASK]."""
        if self._target is None:
            self._target = []
        if layer == len(self._target):
            shape = (keys.shape[0], keys.shape[1], self._max_steps + 1, keys.shape[3])
            self._target.append(KeyValues(keys.new_zeros(shape), values.new_zeros(shape), None))
        stored = self._target[layer]
        end = first_step + keys.shape[2]
        stored.keys[:, :, first_step:end] = keys
        stored.values[:, :, first_step:end] = values
        mask = None
        if keys.shape[2] == 2:  # the question token must not see the [MASK] after it
            mask = keys.new_zeros(2, end)
            mask[0, -1] = torch.finfo(keys.dtype).min
        return KeyValues(stored.keys[:, :, :end], stored.values[:, :, :end], mask)


def _part(source: Source, *, passage: bool) -> _Part:
    """Ids, types and positions of the passage, or of the answer segment after it."""
    tokens = slice(0, source.passage_length) if passage else slice(source.passage_length, None)
    return source.token_ids[tokens], source.token_types[tokens], source.positions[tokens]


def _share_blocks(sources: Sequence[Source]) -> tuple[list[int], int]:
    """Arrange requests in slots so that every passage block has the same number of them.

    Returns:
        (request of each slot, slots per block); a block with fewer requests repeats its last one.
    """
    blocks: list[list[int]] = []
    for request, source in enumerate(sources):
        shared = len(source) > source.passage_length
        passage = source.token_ids[: source.passage_length]
        before = sources[blocks[-1][0]] if blocks and shared else None
        if before is not None and before.token_ids[: before.passage_length] == passage:
            blocks[-1].append(request)
        else:
            blocks.append([request])
    most = max(len(block) for block in blocks)
    slots = [request for block in blocks for request in (*block, *(block[-1],) * (most - len(block)))]
    return slots, most
