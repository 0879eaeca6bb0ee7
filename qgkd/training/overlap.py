"""What a question is worth beside a person's.

Comes in: two questions in tokens. Goes out: their overlap, 0 to 1, made like avg_score from what one pair of questions
can say: four n-gram scores and, for METEOR and ROUGE-L, twice the longest common subsequence.

A literal example: 誰設計燈塔？ beside 燈塔由誰設計？ shares all but one character, few pairs, and four in order.

Source: ROUGE-L, Lin 2004 (W04-1013), section 3.1; n-gram F1 in place of corpus BLEU, which is 0 for most single
questions, and of METEOR, which is slow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

_LONGEST_NGRAM = 4
_BETA = 1.2  # as the scorer's ROUGE-L weighs recall


def overlap(hypothesis: Sequence[int], reference: Sequence[int]) -> float:
    """Mean of the n-gram F1 for n = 1 to 4 and, counted twice, ROUGE-L."""
    if not hypothesis or not reference:
        return 0.0
    ngrams = sum(_ngram_f1(hypothesis, reference, size) for size in range(1, _LONGEST_NGRAM + 1))
    return (ngrams + 2 * _rouge_l(hypothesis, reference)) / (_LONGEST_NGRAM + 2)


def _ngram_f1(hypothesis: Sequence[int], reference: Sequence[int], size: int) -> float:
    held, wanted = _ngrams(hypothesis, size), _ngrams(reference, size)
    total = held.total() + wanted.total()
    return 2 * (held & wanted).total() / total if total else 0.0


def _ngrams(tokens: Sequence[int], size: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1))


def _rouge_l(hypothesis: Sequence[int], reference: Sequence[int]) -> float:
    common = _common_subsequence(hypothesis, reference)
    precision, recall = common / len(hypothesis), common / len(reference)
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision) if common else 0.0


def _common_subsequence(first: Sequence[int], second: Sequence[int]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for token in first:
        diagonal = 0
        for place, other in enumerate(second, start=1):
            above = row[place]
            row[place] = diagonal + 1 if token == other else max(above, row[place - 1])
            diagonal = above
    return row[-1]
