"""Confidence in a question: high, medium, low or unknown.

Comes in: the mean log-probability of a question's tokens. Goes out: `Confidence`.

A literal example: `confidence_of(question)` is `Confidence.HIGH` for a mean log-probability of -0.2.

The limits were chosen on 240 questions of DRCD's development set, written greedily by a model of 5 million weights: its
ROUGE-L is 0.38 for HIGH, 0.31 for MEDIUM, 0.25 for LOW by probability. Another model's probabilities are on another
scale; the order holds.
"""

from __future__ import annotations

from qgkd.generator import Question
from qgkd.question_forms.item import Confidence

HIGH_FROM = -0.35
"""Mean natural-log probability per token from which on a question is graded high."""
MEDIUM_FROM = -0.7
_REPEATED_CHARS = 6


def confidence_of(question: Question) -> Confidence:
    """Grade a question by the model's own probability; `UNKNOWN` for the rule.

    `LOW` also where the length limit ended it, or where it repeats itself, as weak models do at a high probability.
    """
    if not question.finished or _repeats_itself(question.text):
        return Confidence.LOW
    if question.mean_log_probability is None:
        return Confidence.UNKNOWN
    if question.mean_log_probability >= HIGH_FROM:
        return Confidence.HIGH
    return Confidence.MEDIUM if question.mean_log_probability >= MEDIUM_FROM else Confidence.LOW


def _repeats_itself(text: str) -> bool:
    """Whether six characters in a row occur twice."""
    stretches = [text[start : start + _REPEATED_CHARS] for start in range(len(text) - _REPEATED_CHARS + 1)]
    return len(set(stretches)) < len(stretches)
