"""DRCD, SQuAD and CMRC 2018 JSON as records, one per question.

Comes in: the list under "data". Goes out: `FileRow` with id, title, context, question and the list of answers; a
paragraph without questions is one record without them.

A literal example (written for this project):

    {"version": "1.3", "data": [{"title": "燈塔", "id": "1", "paragraphs": [{"id": "1-1",
      "context": "燈塔建於1867年。", "qas": [{"id": "1-1-1", "question": "燈塔建於哪一年？",
      "answers": [{"id": "1", "text": "1867年", "answer_start": 4}]}]}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qgkd.errors import UserError
from qgkd.reading.file_rows import FileRow, Problem


def squad_rows(name: str, articles: list[Any]) -> Iterator[FileRow | Problem]:
    """Walk the articles listed under "data", their paragraphs and questions.

    Yields:
        A record per question, with all its answers; a problem per part that has another shape.

    Raises:
        UserError: There is no article at all.
    """
    if not articles:
        raise UserError(f'{name}: expected articles under "data", found an empty list; was the file written whole?')
    for row_number, (fields, fault) in enumerate(_questions(articles), start=1):
        if fault:
            yield Problem(file=name, row_id=str(fields["id"]), reason=fault, row_number=row_number)
        else:
            yield FileRow(row_number=row_number, line_number=None, fields=fields)


def _questions(articles: list[Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the fields of every question, and what is wrong with the structure around it ("" for nothing)."""
    for article_number, article in enumerate(articles, start=1):
        article_id = f"article {article_number}"
        paragraphs, fault = _list_in(article, "paragraphs")
        if fault:
            yield {"id": article_id}, fault
        for paragraph_number, paragraph in enumerate(paragraphs, start=1):
            paragraph_id = f"{article_id}, paragraph {paragraph_number}"
            if not isinstance(paragraph, dict):
                yield {"id": paragraph_id}, f"expected an object, found {type(paragraph).__name__}; mend or remove it"
                continue
            shared = {"title": article.get("title"), "context": paragraph.get("context")}
            paragraph_id = paragraph.get("id", paragraph_id)
            if "qas" not in paragraph:
                yield {"id": paragraph_id, **shared}, ""
                continue
            questions, fault = _list_in(paragraph, "qas")
            if fault:
                yield {"id": paragraph_id}, fault
            for question_number, question in enumerate(questions, start=1):
                question_id = f"{paragraph_id}, question {question_number}"
                if isinstance(question, dict):
                    yield {"id": question_id, "answers": [], **question, **shared}, ""
                else:
                    yield {"id": question_id}, f"expected an object, found {type(question).__name__}; mend or remove it"


def _list_in(parent: object, key: str) -> tuple[list[Any], str]:
    value = parent.get(key) if isinstance(parent, dict) else None
    if isinstance(value, list):
        return value, ""
    found = type(value).__name__ if isinstance(parent, dict) and key in parent else "none"
    return [], f'expected a list under "{key}", found {found}; mend or remove it'
