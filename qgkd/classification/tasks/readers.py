"""Turns file records into classification examples; reports and skips the invalid ones.

Comes in: `FileRow`s, the columns of texts and label, the task. Goes out: `ClassificationExample`s and `Problem`s.

A literal example: STS-B's row `{"index": "3", "sentence1": "A man eats.", "sentence2": "A man is eating.", "score":
"4.6"}` becomes `ClassificationExample(example_id="3", text_a="A man eats.", text_b="A man is eating.", label=4.6)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from qgkd.classification.tasks.examples import ClassificationExample
from qgkd.classification.tasks.labels import class_of, score_of
from qgkd.classification.tasks.task import ClassificationTask
from qgkd.errors import UserError
from qgkd.reading.file_rows import FileRow, Problem

_TEXT_A = ("text_a", "text", "sentence1", "sentence", "premise", "question1", "review", "content")
_TEXT_B = ("text_b", "sentence2", "hypothesis", "question2")
_LABEL = ("label", "labels", "class", "score", "gold_label")
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a record's texts and label."""

    text_a: str
    text_b: str | None = None
    label: str | None = None
    """None if a file has no labels or they are not read."""


def find_columns(file: str, present: Iterable[str], text_a: str = "", text_b: str = "", label: str = "") -> Columns:
    """The columns to read of those present: the ones the user names, else those of well-known names.

    Where neither text is named, a second column of a well-known name makes the task one of pairs.

    Raises:
        UserError: A named column is absent, or no text's column is known.
    """
    names = list(present)
    listed = f"found {', '.join(repr(name[:30]) for name in names[:12]) or 'none'}"
    for key, name in (("text_a", text_a), ("text_b", text_b), ("label", label)):
        if name and name not in names:
            raise UserError(f"{file}: expected a column {name!r}, {listed}; set task.{key} to the name it has there")
    first = text_a or next((name for name in _TEXT_A if name in names), "")
    if not first:
        raise UserError(f"{file}: expected a column of texts, such as {_TEXT_A[0]!r}, {listed}; name it as task.text_a")
    second = text_b or (None if text_a else next((name for name in _TEXT_B if name in names), None))
    return Columns(text_a=first, text_b=second, label=label or next((name for name in _LABEL if name in names), None))


def to_examples(
    file: str, rows: Iterable[FileRow | Problem], columns: Columns, task: ClassificationTask, *, numbers: bool = False
) -> Iterator[ClassificationExample | Problem]:
    """Turn each record of a file into an example, or a problem in its place.

    Without a label's column the examples are unlabelled; with `numbers` labels may be places of classes, not names.
    """
    for row in rows:
        if isinstance(row, Problem):
            yield row
            continue
        try:
            yield _example(row, columns, task, numbers)
        except UserError as error:
            yield Problem(
                file=file,
                row_id=_row_id(row),
                reason=str(error),
                row_number=row.row_number,
                line_number=row.line_number,
            )


def _example(row: FileRow, columns: Columns, task: ClassificationTask, numbers: bool) -> ClassificationExample:
    label: int | float | None = None
    if columns.label is not None:
        cell = row.fields.get(columns.label)
        if cell is None or cell == "":
            raise UserError(f"expected a label under {columns.label!r}, found none; fill it in or remove the row")
        label = score_of(cell) if task.labels is None else class_of(cell, task.labels, numbers)
    return ClassificationExample(
        example_id=_row_id(row),
        text_a=_text(row.fields, columns.text_a),
        text_b=None if columns.text_b is None else _text(row.fields, columns.text_b),
        label=label,
    )


def _text(fields: dict[str, Any], column: str) -> str:
    value = fields.get(column)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise UserError(f"expected a text under {column!r}, found none; fill it in or remove the row")
    if not isinstance(value, str):
        raise UserError(f"expected a text under {column!r}, found {value!r:.40}; put it in quotes")
    if _HALF_SURROGATE.search(value):
        raise UserError(f"expected UTF-8 under {column!r}, found bytes that are not (Big5, GBK?); save it as UTF-8")
    return value.strip()


def _row_id(row: FileRow) -> str:
    index = row.fields.get("index")
    return str(index) if isinstance(index, str | int) and str(index).strip() else row.row_id
