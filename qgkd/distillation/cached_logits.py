"""A teacher's logits cached on disk, its top k at every question token.

Comes in: a teacher and tokenised questions. Goes out: a folder; rows that carry their logits; `CachedTeacher`, which
reads them.

    about.json    what the logits depend on
    ids.npy       [T, k] token ids, T question tokens of the whole store in its order
    logits.npy    [T, k] their logits

A literal example: DRCD's 26,936 questions of 23 tokens at k = 64 are 320 MB; at k = V the rows are the teacher's own.

The others are -inf, so a softmax over the vocabulary renormalises over the k, at any temperature. Terms on states,
attention and raw logits are refused.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qgkd.distillation.objectives.logits import LogitMSE
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.weighted_rows import ByUncertainty
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.errors import UserError
from qgkd.files.json_files import write_json
from qgkd.model_input.batch import Batch
from qgkd.training.batches import RowCollator
from qgkd.training.dataset import Draw, RowDataset, WeightedRow
from qgkd.training.token_store import TokenStore

_BATCH_QUESTIONS = 8


@dataclass(frozen=True, slots=True)
class LogitCache:
    """The cached logits of a store's questions, in the order of their tokens."""

    ids: NDArray[np.int32]  # [T, k]
    logits: NDArray[np.float32]  # [T, k]


@dataclass(frozen=True, slots=True)
class RowWithLogits(WeightedRow):
    """A row with the teacher's logits at its scored [MASK]s."""

    teacher_ids: NDArray[np.int32]  # [r, k]
    teacher_logits: NDArray[np.float32]  # [r, k]


class CachedRows(RowDataset):
    """A `RowDataset` whose rows carry the teacher's logits; arguments as there."""

    def __init__(self, store: TokenStore, *arguments: Any, cache: LogitCache) -> None:
        super().__init__(store, *arguments)
        self._cache = cache

    def __getitem__(self, draw: Draw) -> list[WeightedRow]:
        rows = super().__getitem__(draw)
        questions = self.items[draw.item]
        if not self._recurrent:
            places = np.concatenate([self._places(question) for question in questions])
            return [self._with_logits(rows[0], places)]
        tokens, source = self._places(questions[0]), int(self._store.source_lengths[questions[0]])
        return [self._with_logits(each, tokens[[len(each.row) - source - 1]]) for each in rows]

    def _places(self, question: int) -> NDArray[np.int64]:
        """The places of a question's tokens in the store's targets."""
        return np.arange(self.target_ends[question - 1] if question else 0, self.target_ends[question])

    def _with_logits(self, row: WeightedRow, places: NDArray[np.int64]) -> RowWithLogits:
        return RowWithLogits(row.row, row.weight, self._cache.ids[places], self._cache.logits[places])


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedBatch(Batch):
    """A batch with the teacher's largest logits, in the order of the scored positions."""

    teacher_ids: torch.Tensor  # [R, k]
    teacher_logits: torch.Tensor  # [R, k]


@dataclass(frozen=True, slots=True)
class CachedCollator(RowCollator):
    """A `RowCollator` whose batches carry the teacher's logits."""

    def __call__(self, items: Sequence[Sequence[WeightedRow]]) -> CachedBatch:
        """Pad the rows and concatenate their logits."""
        plain = RowCollator.__call__(self, items)
        rows: list[Any] = [row for item in items for row in item]
        return CachedBatch(
            inputs=plain.inputs,
            targets=plain.targets,
            row_weights=plain.row_weights,
            teacher_ids=torch.from_numpy(np.concatenate([row.teacher_ids for row in rows]).astype(np.int64)),
            teacher_logits=torch.from_numpy(np.concatenate([row.teacher_logits for row in rows])),
        )


class CachedTeacher:
    """Reads the logits that a batch carries, of V outputs."""

    def __init__(self, outputs: int) -> None:
        self.needs, self._outputs = Needs(logits=True), outputs

    def to(self, device: torch.device | str) -> CachedTeacher:
        """Nothing to move."""
        return self

    def __call__(self, batch: Batch) -> DistillCapture:
        """Logits [R, V], -inf where none were cached."""
        assert isinstance(batch, CachedBatch)
        ids, kept = batch.teacher_ids, batch.teacher_logits
        logits = kept.new_full((len(ids), self._outputs), -torch.inf)
        return DistillCapture(logits=logits.scatter(1, ids, kept))


def check_cacheable(objectives: Sequence[Objective]) -> None:
    """Refuse objectives that need more than a softmax of the logits, by name in a UserError."""
    refused = [each.name for each in objectives if each.pairs or isinstance(each, LogitMSE | ByUncertainty)]
    if refused:
        raise UserError(
            f"distill.cached_top_k keeps the largest logits alone, found {' and '.join(refused)}, which need more of "
            "the teacher; set their weights to 0, or cached_top_k to 0"
        )


def cached_logits(
    folder: Path, store: TokenStore, about: dict[str, Any], compute: Callable[[], LogitCache]
) -> LogitCache:
    """The cache in a folder, computed and written if absent; `about` is what the logits depend on, as JSON values.

    Raises:
        UserError: The folder has the logits of another teacher or other questions.
    """
    if (folder / "about.json").is_file():
        recorded = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        if differing := [key for key in about if recorded.get(key) != about[key]]:
            raise UserError(
                f"{folder}: expected the logits of this run, found another {differing[0]}; delete the folder"
            )
        arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("ids", "logits")]
        if all(len(array) == store.target_ends[-1] for array in arrays):
            return LogitCache(*arrays)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = compute()
    np.save(folder / "ids.npy", found.ids)
    np.save(folder / "logits.npy", found.logits)
    write_json(folder / "about.json", about)  # last: without it the folder counts as unfinished
    return found


def top_logits(
    teacher: Callable[[Batch], DistillCapture], rows: RowDataset, top_k: int, outputs: int, device: torch.device
) -> LogitCache:
    """Run a teacher, on its device, over every token of every question; of V outputs the k largest are kept.

    `rows` has one question per item, every position, no noise.
    """
    kept = min(top_k, outputs)
    ends = rows.target_ends
    found = LogitCache(np.zeros((int(ends[-1]), kept), np.int32), np.zeros((int(ends[-1]), kept), np.float32))
    collate, order = RowCollator(0), np.argsort(-rows.lengths, kind="stable")
    for first in range(0, len(order), _BATCH_QUESTIONS):
        items = order[first : first + _BATCH_QUESTIONS]
        batch = collate([rows[Draw(0, int(item))] for item in items])
        logits = teacher(batch.to(device)).logits
        assert logits is not None
        values, ids = logits.float().topk(kept, dim=1)
        places = np.concatenate([np.arange(ends[item - 1] if item else 0, ends[item]) for item in items])
        found.ids[places], found.logits[places] = ids.cpu().numpy(), values.cpu().numpy()
    return found
