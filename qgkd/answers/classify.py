"""Classify a span of a passage.

Comes in: a passage and a span. Goes out: `AnswerType`.

A literal example: `classify("燈塔建於1867年。", 4, 9)` is `AnswerType.DATE`.
"""

from __future__ import annotations

from qgkd.answers.classes import classify_in_sentence, sentence_around
from qgkd.answers.types import AnswerType


def classify(context: str, start_char: int, end_char: int) -> AnswerType:
    """Give the answer type of a span.

    Patterns decide first (dates, quantities, titles in 《》), then the noun at the span's end, then jieba's parts of
    speech.

    Args:
        context: The passage, in either script.
        start_char: First character of the span.
        end_char: One past its last character.

    Returns:
        The type; `TERM` for a noun of no more specific type.
    """
    from_char, to_char = sentence_around(context, start_char, end_char)
    return classify_in_sentence(context[from_char:to_char], start_char - from_char, end_char - from_char)
