"""Whether a question asks for its own answer, measured with a frozen question generator.

Comes in: questions with the examples they were written for, and a frozen model. Goes out: the share of questions whose
true answer makes the question more probable than every other candidate span of the passage does.

A literal example: "誰設計了燈塔？" is answerable where log p(question | passage, 林文海) is above log p(question |
passage, 1867年) and above that of every other proposed span.

The candidates depend on the example alone, so that every system is measured against the same ones; the scoring model
is part of the result. It should not be one of the systems compared: a model gives its own questions high probabilities
after their answers, good or bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from qgkd.answers.propose import propose_answers
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.quiz.distinct import normalise
from qgkd.reading.examples import QGExample

CANDIDATES_PER_EXAMPLE = 10
"""Upper limit of spans compared with the true answer."""
EXAMPLES_PER_CALL = 32
"""Examples whose candidates are scored together."""


class QuestionScorer(Protocol):
    """What `ModelGenerator` offers besides generation."""

    name: str

    def question_log_probabilities(
        self, requests: Sequence[GenerationRequest], questions: Sequence[str]
    ) -> list[float]:
        """The natural-log probability of each question given its passage and answer."""
        ...


def answerable_each(
    scorer: QuestionScorer,
    examples: Sequence[QGExample],
    questions: Sequence[str],
    *,
    candidates_per_example: int = CANDIDATES_PER_EXAMPLE,
) -> list[bool]:
    """Whether each question singles out its answer; chance level is 1 in candidates + 1.

    Args:
        scorer: The frozen model.
        examples: What the questions were written for.
        questions: One per example; an empty one is not answerable.
        candidates_per_example: Proposed spans the true answer is compared with, at most.

    Returns:
        One verdict per example; False also where the answer is too long for the model.

    Raises:
        UserError: No questions, or not one per example.
    """
    if len(examples) != len(questions) or not questions:
        raise UserError(
            f"expected one question per example and at least one, found {len(questions)} questions and "
            f"{len(examples)} examples; pair them"
        )
    verdicts: list[bool] = []
    for start in range(0, len(examples), EXAMPLES_PER_CALL):
        places = range(start, min(start + EXAMPLES_PER_CALL, len(examples)))
        written = [place for place in places if questions[place].strip()]
        chunk = [(candidate_requests(examples[place], candidates_per_example), questions[place]) for place in written]
        right = dict(zip(written, _verdicts(scorer, chunk), strict=True))
        verdicts += [right.get(place, False) for place in places]
    return verdicts


def candidate_requests(example: QGExample, count: int) -> list[GenerationRequest]:
    """The true answer first, then the best proposed spans that neither overlap it nor read the same."""
    true_text = normalise(example.answer_text)
    others = [
        span
        for span in propose_answers(example.context)
        if not (span.start_char < example.answer_end_char and example.answer_start_char < span.end_char)
        and normalise(span.text) != true_text
    ]
    spans = [(example.answer_text, example.answer_start_char)] + [
        (span.text, span.start_char) for span in others[:count]
    ]
    return [
        GenerationRequest(context=example.context, answer_text=text, answer_start_char=start_char)
        for text, start_char in spans
    ]


def _verdicts(scorer: QuestionScorer, chunk: Sequence[tuple[list[GenerationRequest], str]]) -> list[bool]:
    """Whether each question is most probable given its true answer, which is the first of its requests."""
    requests = [request for candidates, _ in chunk for request in candidates]
    repeated = [question for candidates, question in chunk for _ in candidates]
    if not requests:
        return []
    try:
        values = iter(scorer.question_log_probabilities(requests, repeated))
    except ValueError:  # an answer is too long for the model: score one by one; that example is not answerable
        return [False] if len(chunk) == 1 else [verdict for one in chunk for verdict in _verdicts(scorer, [one])]
    verdicts = []
    for candidates, _ in chunk:
        true_value, *other_values = [next(values) for _ in candidates]
        verdicts.append(all(true_value > other for other in other_values))
    return verdicts
