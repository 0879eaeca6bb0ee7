"""The rule system as a generator: no weights, no network, some hundred questions a second.

Comes in: `GenerationRequest`. Goes out: `Question`, n-best.

A literal example: for `燈塔建於1867年，由林文海設計。` and `林文海` the first question is
`燈塔建於1867年，是由誰設計的？`.
"""

from __future__ import annotations

from collections.abc import Sequence

from qgkd.answers.classify import classify
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest, Question
from qgkd.rule.clauses import frame_answer
from qgkd.rule.same_script import LocalPassage, localize
from qgkd.rule.variants import first_variant, variants


class RuleGenerator:
    """Asks with the answer's own clause, the answer replaced by its question word."""

    name = "rule"
    parameters = 0

    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        """Write questions; see `qgkd.generator.Generator`. At least one per request."""
        return [self._questions(request, questions_per_answer) for request in requests]

    def _questions(self, request: GenerationRequest, limit: int) -> list[Question]:
        start_char, end_char = request.answer_start_char, request.answer_start_char + len(request.answer_text)
        found = request.context[max(start_char, 0) : max(end_char, 0)]
        if not request.answer_text or start_char < 0 or found != request.answer_text:
            raise UserError(
                f"answer {request.answer_text!r} is not at character {start_char} (found {found!r}); "
                "was the context edited?"
            )
        return [
            Question(text=text, answer_text=request.answer_text, answer_start_char=start_char)
            for text in _write(localize(request.context, start_char, end_char), limit)
        ]


def _write(passage: LocalPassage, limit: int) -> list[str]:
    answer_type = classify(passage.traditional, passage.start_char, passage.end_char)
    frame = frame_answer(passage.traditional, passage.start_char, passage.end_char)
    questions = [first_variant(frame, answer_type)] if limit == 1 else variants(frame, answer_type)
    return list(dict.fromkeys(passage.in_its_script(question) for question in questions))[:limit]
