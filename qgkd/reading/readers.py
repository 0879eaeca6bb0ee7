"""Read questions or passages from a file of any accepted format, every offset checked.

Comes in: a path to DRCD/SQuAD JSON, JSONL, CSV or Parquet (plain text too for passages). Goes out: `ReadReport` with
`QGExample`s, or `PassageRow`s one at a time.

A literal example: the CSV

    id,context,answer,answer_start,question
    h-1,燈塔建於1867年。,1867年,3,燈塔建於哪一年？

read by `read_examples` gives one `QGExample` with `answer_start_char=4`, and `repaired` is 1: character 3 is 於.

Fields of a record: `context`; `answer` or `answer_text`; `answer_start` or `answer_start_char`, in characters from 0;
`question`, `id` and `title` where there are any. `answers` holds several, each a text or an object with `text` and
`answer_start`: with a question they are several people's answers to it and the first counts (as in DRCD); without one,
each of them is to get a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgkd.answer import AnswerSpan
from qgkd.errors import UserError
from qgkd.reading.answer_location import Placement, locate_answer
from qgkd.reading.examples import QGExample
from qgkd.reading.file_input import read_rows
from qgkd.reading.file_rows import FileRow, Problem

if TYPE_CHECKING:
    from qgkd.text.cleaning.clean_text import CleanText

__all__ = ["PassageRow", "Problem", "ReadReport", "read_examples", "read_passages"]

_HALF_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """The examples of a file, and what was repaired or left out."""

    examples: list[QGExample] = field(default_factory=list)
    """In the order of the file."""
    repaired: int = 0
    """Examples whose stated offset was wrong and whose answer was found elsewhere in the passage."""
    first_of_several: int = 0
    """Examples without a stated offset whose answer occurs several times; the first occurrence was taken."""
    problems: list[Problem] = field(default_factory=list)
    """What was left out, in the order of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRow:
    """One passage to write questions for."""

    file: str
    """The path as the user gave it; `-` for stdin."""
    row_number: int
    """The record's number in the file, from 1, unreadable ones counted; unique, which `row_id` need not be."""
    row_id: str
    """The record's own id, else `line 12`, else `row 12`; a text file's name without suffix."""
    context: str
    """The passage, as in the file."""
    answers: tuple[AnswerSpan, ...] = ()
    """The answers to write questions about, at their places and not classified; empty where they are to be proposed."""
    repaired_answers: int = 0
    """How many of them had a wrong offset in the file and were found elsewhere in the passage."""
    title: str = ""
    question: str = ""
    """The human-written question, where the file has one."""
    line_number: int | None = None
    """The line the record starts on, from 1; None in JSON and Parquet."""

    @property
    def cleaned(self) -> CleanText:
        """What questions are written about: the sentences of the passage, and the way back to it."""
        from qgkd.text.cleaning.clean import cleaned_for  # not needed to name the commands

        return cleaned_for(self.context, self.answers)

    def problem(self, reason: str, *, is_shortfall: bool = False) -> Problem:
        """A problem of this passage."""
        return Problem(
            file=self.file,
            row_id=self.row_id,
            reason=reason,
            row_number=self.row_number,
            line_number=self.line_number,
            is_shortfall=is_shortfall,
        )


def read_examples(path: str | Path, *, limit: int | None = None) -> ReadReport:
    """Read questions with their answers from a file or `-` (stdin), at most `limit` of them.

    Raises:
        UserError: Nothing of the file can be read.
    """
    examples: list[QGExample] = []
    problems: list[Problem] = []
    placements: list[Placement] = []
    for row in read_rows(path):
        if limit is not None and len(examples) >= limit:
            break
        if isinstance(row, Problem):
            problems.append(row)
            continue
        try:
            example, placement = _example(row)
            examples.append(example)
            placements.append(placement)
        except UserError as error:
            problems.append(row.problem(str(path), str(error)))
    return ReadReport(
        examples=examples,
        repaired=placements.count(Placement.REPAIRED),
        first_of_several=placements.count(Placement.FIRST_OF_SEVERAL),
        problems=problems,
    )


