"""Bleu_1 to Bleu_4 of tokenised questions, by the coco-caption formula that nlg-eval prints.

Hypothesis `["誰", "種", "了", "樹"]` with reference `["誰", "種", "樹", "了"]` gives the counts
correct 4, 1, 0, 0 of 4, 3, 2, 1 and the lengths 4 and 4, hence Bleu_1 = 1 and Bleu_2 = sqrt(1 * 1/3) = .577.
Counts of many items add up: the corpus value is the formula applied to the sums.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_ORDER = 4
BLEU_STATISTICS = 2 * MAX_ORDER + 2
"""Length of the vector: correct n-grams of order 1-4, n-grams of order 1-4, hypothesis and reference tokens."""

_TINY = 1e-15
_SMALL = 1e-9


def bleu_statistics(hypothesis_tokens: Sequence[str], references_tokens: Sequence[Sequence[str]]) -> list[int]:
    """Count what BLEU needs of one item.

    Args:
        hypothesis_tokens: The question to be scored; may be empty.
        references_tokens: One or more reference questions.

    Returns:
        `BLEU_STATISTICS` counts. Matches are clipped at an n-gram's highest count in any one reference; the
        reference length is the closest one, the shorter on a tie.
    """
    from nltk.translate.bleu_score import closest_ref_length  # slow to import
    from nltk.util import ngrams

    correct, proposed = [], []
    for order in range(1, MAX_ORDER + 1):
        in_references: Counter[tuple[str, ...]] = Counter()
        for reference_tokens in references_tokens:
            in_references |= Counter(ngrams(reference_tokens, order))
        in_hypothesis = Counter(ngrams(hypothesis_tokens, order))
        correct.append((in_hypothesis & in_references).total())
        proposed.append(max(0, len(hypothesis_tokens) - order + 1))
    hypothesis_length = len(hypothesis_tokens)
    return [*correct, *proposed, hypothesis_length, closest_ref_length(references_tokens, hypothesis_length)]


def bleu_from_statistics(statistics: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn counts into scores.

    Args:
        statistics: [..., 10] counts of one item, or sums over items.

    Returns:
        [..., 4] Bleu_1..Bleu_4 as fractions.

    Source: coco-caption, bleu_scorer.py (pycocoevalcap 1.2), option `closest`.
    Differs: nltk's corpus_bleu divides by max(1, n-grams) in each item, which moves the corpus value by up to 3e-3
    when hypotheses are shorter than four tokens, and returns 0 when no unigram matches.
    """
    correct, proposed = statistics[..., :MAX_ORDER], statistics[..., MAX_ORDER : 2 * MAX_ORDER]
    precisions = np.cumprod((correct + _TINY) / (proposed + _SMALL), axis=-1)
    scores: NDArray[np.float64] = precisions ** (1.0 / np.arange(1, MAX_ORDER + 1))
    length_ratio = (statistics[..., -2:-1] + _TINY) / (statistics[..., -1:] + _SMALL)
    return scores * np.exp(np.minimum(0.0, 1.0 - 1.0 / length_ratio))
