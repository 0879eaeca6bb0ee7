"""The rule system as a generator: no weights, no network, a few thousand questions a second.

Comes in: `GenerationRequest`. Goes out: `Question`, n-best.

A literal example: for `燈塔建於1867年，由林文海設計。` and `林文海` the first question is `燈塔建於1867年，由誰設計？`.
"""

from __future__ import annotations

from collections.abc import Sequence

from qgkd.answer_types import classify
from qgkd.generator import GenerationRequest, Question
from qgkd.rule.clauses import frame_answer
from qgkd.rule.variants import variants


class RuleGenerator:
    """Asks with the answer's own clause, the answer replaced by its question word."""

    name = "rule"
    parameters = 0

    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        """Write questions; see `qgkd.generator.Generator`."""
        return [self._questions(request, questions_per_answer) for request in requests]

    def _questions(self, request: GenerationRequest, limit: int) -> list[Question]:
        start_char, end_char = request.answer_start_char, request.answer_start_char + len(request.answer_text)
        found = request.context[start_char:end_char]
        if not request.answer_text or start_char < 0 or found != request.answer_text:
            raise ValueError(
                f"answer {request.answer_text!r} is not at character {start_char} (found {found!r}); "
                "was the context edited?"
            )
        answer_type = classify(request.context, start_char, end_char)
        frame = frame_answer(request.context, start_char, end_char)
        return [
            Question(text=text, answer_text=request.answer_text, answer_start_char=start_char)
            for text in variants(frame, answer_type)[:limit]
        ]
