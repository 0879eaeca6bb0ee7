"""ROUGE_L of one item, by the coco-caption formula over rouge_score's longest common subsequence.

Hypothesis `["誰", "種", "了", "樹"]` with reference `["誰", "種", "樹"]`: the longest common subsequence is 誰種樹, so
P = 3/4, R = 3/3 and F = (1 + 1.2²) P R / (R + 1.2² P) = .880. The corpus value is the mean over items.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rouge_score.rouge_scorer import RougeScorer

_BETA = 1.2


def rouge_l(hypothesis_tokens: Sequence[str], references_tokens: Sequence[Sequence[str]]) -> float:
    """Score one item.

    Args:
        hypothesis_tokens: The question to be scored; an empty one scores 0.
        references_tokens: One or more reference questions, none of them empty.

    Returns:
        The F value, a fraction, of the highest precision and the highest recall over the references, which need not
        come from the same one.

    Source: coco-caption, rouge.py (pycocoevalcap 1.2).
    Differs: rouge_score's own `fmeasure` has beta 1 and its default tokenizer drops everything that is not ASCII, so
    that two identical Chinese questions score 0; coco-caption gives an empty hypothesis 1 against an empty reference.
    """
    hypothesis = " ".join(hypothesis_tokens)
    scores = [_scorer().score(" ".join(tokens), hypothesis)["rougeL"] for tokens in references_tokens]
    precision = max(score.precision for score in scores)
    recall = max(score.recall for score in scores)
    if precision == 0 or recall == 0:
        return 0.0
    return float((1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision))


@cache
def _scorer() -> RougeScorer:
    from rouge_score.rouge_scorer import RougeScorer  # slow to import
    from rouge_score.tokenizers import Tokenizer

    class WhitespaceTokenizer(Tokenizer):  # type: ignore[misc]
        def tokenize(self, text: str) -> list[str]:
            return text.split()

    return RougeScorer(["rougeL"], tokenizer=WhitespaceTokenizer())
