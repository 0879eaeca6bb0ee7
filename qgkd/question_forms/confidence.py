"""How sure a model is of its question, in a word.

Comes in: the mean log-probability of a question's tokens. Goes out: `Confidence`.

A literal example: `confidence_of(question)` is `Confidence.HIGH` for a mean log-probability of -0.2.
"""

from __future__ import annotations

from qgkd.generator import Question
from qgkd.question_forms.item import Confidence

HIGH_FROM = -0.35
"""Mean natural-log probability per token from which on a question counts as sure."""
MEDIUM_FROM = -0.7


def confidence_of(question: Question) -> Confidence:
    """Put a model's own probability into a word.

    Args:
        question: As generated.

    Returns:
        `UNKNOWN` for the rule; `LOW` also where the length limit ended the question.
    """
    if not question.finished:
        return Confidence.LOW
    if question.mean_log_probability is None:
        return Confidence.UNKNOWN
    if question.mean_log_probability >= HIGH_FROM:
        return Confidence.HIGH
    return Confidence.MEDIUM if question.mean_log_probability >= MEDIUM_FROM else Confidence.LOW
