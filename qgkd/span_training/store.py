"""Tokenised questions and passages as flat arrays, small on disk.

Comes in: rows of questions; passages with their windows, candidates and people's answers. Goes out: `QuestionStore` and
`PassageStore`, each saved as one compressed `.npz`.

A literal example: 25,000 rows of 320 tokens are 16 MB in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qgkd.answers.span_candidates import FEATURES
from qgkd.spans.rows import SpanRow
from qgkd.training.npz import load_arrays, save_arrays

_ADVICE = "prepare the data again with `qgkd spans train --prepare-only`"
_Store = TypeVar("_Store", "QuestionStore", "PassageStore")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow:
    """A question with a window; positions count in the row, 0 and 0 for no answer."""

    row: SpanRow
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRows:
    """A passage's windows, and its candidates in them."""

    rows: Sequence[SpanRow]
    spans: NDArray[np.int64]  # [N, 3]: window, first position, last position
    features: NDArray[np.uint8]  # [N, F]
    is_chosen: NDArray[np.bool_]  # [N]: whether a person asked about it


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionStore:
    """N rows, T tokens in all."""

    token_ids: NDArray[np.uint16]  # [T]
    row_ends: NDArray[np.int64]  # [N]
    window_starts: NDArray[np.uint16]  # [N]
    firsts: NDArray[np.uint16]  # [N]
    lasts: NDArray[np.uint16]  # [N]

    def __len__(self) -> int:
        return len(self.row_ends)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[N] tokens."""
        return np.diff(self.row_ends, prepend=0)

    def __getitem__(self, index: int) -> QuestionRow:
        row = _row(self.token_ids, self.row_ends, self.window_starts, index)
        return QuestionRow(row=row, first=int(self.firsts[index]), last=int(self.lasts[index]))

    @classmethod
    def of(cls, rows: Iterable[QuestionRow]) -> QuestionStore:
        """Collect rows."""
        every = list(rows)
        ids, ends, starts = _flat([each.row for each in every])
        places = np.asarray([(each.first, each.last) for each in every], np.uint16).reshape(-1, 2)
        return cls(token_ids=ids, row_ends=ends, window_starts=starts, firsts=places[:, 0], lasts=places[:, 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageStore:
    """P passages, N windows, T tokens and C candidates in all."""

    token_ids: NDArray[np.uint16]  # [T]
    row_ends: NDArray[np.int64]  # [N]
    window_starts: NDArray[np.uint16]  # [N]
    passage_row_ends: NDArray[np.int64]  # [P]
    spans: NDArray[np.uint16]  # [C, 3]
    features: NDArray[np.uint8]  # [C, F]
    is_chosen: NDArray[np.bool_]  # [C]
    passage_span_ends: NDArray[np.int64]  # [P]

    def __len__(self) -> int:
        return len(self.passage_row_ends)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[P] tokens of the longest window."""
        longest = np.maximum.reduceat(np.diff(self.row_ends, prepend=0), np.r_[0, self.passage_row_ends[:-1]])
        return np.asarray(longest, np.int64)

    def __getitem__(self, index: int) -> PassageRows:
        rows = range(*_range(self.passage_row_ends, index))
        spans = slice(*_range(self.passage_span_ends, index))
        return PassageRows(
            rows=[_row(self.token_ids, self.row_ends, self.window_starts, row) for row in rows],
            spans=self.spans[spans].astype(np.int64),
            features=self.features[spans],
            is_chosen=self.is_chosen[spans],
        )

    @classmethod
    def of(cls, passages: Iterable[PassageRows]) -> PassageStore:
        """Collect passages."""
        every = list(passages)
        ids, ends, starts = _flat([row for each in every for row in each.rows])
        return cls(
            token_ids=ids,
            row_ends=ends,
            window_starts=starts,
            passage_row_ends=np.cumsum([len(each.rows) for each in every], dtype=np.int64),
            spans=np.concatenate([np.zeros((0, 3)), *(each.spans for each in every)]).astype(np.uint16),
            features=np.concatenate([np.zeros((0, len(FEATURES)), np.uint8), *(each.features for each in every)]),
            is_chosen=np.concatenate([np.zeros(0, np.bool_), *(each.is_chosen for each in every)]),
            passage_span_ends=np.cumsum([len(each.spans) for each in every], dtype=np.int64),
        )


def save_store(store: QuestionStore | PassageStore, path: Path) -> None:
    """Write a store, whole or not at all."""
    save_arrays(path, {}, {field.name: getattr(store, field.name) for field in fields(store)})


def load_store(kind: type[_Store], path: Path) -> _Store:
    """Read a store back; a UserError where it is missing or damaged."""
    names = tuple(field.name for field in fields(kind))
    arrays: dict[str, Any] = load_arrays(path, names, "prepared questions and passages", _ADVICE)
    return kind(**{name: arrays[name] for name in names})


def _flat(rows: Sequence[SpanRow]) -> tuple[NDArray[np.uint16], NDArray[np.int64], NDArray[np.uint16]]:
    """Ids, row ends and window starts."""
    ids = np.concatenate([np.zeros(0, np.int32), *(row.token_ids for row in rows)])
    ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
    return ids.astype(np.uint16), ends, np.asarray([row.window_start for row in rows], np.uint16)


def _row(
    token_ids: NDArray[np.uint16], ends: NDArray[np.int64], window_starts: NDArray[np.uint16], index: int
) -> SpanRow:
    ids = token_ids[slice(*_range(ends, index))].astype(np.int32)
    return SpanRow(token_ids=ids, window_start=int(window_starts[index]))


def _range(ends: NDArray[np.int64], index: int) -> tuple[int, int]:
    return int(ends[index - 1]) if index else 0, int(ends[index])
