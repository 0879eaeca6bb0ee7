"""The counts behind all six scores, one row per item.

One item "誰種了樹" with reference "誰種樹了" gives the BLEU row `[4, 1, 0, 0, 4, 3, 2, 1, 4, 4]`, the METEOR row
`[4, 0, 4, 0, 4, 0, 3]` and the ROUGE_L value .75. Rows add up, so that the whole file, a part of it or a resample of
it is scored without reading the text again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qgkd.errors import UserError
from qgkd.scoring.bleu import BLEU_STATISTICS, bleu_from_statistics, bleu_statistics
from qgkd.scoring.meteor import METEOR_STATISTICS, meteor_from_statistics, meteor_statistics
from qgkd.scoring.rouge_l import rouge_l
from qgkd.scoring.tokens import Tokenization, tokenize

METRICS = ("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L")
"""The six scores by nlg-eval's names, in the order of every row of values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizedItem:
    """One question to be scored and its references."""

    hypothesis: list[str]
    references: list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatistics:
    """The counts of N items."""

    rows: NDArray[np.float64]
    """[N, 18]: BLEU's ten counts, METEOR's seven, the item's ROUGE_L."""

    def corpus_values(self) -> NDArray[np.float64]:
        """[6] values of the whole file, in the order of `METRICS`."""
        return values_from_sums(self.rows.sum(axis=0), items=len(self.rows))

    def item_values(self) -> NDArray[np.float64]:
        """[N, 6] values of each single item."""
        return values_from_sums(self.rows, items=1)


def values_from_sums(sums: NDArray[np.float64], *, items: int) -> NDArray[np.float64]:
    """Score sums of rows.

    Args:
        sums: [..., 18] each the sum of `items` rows.
        items: How many rows were added; BLEU and METEOR do not need it, ROUGE_L is a mean.

    Returns:
        [..., 6] fractions in the order of `METRICS`.
    """
    bleu = bleu_from_statistics(sums[..., :BLEU_STATISTICS])
    meteor = meteor_from_statistics(sums[..., BLEU_STATISTICS : BLEU_STATISTICS + METEOR_STATISTICS])
    return np.concatenate([bleu, meteor[..., None], sums[..., -1:] / items], axis=-1)


def tokenize_items(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], tokenization: Tokenization
) -> list[TokenizedItem]:
    """Split every question, and refuse what cannot be scored; empty hypotheses are allowed and score 0.

    Raises:
        UserError: No items, lists of different lengths, or an item without a reference that has text in it.
    """
    if len(hypotheses) != len(references):
        raise UserError(
            f"expected one list of references per hypothesis, found {len(hypotheses)} hypotheses and "
            f"{len(references)} lists of references; pair them"
        )
    if not hypotheses:
        raise UserError("expected at least one question to score, found none; give a file with predictions in it")
    items = []
    for number, (hypothesis, of_item) in enumerate(zip(hypotheses, references, strict=True), start=1):
        if isinstance(of_item, str):
            raise UserError(f"item {number}: expected a list of references, found a string; put it in a list")
        tokenized = [tokenize(reference, tokenization) for reference in of_item]
        if not tokenized or not all(tokenized):
            raise UserError(f"item {number}: expected references with text in them, found an empty one; leave it out")
        items.append(TokenizedItem(hypothesis=tokenize(hypothesis, tokenization), references=tokenized))
    return items


def count_items(items: Sequence[TokenizedItem]) -> ItemStatistics:
    """Count what the six scores need, one row per item."""
    rows = [
        [
            *bleu_statistics(item.hypothesis, item.references),
            *meteor_statistics(item.hypothesis, item.references),
            rouge_l(item.hypothesis, item.references),
        ]
        for item in items
    ]
    return ItemStatistics(rows=np.array(rows, dtype=np.float64))
