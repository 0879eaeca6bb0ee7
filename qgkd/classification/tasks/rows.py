"""Training rows from tokenised examples: one row per example, scored at [CLS].

Comes in: `ExampleStore`s, with the teachers' logits where they are kept. Goes out: items for `QGTrainer`, and a
`Batch`: of B examples the scored positions are their [CLS], the logits [B, C], the targets classes, or scores.

A literal example: the pair `早餐很好。` and `早餐不错。` of class 1 is a row of 13 tokens, seven of token type 0
and six of 1, label 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from qgkd.classification.tasks.store import ExampleStore
from qgkd.model_input.batch import Batch, ModelInput, pad_rows
from qgkd.model_input.rows import IGNORED_LABEL, Block, Row
from qgkd.training.batches import RowCollator
from qgkd.training.dataset import Draw, WeightedRow


@dataclass(frozen=True, slots=True)
class LabelledRow(WeightedRow):
    """A row with its label: a class, or a score."""

    label: float
    teacher_logits: NDArray[np.float32] | None = None  # [T, C] of T teachers


class ClassificationRows(Dataset[list[WeightedRow]]):
    """One item per example.

    Args:
        parts: Stores, each with the labels [N] to train on, none of them NaN.
        teacher_logits: Of all examples in their order and T teachers, [N, T, C]; None where teachers run in training.
    """

    def __init__(
        self,
        parts: Sequence[tuple[ExampleStore, NDArray[np.float64]]],
        teacher_logits: NDArray[np.float32] | None = None,
    ) -> None:
        self._parts, self._teacher_logits = list(parts), teacher_logits
        self._ends = np.cumsum([len(store) for store, _ in parts])
        self.items: list[tuple[int, ...]] = [(place,) for place in range(int(self._ends[-1]))]
        """The examples of each item, as the trainer counts them."""

    def __len__(self) -> int:
        return len(self.items)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each example."""
        return np.concatenate([store.lengths for store, _ in self._parts])

    def __getitem__(self, draw: Draw) -> list[WeightedRow]:
        part = int(np.searchsorted(self._ends, draw.item, side="right"))
        store, labels = self._parts[part]
        place = draw.item - (int(self._ends[part - 1]) if part else 0)
        kept = None if self._teacher_logits is None else self._teacher_logits[draw.item]
        return [LabelledRow(example_row(store, place), float(draw.counted), float(labels[place]), kept)]


def example_row(store: ExampleStore, place: int) -> Row:
    """An example as a row; nothing of it is predicted token by token."""
    ids = tuple(store.ids(place).tolist())
    zeros = (0,) * len(ids)
    return Row(
        input_ids=ids,
        token_types=tuple(store.types(place).tolist()),
        positions=tuple(range(len(ids))),
        blocks=(int(Block.PASSAGE),) * len(ids),
        steps=zeros,
        groups=zeros,
        labels=(IGNORED_LABEL,) * len(ids),
    )


def example_inputs(rows: Sequence[Row], pad_id: int) -> ModelInput:
    """Padded examples, each scored at its [CLS]."""
    numbers = torch.arange(len(rows))
    first_tokens = torch.stack([numbers, torch.zeros_like(numbers)], dim=1)
    return replace(pad_rows(rows, pad_id), scored_positions=first_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBatch(Batch):
    """A batch with the logits of its teachers."""

    teacher_logits: torch.Tensor  # [B, T, C]

    def select(self, rows: torch.Tensor) -> JudgedBatch:
        """The chosen rows, bool [B], with their logits."""
        part = Batch.select(self, rows)
        return JudgedBatch(**_fields_of(part), teacher_logits=self.teacher_logits[rows])


@dataclass(frozen=True, slots=True)
class ClassificationCollator(RowCollator):
    """A `RowCollator` whose targets are classes, or scores; a `JudgedBatch` where rows carry logits."""

    is_regression: bool = False

    def __call__(self, items: Sequence[Sequence[WeightedRow]]) -> Batch:
        """Pad the rows."""
        rows: list[Any] = [row for item in items for row in item]
        labels = torch.tensor([row.label for row in rows], dtype=torch.float32)
        batch = Batch(
            inputs=example_inputs([each.row for each in rows], self.pad_id),
            targets=labels if self.is_regression else labels.long(),
            row_weights=torch.tensor([each.weight for each in rows], dtype=torch.float32),
        )
        if rows[0].teacher_logits is None:
            return batch
        kept = torch.from_numpy(np.stack([row.teacher_logits for row in rows]))
        return JudgedBatch(**_fields_of(batch), teacher_logits=kept)


def _fields_of(batch: Batch) -> dict[str, Any]:
    return {each.name: getattr(batch, each.name) for each in fields(Batch)}
