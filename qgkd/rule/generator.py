"""The rule system as a generator: no weights, no network, some hundred questions a second.

Comes in: `GenerationRequest`. Goes out: `Question`, n-best.

A literal example: for `燈塔建於1867年，由林文海設計。` and `林文海` the first question is
`燈塔建於1867年，是由誰設計的？`.
"""

from __future__ import annotations

from collections.abc import Sequence

from qgkd.answers.classify import classify
from qgkd.generator import GenerationRequest, Question
from qgkd.rule.clauses import frame_answer
from qgkd.rule.same_script import localize
from qgkd.rule.variants import first_variant, variants


class RuleGenerator:
    """Asks with the answer's own clause, the answer replaced by its question word."""

    name = "rule"
    parameters = 0

    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        """Write questions; see `qgkd.generator.Generator`. At least one per request."""
        return [
            [Question(text=text, answer=request.answer) for text in _write(request, questions_per_answer)]
            for request in requests
        ]


def _write(request: GenerationRequest, limit: int) -> list[str]:
    answer = request.answer
    passage = localize(request.context, answer.start_char, answer.end_char)
    # Only an answer that nobody has classified yet (of an evaluation, say) is classified here.
    answer_type = answer.question_type or answer.type
    answer_type = answer_type or classify(passage.traditional, passage.start_char, passage.end_char)
    frame = frame_answer(passage.traditional, passage.start_char, passage.end_char)
    questions = [first_variant(frame, answer_type)] if limit == 1 else variants(frame, answer_type)
    return list(dict.fromkeys(passage.in_its_script(question) for question in questions))[:limit]
