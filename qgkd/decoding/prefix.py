"""The stepper of attention mode `prefix`: encodes the source once, then runs two tokens per token that it predicts.

Comes in: sources and a `BertForMaskedLM`. Goes out: a `DraftStepper`.

Step t feeds `[q(t-1), MASK]`: the question token sees the source, the question before it and itself; the [MASK] sees
all of that and itself. The question token's keys and values stay, the [MASK]'s are overwritten by the next step. With a
draft of k tokens a step feeds `[q(t-1), draft, k + 1 MASKs]`, see `question_cache`.

In layout `shared`, requests over one window share its block, see `incremental_bert`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from qgkd.decoding.incremental_bert import BlockCache, IncrementalBert
from qgkd.decoding.question_cache import QuestionCache
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
        longest_draft: The most tokens of a draft.
    """

    def __init__(
        self,
        bert: IncrementalBert,
        sources: Sequence[Source],
        mask_id: int,
        pad_id: int,
        max_steps: int,
        longest_draft: int = 0,
    ) -> None:
        self._bert = bert
        self._mask_id, self._pad_id, self._max_steps = mask_id, pad_id, max_steps
        slots, per_block = _share_blocks(sources)
        padded = [sources[request] for request in slots]
        self._slot_of_request = list(map(slots.index, range(len(sources))))
        self._above = [self._encode([_part(source, passage=True) for source in padded[::per_block]], above=())]
        if any(len(source) > source.passage_length for source in padded):
            answers = self._encode([_part(source, passage=False) for source in padded], above=self._above)
            self._above.append(answers)
        positions = [source.question_position for source in padded]
        self._positions = torch.tensor(positions, device=self._bert.device)  # [slots]
        self._width = 1
        # A finished row may hold all its tokens and is still given as many new ones as the others.
        self._questions = QuestionCache(len(padded), max_steps + 2 * (longest_draft + 1))

    def next_log_probabilities(self, last_tokens: torch.Tensor | None) -> torch.Tensor:
        """See `Stepper`; runs two tokens per row, one at the first step."""
        rows = len(self._slot_of_request) * self._width
        found = self.verify(last_tokens, torch.empty(rows, 0, dtype=torch.long))[:, 0]
        self.advance([int(last_tokens is not None)] * rows)
        return found

    def verify(self, last_tokens: torch.Tensor | None, drafts: torch.Tensor) -> torch.Tensor:
        """See `DraftStepper`; runs 2 * (k + 1) tokens per row, one less at the first step."""
        device = self._bert.device
        given = drafts.to(device)
        if last_tokens is not None:
            given = torch.cat([last_tokens.to(device)[:, None], given], dim=1)
        tokens, masks = given.shape[1], drafts.shape[1] + 1
        rows, real = len(self._positions) * self._width, torch.tensor(self._real_rows(), device=device)
        ids = torch.full((rows, tokens + masks), self._mask_id, device=device)
        ids[:, :tokens] = self._pad_id
        ids[real, :tokens] = given
        offsets = torch.tensor([*range(tokens), *range(tokens - masks + 1, tokens + 1)], device=device)
        steps = torch.tensor(self._questions.lengths, device=device)[:, None] + offsets
        # A shorter draft is filled up to the longest: its filler may lie behind the last position.
        positions = self._positions.repeat_interleave(self._width)[:, None] + steps.clamp(max=self._max_steps)
        self._questions.expect(tokens, masks, device, self._bert.dtype)
        hidden = self._bert.embed(ids, torch.zeros_like(ids), positions)
        hidden = self._bert.step(hidden, self._questions.store, self._above, predicting=masks)
        return self._bert.log_probabilities(hidden[real])

    def advance(self, counts: Sequence[int]) -> None:
        """See `DraftStepper`."""
        of_rows = [0] * len(self._questions.lengths)
        for row, count in zip(self._real_rows(), counts, strict=True):
            of_rows[row] = count
        self._questions.advance(of_rows)

    def widen(self, width: int) -> None:
        """See `Stepper`."""
        self._width = width
        self._questions.select(torch.arange(len(self._positions)).repeat_interleave(width))

    def reorder(self, parents: torch.Tensor) -> None:
        """See `Stepper`; only the keys and values of the questions are moved."""
        rows = torch.arange(len(self._positions) * self._width)
        real = torch.tensor(self._real_rows())
        rows[real] = real[parents]
        self._questions.reorder(rows)

    def keep(self, wanted: torch.Tensor) -> torch.Tensor:
        """See `Stepper`; drops whole passages, once enough of them are finished."""
        per_block = len(self._positions) // self._above[0][0].keys.shape[0]
        slot_wanted = torch.zeros(len(self._positions), dtype=torch.bool)
        slot_wanted[self._slot_of_request] = wanted.cpu()
        blocks = slot_wanted.view(-1, per_block).any(dim=1)
        if blocks.float().mean() > _WORTH_COPYING:
            return torch.ones_like(wanted)
        slots = blocks.repeat_interleave(per_block)
        chosen = [each.nonzero()[:, 0].to(self._bert.device) for each in (blocks, slots)]
        self._above = [[kv.select(c) for kv in level] for level, c in zip(self._above, chosen, strict=False)]
        self._questions.select(slots.repeat_interleave(self._width).nonzero()[:, 0])
        self._positions = self._positions[chosen[1]]
        stays = slots[self._slot_of_request]
        new_slot = (slots.long().cumsum(0) - 1).tolist()
        self._slot_of_request = [new_slot[slot] for slot in self._slot_of_request if slots[slot]]
        return stays.to(wanted.device)

    def _real_rows(self) -> list[int]:
        """The rows of requests in their order, without those that only fill up a block; [R]."""
        return [slot * self._width + beam for slot in self._slot_of_request for beam in range(self._width)]

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
