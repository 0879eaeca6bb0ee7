"""Joins stores of tokenised questions, and writes a store as several files.

Comes in: `TokenStore`s. Goes out: one store, or files of some megabytes each, which are easier to copy than one.

A literal example: `save_parts(store, folder, "synthetic")` writes synthetic-00.npz, synthetic-01.npz …
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from qgkd.errors import UserError
from qgkd.training.token_store import TokenStore, build_store

_QUESTIONS_PER_FILE = 40_000
_SOURCE = ("source_ids", "source_types", "source_positions")
_QUESTION = ("passage_lengths", "question_positions")


def join_stores(stores: Sequence[TokenStore]) -> TokenStore:
    """Concatenate stores; `about` is left empty."""
    stores = [store for store in stores if len(store)]
    if not stores:
        return build_store([], {})
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(store, name) for store in stores])
        for name in (*_SOURCE, *_QUESTION, "target_ids")
    }
    for name in ("source_ends", "target_ends"):
        starts = np.cumsum([0, *(int(getattr(store, name)[-1]) for store in stores)])
        columns[name] = np.concatenate(
            [getattr(store, name) + start for store, start in zip(stores, starts, strict=False)]
        )
    return TokenStore(about={}, **columns)


def part_of(store: TokenStore, first: int, end: int) -> TokenStore:
    """Return the questions from `first` to before `end`."""
    source_start = int(store.source_ends[first - 1]) if first else 0
    target_start = int(store.target_ends[first - 1]) if first else 0
    questions = slice(first, end)
    source = slice(source_start, int(store.source_ends[end - 1]))
    columns = {name: getattr(store, name)[source] for name in _SOURCE}
    columns |= {name: getattr(store, name)[questions] for name in _QUESTION}
    return replace(
        store,
        **columns,
        source_ends=store.source_ends[questions] - source_start,
        target_ends=store.target_ends[questions] - target_start,
        target_ids=store.target_ids[target_start : int(store.target_ends[end - 1])],
    )


def save_parts(store: TokenStore, folder: Path, name: str) -> None:
    """Write a store as `name-00.npz`, `name-01.npz` and so on."""
    for old in folder.glob(f"{name}-*.npz"):
        old.unlink()
    for number, first in enumerate(range(0, len(store), _QUESTIONS_PER_FILE)):
        part = part_of(store, first, min(first + _QUESTIONS_PER_FILE, len(store)))
        part.save(folder / f"{name}-{number:02}.npz")


def load_parts(folder: Path, name: str) -> TokenStore:
    """Read them back.

    Raises:
        UserError: None there, or damaged.
    """
    return join_stores([TokenStore.load(path) for path in part_paths(folder, name)])


def part_paths(folder: Path, name: str) -> list[Path]:
    """List the files `name-00.npz`, `name-01.npz` and so on, or refuse where there is none."""
    paths = sorted(folder.glob(f"{name}-*.npz"))
    if not paths:
        raise UserError(f"{folder}: expected {name}-00.npz, found none; run `qgkd model ... --prepare-only`")
    return paths
