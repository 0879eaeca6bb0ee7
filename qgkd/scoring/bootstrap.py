"""Compare two systems over the same references: the difference of their scores and its uncertainty.

`paired_bootstrap(ours, theirs, references)["Bleu_4"]` may be `MetricDifference(difference=.012, low=.004, high=.021,
p_value=.003)`: ours is .012 better, between .004 and .021 with 95 % confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qgkd.scoring.item_statistics import METRICS, ItemStatistics, count_items, tokenize_items, values_from_sums
from qgkd.scoring.tokens import Tokenization

DEFAULT_RESAMPLES = 2000
_RESAMPLES_PER_BLOCK = 200
"""Resamples drawn at once, so that memory stays small: 200 times 3,493 counts are 5.6 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDifference:
    """First system minus second, in one metric."""

    difference: float
    """On all items, a fraction."""
    low: float
    """2.5th percentile of the difference over resamples."""
    high: float
    """97.5th percentile."""
    p_value: float
    """Two-sided: share of resamples at least as far from their mean as the observed difference from zero."""


def paired_bootstrap(
    hypotheses: Sequence[str],
    other_hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    tokenization: Tokenization = "mixed",
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
) -> dict[str, MetricDifference]:
    """Compare two systems on the same items, with our own METEOR.

    Args:
        hypotheses: Questions of the first system.
        other_hypotheses: Questions of the second, item for item.
        references: For each item, one or more reference questions.
        tokenization: `mixed` or `char`.
        resamples: Files of the same size drawn with replacement.
        seed: Of the draws; the same seed gives the same numbers.

    Returns:
        For each of the six metrics and `avg_score`, in this order, the difference of the corpus values.

    Raises:
        UserError: The lists do not fit together or a reference is empty.

    Source: Koehn 2004 (W04-3250) for the paired resamples; Riezler & Maxwell 2005 (W05-0908) for the p-value with
    the null distribution moved to zero.
    Differs: counts are resampled instead of text, which gives the same corpus values at once.
    """
    first = count_items(tokenize_items(hypotheses, references, tokenization))
    second = count_items(tokenize_items(other_hypotheses, references, tokenization))
    return compare_statistics(first, second, resamples=resamples, seed=seed)


def compare_statistics(
    first: ItemStatistics, second: ItemStatistics, *, resamples: int, seed: int
) -> dict[str, MetricDifference]:
    """Compare two systems by their counts, item for item; the rest as `paired_bootstrap`."""
    observed = _with_average(first.corpus_values()) - _with_average(second.corpus_values())
    resampled = _resampled_differences(first, second, resamples=resamples, seed=seed)
    low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
    # The observed file counts as one more draw, so that p is never 0; the margin lets ties by rounding count.
    strayed = np.abs(resampled - resampled.mean(axis=0)) >= np.abs(observed) - 1e-12
    p_value = (strayed.sum(axis=0) + 1) / (resamples + 1)
    columns = np.stack([observed, low, high, p_value], axis=1).tolist()
    return {
        name: MetricDifference(difference=difference, low=lowest, high=highest, p_value=p)
        for name, (difference, lowest, highest, p) in zip((*METRICS, "avg_score"), columns, strict=True)
    }


def _resampled_differences(
    first: ItemStatistics, second: ItemStatistics, *, resamples: int, seed: int
) -> NDArray[np.float64]:
    """[resamples, 7] differences; both systems see the same draw of items."""
    items = len(first.rows)
    rng = np.random.default_rng(seed)
    blocks = []
    for start in range(0, resamples, _RESAMPLES_PER_BLOCK):
        block = min(_RESAMPLES_PER_BLOCK, resamples - start)
        times_drawn = rng.multinomial(items, np.full(items, 1 / items), size=block).astype(np.float64)
        ours, theirs = (values_from_sums(times_drawn @ each.rows, items=items) for each in (first, second))
        blocks.append(_with_average(ours) - _with_average(theirs))
    return np.concatenate(blocks)


def _with_average(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([values, values.mean(axis=-1, keepdims=True)], axis=-1)
