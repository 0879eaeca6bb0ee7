"""From passages to output rows, one batch after the other.

Comes in: passages in the order of a file, with a problem in the place of each that cannot be read. Goes out:
`BatchResult`: an output row per question, and a `Problem` per passage or answer without the questions wanted.

A literal example of an output row:

    {"id": "a", "row": 1, "question": "誰設計了燈塔？", "answer": "林文海", "answer_start": 14, "answer_type": "person",
     "mean_log_probability": null, "context_was_cut": false, "system": "rule"}
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from qgkd.generator import Generator
from qgkd.quiz.make import make_quizzes
from qgkd.quiz.quiz import Quiz, QuizOrder, QuizQuestion
from qgkd.reading.readers import PassageRow, Problem
from qgkd.spans.propose import ProposedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """What is wanted from every passage."""

    questions_per_passage: int = 5
    """How many questions where the row gives no answer."""
    questions_per_answer: int = 1
    """How many questions about one answer: exactly so many of a given one, at most so many of a proposed one."""
    proposed_by: ProposedBy | None = None
    """What proposes answers where the row gives none; None as the package has it."""
    with_context: bool = False
    """Repeat the passage in every output row."""
    rows_per_batch: int = 32
    """Rows generated together, and kept or lost together when the process is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What the rows of one batch gave, in input order."""

    rows: list[PassageRow | Problem]
    questions: list[dict[str, Any]]
    """Rows of the output file."""
    problems: list[Problem]
    """Rows and answers that were left out, and passages with fewer questions than wanted."""


def generate_batches(
    generator: Generator, rows: Iterable[PassageRow | Problem], options: BatchOptions
) -> Iterator[BatchResult]:
    """Turn rows, or the problems in their places, into questions and problems, batch by batch in input order."""
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, options.rows_per_batch)):
        passages = [row for row in batch if isinstance(row, PassageRow)]
        quizzes = iter(make_quizzes(generator, [order_for(row, options) for row in passages]))
        questions: list[dict[str, Any]] = []
        problems: list[Problem] = []
        for row in batch:
            if isinstance(row, Problem):
                problems.append(row)
                continue
            quiz = next(quizzes)
            questions += [question_row(item, row, generator.name, options) for item in quiz.items]
            problems += quiz_problems(quiz, row)
        yield BatchResult(rows=batch, questions=questions, problems=problems)


def order_for(row: PassageRow, options: BatchOptions) -> QuizOrder:
    """Every answer of the row is used; without any, answers are proposed."""
    answers = row.answers or None
    count = len(row.answers) * options.questions_per_answer if answers else options.questions_per_passage
    return QuizOrder(
        context=row.context,
        count=count,
        answers=answers,
        proposed_by=options.proposed_by,
        per_answer=options.questions_per_answer,
    )


def quiz_problems(quiz: Quiz, row: PassageRow) -> list[Problem]:
    """A problem per answer without a question; without such answers, one where there are fewer questions than wanted.

    The problem of a passage that gave some of its questions is marked as a shortfall.
    """
    problems = [row.problem(str(refusal)) for refusal in quiz.refusals]
    if quiz.shortfall is not None and not problems:
        problems.append(row.problem(str(quiz.shortfall), is_shortfall=bool(quiz.items)))
    return problems


def question_row(item: QuizQuestion, row: PassageRow, system: str, options: BatchOptions) -> dict[str, Any]:
    """One question as a row of the output file; `answer_start` counts characters of the passage as in the input."""
    question, answer = item.question, item.answer
    fields: dict[str, Any] = {
        "id": row.row_id,
        "row": row.row_number,
        "question": question.text,
        "answer": answer.text,
        "answer_start": answer.start_char,
        "answer_type": str(answer.type),
        "mean_log_probability": question.mean_log_probability,
        "context_was_cut": question.context_was_cut,
        "system": system,
    }
    return {**fields, "context": row.context} if options.with_context else fields
