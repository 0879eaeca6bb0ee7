"""The type of a span of a passage.

Comes in: a passage and a span. Goes out: `AnswerType`.

A literal example: `classify("燈塔建於1867年。", 4, 9)` is `AnswerType.DATE`.
"""

from __future__ import annotations

import dataclasses

from qgkd.answer import AnswerSpan, AnswerType
from qgkd.answers.classes import classify_in_sentence, sentence_around


def classify(context: str, start_char: int, end_char: int) -> AnswerType:
    """Name the kind of thing a span is.

    Written forms decide first (dates, quantities, titles in 《》), then the noun the span ends in, then jieba's parts
    of speech.

    Args:
        context: The passage, in either script.
        start_char: First character of the span.
        end_char: One past its last character.

    Returns:
        The type; `TERM` for a noun of no narrower kind.
    """
    from_char, to_char = sentence_around(context, start_char, end_char)
    return classify_in_sentence(context[from_char:to_char], start_char - from_char, end_char - from_char)


def classified(context: str, answer: AnswerSpan) -> AnswerSpan:
    """The answer with its type; one that has a type keeps it."""
    if answer.type is not None:
        return answer
    return dataclasses.replace(answer, type=classify(context, answer.start_char, answer.end_char))
