"""CSV for a spreadsheet, one row per item, and TSV for flash cards, one question and answer per line.

Comes in: a quiz. Goes out: `Export`.

A literal example of a TSV line: `燈塔由哪位工程師設計？ A. 陳大山 B. 林文海<tab>B. 林文海`.

Every CSV cell is quoted, so that a spreadsheet that also cuts at semicolons moves none. A text that it would run as a
formula (one that begins with = + - @ or their full-width forms, a tab or a carriage return), or turn into a number, a
date, a time or a truth value (1/2, 007, 1908年4月20日), gets an apostrophe before it.
Source: OWASP, "CSV Injection". Differs: a text that begins with apostrophes and such a character gets one more, so that
taking one away always gives the item's text back.
"""

from __future__ import annotations

import csv
import io
import re

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.exports.labels import key_of, lettered
from qgkd.exports.table import heads_of, rows_of
from qgkd.question_forms import Notice

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_RETYPED = re.compile(
    # Digits with what stands in numbers, dates, times, currencies and shares, in either width.
    r"'*(?:(?=.*[0-9０-９])(?:[0-9０-９\s.,:/()+\-%$¥￥€£．，：／％年月日號号時时點点分秒民國国西公元]|NT|上午|下午|[AP]\.?M\.?|E)+"
    # Dates of two parts with an English month, which also are names of genes: 5-May, MARCH1.
    rf"|(?:[0-9]+[\s\-/.]*)?{_MONTH}\.?[\s\-/,.]*[0-9]+(?:[\s\-/,.]+[0-9]+)?|[0-9]+[\s\-/.]*{_MONTH}"
    r"|TRUE|FALSE|ＴＲＵＥ|ＦＡＬＳＥ|真|假)",
    re.IGNORECASE,
)
_LINE_OR_TAB = re.compile(r"[\n\t]+")


def write_csv(quiz: ExportedQuiz) -> Export:
    """Write a table: UTF-8 with a byte order mark, which Excel needs to read Chinese; it has no place for the title."""
    notices, rows = _without_formulas(quiz.notices, rows_of(quiz))
    retyped = sum(_is_retyped(cell) for row in rows for cell in row[1:])
    rows = [[row[0], *(f"'{cell}" if _is_retyped(cell) else cell for cell in row[1:])] for row in rows]
    if retyped:
        notices = (*notices, Notice.of("retyping_prevented", count=retyped))
    handle = io.StringIO(newline="")
    csv.writer(handle, quoting=csv.QUOTE_ALL).writerows([heads_of(quiz), *rows])
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


def _is_retyped(cell: str) -> bool:
    """Whether a spreadsheet would make something else of a text; one that is escaped as a formula stays."""
    return _FORMULA.match(cell) is None and _RETYPED.fullmatch(cell) is not None


def _without_formulas(notices: tuple[Notice, ...], rows: list[list[str]]) -> tuple[tuple[Notice, ...], list[list[str]]]:
    """The rows with an apostrophe before every formula, and a notice of how many there are."""
    count = sum(_FORMULA.match(cell) is not None for row in rows for cell in row)
    escaped = [[f"'{cell}" if _FORMULA.match(cell) else cell for cell in row] for row in rows]
    return ((*notices, Notice.of("formulas_escaped", count=count)) if count else notices), escaped
