"""CSV for a spreadsheet, one row per item, and TSV for flash cards, one question and answer per line.

Comes in: a quiz. Goes out: `Export`.

A literal example of a TSV line: `燈塔由哪位工程師設計？ A. 陳大山 B. 林文海<tab>B. 林文海`.

A text that a spreadsheet would run as a formula (one that begins with = + - @ or their full-width forms, a tab or a
carriage return) gets an apostrophe before it.
Source: OWASP, "CSV Injection". Differs: a text that begins with apostrophes and such a character gets one more, so that
taking one away always gives the item's text back.
"""

from __future__ import annotations

import csv
import io
import re

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.exports.labels import key_of, label, letter_of, lettered, type_label
from qgkd.question_forms import Notice, QuestionForm, QuizItem

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_LINE_OR_TAB = re.compile(r"[\n\t]+")


def write_csv(quiz: ExportedQuiz) -> Export:
    """Write a table: UTF-8 with a byte order mark, which Excel needs to read Chinese; it has no place for the title."""
    rows = [_heads(quiz), *(_row(number, item, quiz) for number, item in enumerate(quiz.items, start=1))]
    notices, rows = _without_formulas(quiz.notices, rows)
    handle = io.StringIO(newline="")
    csv.writer(handle).writerows(rows)
    return Export(content=handle.getvalue().encode("utf-8-sig"), notices=notices)


def write_tsv(quiz: ExportedQuiz) -> Export:
    """Write flash cards for Quizlet and its like: the question with its options, a tab, the answer.

    Line breaks and tabs within a text are turned into spaces; the title has no place.
    """
    notices = list(quiz.notices)
    rows = []
    for number, item in enumerate(quiz.items, start=1):
        cells = [" ".join([item.prompt, *lettered(item)]), key_of(item, quiz.language)]
        if any(_LINE_OR_TAB.search(cell) for cell in cells):
            notices.append(Notice.of("lines_joined", number=number))
        rows.append([_LINE_OR_TAB.sub(" ", cell) for cell in cells])
    # Flash card sites take a line apart at its tab and know no quotation marks.
    all_notices, rows = _without_formulas(tuple(notices), rows)
    return Export(content="".join("\t".join(row) + "\n" for row in rows).encode("utf-8"), notices=all_notices)


def _heads(quiz: ExportedQuiz) -> list[str]:
    options = [label("option", quiz.language, letter=letter_of(index)) for index in range(_most_options(quiz))]
    names = ("number", "form", "question", "correct_option", "answer", "source", "answer_type", "confidence", "passage")
    heads = [label(name, quiz.language) for name in names]
    return [*heads[:3], *options, *heads[3:]]


def _row(number: int, item: QuizItem, quiz: ExportedQuiz) -> list[str]:
    options = [*item.options, *[""] * (_most_options(quiz) - len(item.options))]
    if item.form is QuestionForm.TRUE_FALSE:
        verdict = label("true" if item.is_true else "false", quiz.language)
    else:
        verdict = "" if item.correct_index is None else letter_of(item.correct_index)
    return [
        str(number),
        label(item.form.value, quiz.language),
        item.prompt,
        *options,
        verdict,
        item.answer,
        item.source_sentence,
        type_label(item.answer_type, quiz.language),
        label(item.confidence.value, quiz.language),
        item.passage_id,
    ]


def _most_options(quiz: ExportedQuiz) -> int:
    return max(len(item.options) for item in quiz.items)


def _without_formulas(notices: tuple[Notice, ...], rows: list[list[str]]) -> tuple[tuple[Notice, ...], list[list[str]]]:
    """The rows with an apostrophe before every formula, and a notice of how many there are."""
    count = sum(_FORMULA.match(cell) is not None for row in rows for cell in row)
    escaped = [[f"'{cell}" if _FORMULA.match(cell) else cell for cell in row] for row in rows]
    return ((*notices, Notice.of("formulas_escaped", count=count)) if count else notices), escaped