def read_passages(path: str | Path) -> Iterator[PassageRow | Problem]:
    """Read passages with the answers given for them, if any, from a file or `-` (stdin).

    Yields:
        A passage per record, in order. An answer that is not in its passage is a problem of its own, before the
        passage with its other answers; where no given answer is left, there is no passage.

    Raises:
        UserError: Nothing of the file can be read.
    """
    for row in read_rows(path):
        if isinstance(row, Problem):
            yield row
            continue
        try:
            context = _context(row)
            stated = _stated_answers(row)
        except UserError as error:
            yield row.problem(str(path), str(error))
            continue
        located = []
        for text, start_char in stated:
            try:
                located.append(locate_answer(context, text, start_char))
            except UserError as error:
                yield row.problem(str(path), str(error))
        if located or not stated:
            yield PassageRow(
                file=str(path),
                row_number=row.row_number,
                row_id=row.row_id,
                context=context,
                answers=tuple(answer for answer, _ in located),
                repaired_answers=sum(placement is Placement.REPAIRED for _, placement in located),
                title=_text(row, "title"),
                question=_text(row, "question"),
                line_number=row.line_number,
            )


def _example(row: FileRow) -> tuple[QGExample, Placement]:
    context = _context(row)
    stated = _stated_answers(row)
    if not stated:
        raise UserError("expected an answer, found none; give its text under 'answer'")
    answer, placement = locate_answer(context, *stated[0])
    example = QGExample(
        example_id=row.row_id,
        context=context,
        answer_text=answer.text,
        answer_start_char=answer.start_char,
        question=_text(row, "question"),
        title=_text(row, "title"),
    )
    return example, placement


def _context(row: FileRow) -> str:
    context = _text(row, "context")
    if not context.strip():
        raise UserError("expected a passage under 'context', found none; fill it in or remove the record")
    return context


def _stated_answers(row: FileRow) -> list[tuple[str, int | None]]:
    """The answers of a record as the file states them; only the first of those to one question."""
    several = row.fields.get("answers")
    if isinstance(several, dict):  # a column of lists, as the hub's SQuAD files have it
        several = [{"text": text, "answer_start": start} for text, start in _pairs(several)]
    if several is None:
        several = [row.fields] if row.fields.get("answer") or row.fields.get("answer_text") else []
    if not isinstance(several, list):
        raise UserError(f"expected a list under 'answers', found {several!r:.40}; mend the record")
    if _text(row, "question"):
        several = several[:1]
    return [_stated_answer(answer) for answer in several]


def _pairs(columns: dict[str, Any]) -> list[tuple[Any, Any]]:
    texts, starts = columns.get("text"), columns.get("answer_start")
    if not isinstance(texts, list) or not isinstance(starts, list) or len(texts) != len(starts):
        raise UserError("expected lists 'text' and 'answer_start' of one length under 'answers'; mend the record")
    return list(zip(texts, starts, strict=True))


def _stated_answer(answer: object) -> tuple[str, int | None]:
    if isinstance(answer, str):
        return answer, None
    if not isinstance(answer, dict):
        raise UserError(f"expected an answer's text, found {answer!r:.40}; put it in quotes")
    text = next((answer[key] for key in ("answer", "answer_text", "text") if answer.get(key)), "")
    start = next((answer[key] for key in ("answer_start", "answer_start_char") if answer.get(key) is not None), None)
    if not isinstance(text, str):
        raise UserError(f"expected an answer's text, found {text!r:.40}; put it in quotes")
    if start is None or start == "":
        return text, None
    try:
        whole = int(start)
        if isinstance(start, bool) or whole != float(start):
            raise ValueError
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"expected 'answer_start' in whole characters from 0, found {start!r:.40}; mend it") from error
    return text, whole


def _text(row: FileRow, key: str) -> str:
    value = row.fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserError(f"expected text under {key!r}, found {value!r:.40}; put it in quotes")
    if _HALF_SURROGATE.search(value):
        raise UserError(
            f"expected UTF-8 text under {key!r}, found bytes that are not (Big5, GBK or Latin-1?); save it as UTF-8"
        )
    return value
