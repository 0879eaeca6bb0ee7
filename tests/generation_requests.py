"""Generation requests for tests, from a passage, an answer and which of its occurrences is meant."""

from __future__ import annotations

from qgkd.answer import AnswerSpan
from qgkd.generator import GenerationRequest


def occurrence_start(context: str, answer: str, occurrence: int = 0) -> int:
    """The character at which an occurrence of the answer starts; the first one is occurrence 0."""
    start_char = -1
    for _ in range(occurrence + 1):
        start_char = context.index(answer, start_char + 1)
    return start_char


def request(context: str, answer: str, occurrence: int = 0) -> GenerationRequest:
    """A request for a question about one occurrence of an answer."""
    start_char = occurrence_start(context, answer, occurrence)
    return GenerationRequest(context=context, answer=AnswerSpan(text=answer, start_char=start_char))
