"""Means over seeds, and medians over rounds of timing.

Comes in: rows of single seeds; functions that measure. Goes out: groups of rows; means, deviations, medians.

A literal example: `mean_and_std([0.3, 0.4])` is `(0.35, 0.0707…)`, and `mean_and_std([0.3])` is `(0.3, None)`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)


def grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    """Group rows by a key, keys and rows in the order in which they come."""
    groups: dict[Key, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def resolved_device(device: str) -> str:
    """Turn `auto` into cuda where there is one, else cpu."""
    if device != "auto":
        return device
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def mean_and_std(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean and the sample standard deviation (n - 1), None for a single value."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def time_in_turns(
    runs: Mapping[Key, Callable[[], Any]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
    *,
    warm_up: bool = True,
) -> dict[Key, float]:
    """Call every function once per round, so that a busy minute of the machine hits all.

    Returns:
        The median seconds of each, by the `clock`; with `warm_up`, a round that does not count comes first.
    """
    taken: dict[Key, list[float]] = {name: [] for name in runs}
    for _ in range(rounds + warm_up):
        for name, run in runs.items():
            began = clock()
            run()
            taken[name].append(clock() - began)
    return {name: statistics.median(seconds[warm_up:]) for name, seconds in taken.items()}
