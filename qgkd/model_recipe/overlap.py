"""Scores one question against the reference question, as the reward of training.

Comes in: two questions in tokens. Goes out: their overlap, 0 to 1, made like avg_score: the mean of four n-gram scores
and, in place of METEOR and ROUGE-L, twice the longest common subsequence.

n-grams in common are divided by those of the longer question, so that a question that is too long loses as much as one
that is too short, as with corpus BLEU's precision and brevity penalty.

A literal example: 誰設計燈塔？ beside 燈塔由誰設計？ shares all but one character, few pairs, and four in order.

Source: the lesser of n-gram precision and recall is GLEU, Wu et al. 2016 (arXiv 1609.08144), section 5; ROUGE-L, Lin
2004 (W04-1013).
Differs: one GLEU for each length of n-gram, as in avg_score, instead of one for all lengths together. The scorer's own
ROUGE-L (`qgkd.scoring.rouge_l`) is not used: it needs rouge-score, which a machine that only trains may not have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

_LONGEST_NGRAM = 4
_BETA = 1.2  # as the scorer's ROUGE-L weighs recall


def overlap(hypothesis: Sequence[int], reference: Sequence[int]) -> float:
    """Return the mean of min(n-gram precision, recall) for n = 1 to 4 and, counted twice, ROUGE-L."""
    if not hypothesis or not reference:
        return 0.0
    ngrams = sum(_ngrams_in_common(hypothesis, reference, size) for size in range(1, _LONGEST_NGRAM + 1))
    return (ngrams + 2 * _rouge_l(hypothesis, reference)) / (_LONGEST_NGRAM + 2)


def _ngrams_in_common(hypothesis: Sequence[int], reference: Sequence[int], size: int) -> float:
    own, wanted = _ngrams(hypothesis, size), _ngrams(reference, size)
    return (own & wanted).total() / max(1, own.total(), wanted.total())


def _ngrams(tokens: Sequence[int], size: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1))


def _rouge_l(hypothesis: Sequence[int], reference: Sequence[int]) -> float:
    common = _common_subsequence(hypothesis, reference)
    precision, recall = common / len(hypothesis), common / len(reference)
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision) if common else 0.0


def _common_subsequence(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for token in first:
        diagonal = 0
        for place, other in enumerate(second, start=1):
            above = row[place]
            row[place] = diagonal + 1 if token == other else max(above, row[place - 1])
            diagonal = above
    return row[-1]
