"""Scores of generated questions against reference questions, always with their definition.

Comes in: questions and references, or a generator and examples. Goes out: `Scores`, an `Evaluation`, differences.
Others use: `score` and `tokenize` below; `evaluate`, `pairs`, `bootstrap`, `diversity`, `answerability`.
"""

from qgkd.scoring.scores import MeteorKind, MetricValues, Scores, score
from qgkd.scoring.tokens import Tokenization, tokenize

__all__ = ["MeteorKind", "MetricValues", "Scores", "Tokenization", "score", "tokenize"]
