"""Rows to tensors: what one forward pass reads, and what its loss is computed from.

Comes in: rows of different lengths. Goes out: `ModelInput`, padded tensors with the scored positions; `Batch`, the same
with targets and row weights. Both paths build a batch once, at collation, and pass it on as it is.

A literal example: two recurrent rows of 40 and 43 tokens give input_ids [2, 43], scored_positions [[0, 39], [1, 42]],
targets [2].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import torch

from qgkd.model_input.attention_mask import padding_mask, prefix_attention_mask
from qgkd.model_input.rows import IGNORED_LABEL, Block, Row

_Tensors = TypeVar("_Tensors", "ModelInput", "Batch")


class _Movable:
    """What a data loader does to a batch: pin its memory, put it on a device."""

    __slots__ = ()

    def to(self: _Tensors, device: torch.device | str, non_blocking: bool = False) -> _Tensors:  # type: ignore[misc]
        """The same on another device."""
        return _changed(self, lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self: _Tensors) -> _Tensors:  # type: ignore[misc]
        """The same in page-locked memory."""
        return _changed(self, torch.Tensor.pin_memory)


_COLUMNS = ("input_ids", "token_type_ids", "position_ids", "blocks", "steps", "groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput(_Movable):
    """Padded rows. B rows, L positions, R scored positions."""

    input_ids: torch.Tensor  # [B, L]
    token_type_ids: torch.Tensor  # [B, L]
    position_ids: torch.Tensor  # [B, L]; target and pseudo blocks share theirs
    blocks: torch.Tensor  # [B, L], values of `Block`
    scored_positions: torch.Tensor  # [R, 2]: (row, position), row by row
    """Where logits are computed: at the [MASK]s, in classification at each row's [CLS]."""
    steps: torch.Tensor | None = None  # [B, L], see `Row`
    """None, as `groups`, where no row is packed: recurrent rows, classification."""
    groups: torch.Tensor | None = None  # [B, L]

    def attention_mask(self, dtype: torch.dtype) -> torch.Tensor:
        """The additive mask: [B, 1, L, L] of packed rows, [B, 1, 1, L] of others."""
        if self.steps is None or self.groups is None:
            return padding_mask(self.blocks, dtype)
        return prefix_attention_mask(self.blocks, self.steps, self.groups, dtype)

    def select(self, rows: torch.Tensor) -> ModelInput:
        """The chosen rows, bool [B], with their scored positions."""
        row, position = self.scored_positions[rows[self.scored_positions[:, 0]]].unbind(dim=1)
        scored = torch.stack([(rows.cumsum(dim=0) - 1)[row], position], dim=1)
        return replace(self._columns(lambda column: column[rows]), scored_positions=scored)

    def trimmed(self) -> ModelInput:
        """The same without columns of padding only."""
        width = int(self.real_positions().sum(dim=1).max())
        return self._columns(lambda column: column[:, :width])

    def _columns(self, change: Callable[[torch.Tensor], torch.Tensor]) -> ModelInput:
        """Every [B, L] tensor changed."""
        named = {name: getattr(self, name) for name in _COLUMNS}
        return replace(self, **{name: change(each) for name, each in named.items() if each is not None})

    def real_positions(self) -> torch.Tensor:
        """Everything but padding, bool [B, L]."""
        return self.blocks != int(Block.PADDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(_Movable):
    """Rows with what their loss is computed from; a subclass may carry more."""

    inputs: ModelInput
    targets: torch.Tensor  # [R]: token ids; in classification classes, or scores (float)
    row_weights: torch.Tensor  # [B], how often a row counts in the loss; 0 only fills a batch up

    @property
    def target_weights(self) -> torch.Tensor:
        """[R], the weight of each scored position: its row's."""
        return self.row_weights[self.inputs.scored_positions[:, 0]]

    def select(self, rows: torch.Tensor) -> Batch:
        """The chosen rows, bool [B], at least one; a subclass overrides this to carry more."""
        scored = rows[self.inputs.scored_positions[:, 0]]
        return Batch(inputs=self.inputs.select(rows), targets=self.targets[scored], row_weights=self.row_weights[rows])


def pad_rows(rows: Sequence[Row], pad_id: int) -> ModelInput:
    """Pad rows, all of them packed or none, on the right; positions with a label are scored."""
    length = max(len(row) for row in rows)

    def padded(name: str, filler: int) -> torch.Tensor:
        values = np.full((len(rows), length), filler, np.int64)
        for place, row in enumerate(rows):
            values[place, : len(row)] = getattr(row, name)
        return torch.from_numpy(values)

    blocks = padded("blocks", Block.PADDING)
    packed = bool((blocks == Block.PSEUDO).any())
    return ModelInput(
        input_ids=padded("input_ids", pad_id),
        token_type_ids=padded("token_types", 0),
        position_ids=padded("positions", 0),
        blocks=blocks,
        scored_positions=(padded("labels", IGNORED_LABEL) != IGNORED_LABEL).nonzero(),
        steps=padded("steps", 0) if packed else None,
        groups=padded("groups", 0) if packed else None,
    )


def collate(rows: Sequence[Row], pad_id: int, row_weights: Sequence[float] | None = None) -> Batch:
    """Pad question rows and collect the tokens they predict; every row weighs 1 where no weights are given."""
    labels = [label for row in rows for label in row.labels if label != IGNORED_LABEL]
    weights = [1.0] * len(rows) if row_weights is None else row_weights
    return Batch(
        inputs=pad_rows(rows, pad_id),
        targets=torch.tensor(labels, dtype=torch.long),
        row_weights=torch.tensor(weights, dtype=torch.float32),
    )


def _changed(value: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """The same dataclass with every tensor changed."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if not isinstance(value, _Movable):
        return value
    return type(value)(**{each.name: _changed(getattr(value, each.name), change) for each in fields(value)})  # type: ignore[arg-type]
