"""From passages to output rows, one batch after the other.

Comes in: passages in the order of a file, with a problem in the place of each that cannot be read. Goes out: records:
`question` (an output row), `bad_row` (what was skipped, and why) and `short_row` (fewer questions than asked for).

A literal example of an output row:

    {"id": "a", "row": 1, "question": "誰設計了燈塔？", "answer": "林文海", "answer_start": 14, "answer_type": "person",
     "mean_log_probability": null, "context_was_cut": false, "system": "rule"}
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from qgkd.answers.classify import classify
from qgkd.answers.types import AnswerSpan
from qgkd.files.journal import Record
from qgkd.generator import Generator
from qgkd.quiz.make import Quiz, QuizOrder, QuizQuestion, make_quizzes
from qgkd.reading.readers import PassageRow, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """What is wanted from every passage."""

    questions_per_passage: int = 5
    """How many questions where the row gives no answer."""
    questions_per_answer: int = 1
    """How many questions about one answer: exactly so many of a given one, at most so many of a proposed one."""
    with_context: bool = False
    """Repeat the passage in every output row."""
    rows_per_batch: int = 32
    """Rows generated together, and kept or lost together when the process is killed."""


def generate_batches(
    generator: Generator, rows: Iterable[PassageRow | Problem], options: BatchOptions
) -> Iterator[tuple[list[PassageRow | Problem], list[Record]]]:
    """Turn rows into questions and complaints, one batch after the other.

    Args:
        generator: The rule or a model.
        rows: Passages in order, with a problem in the place of every one that cannot be read.
        options: How many questions, how many rows together.

    Yields:
        The rows of a batch, and its records (`question`, `bad_row`, `short_row`) in input order.
    """
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, options.rows_per_batch)):
        passages = [row for row in batch if isinstance(row, PassageRow)]
        quizzes = iter(make_quizzes(generator, [order_for(row, options) for row in passages]))
        records: list[Record] = []
        for row in batch:
            if isinstance(row, Problem):
                records.append(_complaint("bad_row", row, row.reason))
            else:
                records += _records(row, next(quizzes), options, generator.name)
        yield batch, records


def order_for(row: PassageRow, options: BatchOptions) -> QuizOrder:
    """Answers of the row are all asked about; without any, answers are proposed."""
    answers = tuple(
        AnswerSpan(
            text=answer.text,
            start_char=answer.start_char,
            end_char=answer.end_char,
            type=classify(row.context, answer.start_char, answer.end_char),
        )
        for answer in row.answers
    )
    count = len(answers) * options.questions_per_answer if answers else options.questions_per_passage
    return QuizOrder(context=row.context, count=count, answers=answers or None, per_answer=options.questions_per_answer)


def _records(row: PassageRow, quiz: Quiz, options: BatchOptions, system: str) -> list[Record]:
    """What one passage comes to; an answer or a passage without any question is reported as a bad row."""
    records: list[Record] = [
        ("question", question_row(item, row, system, with_context=options.with_context)) for item in quiz.items
    ]
    records += [_complaint("bad_row", row, reason) for reason in quiz.refusals]
    if quiz.shortfall and not quiz.refusals:
        records.append(_complaint("short_row" if quiz.items else "bad_row", row, quiz.shortfall))
    return records


def _complaint(kind: str, row: PassageRow | Problem, reason: str) -> Record:
    return kind, {"row": row.row_number, "line": row.line_number, "id": row.row_id, "reason": reason}


def question_row(item: QuizQuestion, row: PassageRow, system: str, *, with_context: bool = False) -> dict[str, Any]:
    """One question as it stands in the output file.

    Args:
        item: The question and its answer.
        row: The input row it comes from.
        system: The generator's name.
        with_context: Add the passage.

    Returns:
        The row's fields; `answer_start` counts characters of the passage as it stands in the input.
    """
    question = item.question
    fields: dict[str, Any] = {
        "id": row.row_id,
        "row": row.row_number,
        "question": question.text,
        "answer": item.answer.text,
        "answer_start": item.answer.start_char,
        "answer_type": item.answer.type.value,
        "mean_log_probability": question.mean_log_probability,
        "context_was_cut": question.context_was_cut,
        "system": system,
    }
    return {**fields, "context": row.context} if with_context else fields
