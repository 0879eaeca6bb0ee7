"""Keeps the keys and values of the questions so far, one row each, while a pass tries tokens behind them.

Comes in: each pass's new tokens, some given and some [MASK]s that each predict a token. Goes out: per layer all keys
and values of the rows, with the mask of what each new token may see.

A given token sees the question before it and itself; the [MASK] that predicts the token behind it sees all of that and
itself, and no [MASK] is seen by others: a packed row of training (`qgkd.model_input.attention_mask`).

A literal example: 「燈塔」 is kept, 建 is the last token chosen, 於 is tried: the new tokens are 建 於 [MASK] [MASK],
and the two [MASK]s predict the tokens behind 建 and behind 於. If the first predicts 於, both given tokens are kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from qgkd.decoding.tree_attention import KeyValues
from qgkd.model_input.attention_mask import additive


class QuestionCache:
    """One row per question, at its own length; what lies behind a row's length is overwritten by its next pass."""

    def __init__(self, rows: int, capacity_tokens: int) -> None:
        self.lengths: list[int] = [0] * rows
        """Tokens kept, per row."""
        self._capacity = capacity_tokens
        self._layers: list[KeyValues] = []
        self._mask: torch.Tensor | None = None
        self._columns: tuple[torch.Tensor, torch.Tensor] | None = None
        self._start, self._end = 0, 0

    def expect(self, given: int, masks: int, device: torch.device, dtype: torch.dtype) -> None:
        """Prepare for a pass over so many given tokens and as many [MASK]s per row, in this order."""
        new = given + masks
        self._start, self._end = min(self.lengths), max(self.lengths) + new
        seen = additive(_seen(given, masks), dtype).to(device)
        if self._start + new == self._end:
            self._columns = None
            self._mask = torch.nn.functional.pad(seen, (self._start, 0)) if new > 1 else None
            return
        lengths = torch.tensor(self.lengths, device=device)[:, None]
        self._columns = (
            torch.arange(len(self.lengths), device=device)[:, None],
            lengths + torch.arange(new, device=device),
        )
        # Each column's place among the new tokens: all before them are seen, none behind them.
        place = (torch.arange(self._end, device=device) - lengths).clamp(-1, new) + 1
        nothing = seen.new_full((new, 1), torch.finfo(dtype).min)
        self._mask = torch.cat([torch.zeros_like(nothing), seen, nothing], dim=1)[:, place].transpose(0, 1)[:, None]

    def store(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> KeyValues:
        """Store a layer's keys and values of the new tokens, [R, H, L, d]; returns those of all tokens."""
        if layer == len(self._layers):
            shape = (keys.shape[0], keys.shape[1], self._capacity, keys.shape[3])
            self._layers.append(KeyValues(keys.new_zeros(shape), values.new_zeros(shape), None))
        kept = self._layers[layer]
        for all_tokens, new in ((kept.keys, keys), (kept.values, values)):
            if self._columns is None:
                all_tokens[:, :, self._start : self._end] = new
            else:
                rows, columns = self._columns
                all_tokens[rows, :, columns] = new.transpose(1, 2)
        return KeyValues(kept.keys[:, :, : self._end], kept.values[:, :, : self._end], self._mask)

    def advance(self, counts: Sequence[int]) -> None:
        """Keep the first `counts[row]` given tokens of the last pass."""
        self.lengths = [length + count for length, count in zip(self.lengths, counts, strict=True)]

    def select(self, rows: torch.Tensor) -> None:
        """Keep copies of these rows alone, [R]."""
        self._layers = [kept.select(rows) for kept in self._layers]
        self.lengths = [self.lengths[row] for row in rows.tolist()]

    def reorder(self, rows: torch.Tensor) -> None:
        """Continue row r from row `rows[r]`."""
        self.lengths = [self.lengths[row] for row in rows.tolist()]
        filled = slice(0, max(self.lengths))
        for kept in self._layers:
            kept.keys[:, :, filled] = kept.keys[rows, :, filled]
            kept.values[:, :, filled] = kept.values[rows, :, filled]


def _seen(given: int, masks: int) -> torch.Tensor:
    """Which of a pass's new tokens each of them sees, [given + masks, the same] bool."""
    new = torch.arange(given + masks)
    # The last given token that each sees; the last [MASK] predicts the token behind all of them.
    last = torch.where(new < given, new, new - masks)
    return ((new < given) & (new <= last[:, None])) | (new == new[:, None])
