"""Generate a batch so that a refused request does not take the others with it.

Comes in: a generator and requests, some of which it may refuse. Goes out: questions, or the refusal, per request.

A literal example: of two requests whose second has an answer of 300 tokens, the first gets its questions and the second
`ValueError("answer … is 300 tokens long, …")`.
"""

from __future__ import annotations

from qgkd.generator import GenerationRequest, Generator, Question


def generate_each(
    generator: Generator, requests: list[GenerationRequest], questions_per_answer: int = 1
) -> list[list[Question] | ValueError]:
    """Generate; where the generator refuses a batch, halve it until each refused request fails alone."""
    try:
        return list(generator.generate(requests, questions_per_answer=questions_per_answer))
    except ValueError as error:
        if len(requests) == 1:
            return [error]
    half = len(requests) // 2
    first = generate_each(generator, requests[:half], questions_per_answer)
    return first + generate_each(generator, requests[half:], questions_per_answer)
