"""What is drawn for a batch: questions with a window, and whole passages with their candidates.

Comes in: both stores. Goes out: items by number; `SpanBatch`.

A literal example: three questions and a passage of two windows are five rows; the passage's candidates are numbered
through both windows and compared with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from qgkd.model_input.batch import Batch
from qgkd.span_training.store import PassageRows, PassageStore, QuestionRow, QuestionStore
from qgkd.spans.rows import SpanInput, SpanRow, pad_span_rows
from qgkd.training.dataset import Draw

Item = tuple[QuestionRow | PassageRows, bool]
"""What is trained on, and whether it counts; one that does not fills a batch up."""


class SpanDataset(Dataset[Item]):
    """Every question once, then every passage as often as it is to be read.

    Args:
        questions: Rows.
        passages: Passages.
        passage_readings: How often each passage is an item.
    """

    def __init__(self, questions: QuestionStore, passages: PassageStore, passage_readings: int) -> None:
        self._questions, self._passages = questions, passages
        self.items = [(number,) for number in range(len(questions) + passage_readings * len(passages))]
        """One question or passage each, as the trainer counts them."""
        self.lengths: NDArray[np.int64] = np.concatenate([questions.lengths, *[passages.lengths] * passage_readings])
        """Tokens of each item's longest row."""

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, draw: Draw) -> Item:
        number = draw.item - len(self._questions)
        if number < 0:
            return self._questions[draw.item], draw.counted
        return self._passages[number % len(self._passages)], draw.counted


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanBatch(Batch):
    """B rows, Q of them questions, P passages with N candidates; `inputs` is a `SpanInput`.

    `targets` are the first and last positions of the questions' answers [Q, 2], 0 for none.
    """

    question_rows: torch.Tensor  # [Q], their rows
    candidate_passages: torch.Tensor  # [N], which of the batch's passages, ascending
    is_chosen: torch.Tensor  # [N] bool
    passage_weights: torch.Tensor  # [P]

    @property
    def target_weights(self) -> torch.Tensor:
        """[P]; the answers' loss is a mean over passages, the reader's over the rows of weight 1, its questions."""
        return self.passage_weights


@dataclass(frozen=True, slots=True)
class SpanCollator:
    """Items to a batch."""

    pad_id: int

    def __call__(self, items: Sequence[Item]) -> SpanBatch:
        """Pad all rows together."""
        rows: list[SpanRow] = []
        weights: list[float] = []
        questions: list[tuple[int, int, int]] = []
        passages: list[tuple[PassageRows, int, bool]] = []
        for item, counts in items:
            if isinstance(item, QuestionRow):
                questions.append((len(rows), item.first, item.last))
                rows.append(item.row)
                weights.append(float(counts))
            else:
                passages.append((item, len(rows), counts))
                rows += item.rows
                weights += [0.0] * len(item.rows)
        answers = torch.tensor(questions, dtype=torch.long).reshape(-1, 3)
        candidates = np.asarray([len(each.spans) for each, _, _ in passages], np.int64)
        chosen = [each.is_chosen for each, _, _ in passages]
        return SpanBatch(
            inputs=_padded(rows, passages, self.pad_id),
            targets=answers[:, 1:],
            row_weights=torch.tensor(weights, dtype=torch.float32),
            question_rows=answers[:, 0],
            candidate_passages=torch.arange(len(passages)).repeat_interleave(torch.from_numpy(candidates)),
            is_chosen=torch.from_numpy(np.concatenate([np.zeros(0, np.bool_), *chosen])),
            passage_weights=torch.tensor([float(counts) for _, _, counts in passages], dtype=torch.float32),
        )


def _padded(rows: Sequence[SpanRow], passages: Sequence[tuple[PassageRows, int, bool]], pad_id: int) -> SpanInput:
    if not passages:
        return pad_span_rows(rows, pad_id)
    spans = np.concatenate([each.spans + np.asarray((first_row, 0, 0)) for each, first_row, _ in passages])
    return pad_span_rows(rows, pad_id, spans, np.concatenate([each.features for each, _, _ in passages]))
