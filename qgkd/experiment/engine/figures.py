"""Means over seeds, and medians over rounds of timing.

Comes in: rows of single seeds; functions that measure. Goes out: groups of rows; means, deviations, medians.

A literal example: `mean_and_std([0.3, 0.4])` is `(0.35, 0.0707…)`, and `mean_and_std([0.3])` is `(0.3, None)`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)


def grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    """Group rows by a key, keys and rows in the order in which they come."""
    groups: dict[Key, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def mean_and_std(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean and the sample standard deviation (n - 1), None for a single value."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def medians_in_turns(runs: Mapping[Key, Callable[[], float]], rounds: int) -> dict[Key, float]:
    """Call every function once per round, so that a busy minute of the machine hits all; return each one's median."""
    taken: dict[Key, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            taken[name].append(run())
    return {name: statistics.median(values) for name, values in taken.items()}


def time_in_turns(
    runs: Mapping[Key, Callable[[], Any]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[Key, float]:
    """Call every function once as a warm-up, then once per round; return the median seconds of each."""

    def seconds(run: Callable[[], Any]) -> float:
        began = clock()
        run()
        return clock() - began

    for run in runs.values():
        run()
    return medians_in_turns({name: partial(seconds, run) for name, run in runs.items()}, rounds)
