"""A plain spreadsheet, one row per item, whose cells are texts that nothing is made of.

Comes in: a quiz. Goes out: `Export`.

A literal example: the cell with 1/2 is a text of the number format `@`, so that it is no second of January, also after
it is edited.
"""

from __future__ import annotations

import io
import re
from typing import Any

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.exports.table import heads_of, rows_of

_ESCAPE_OF_EXCEL = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_A_PAGE_NAME = re.compile(r"[\[\]:*?/\\']")
_PAGE_NAME_CHARS = 31
_NARROW_CHARS, _WIDE_CHARS = 10, 40


def write_excel(quiz: ExportedQuiz) -> Export:
    """Write the spreadsheet: the heads stay in view, long texts are wrapped; the title is the page's name."""
    import openpyxl
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    page = book.active
    page.title = _NOT_IN_A_PAGE_NAME.sub(" ", quiz.title).strip()[:_PAGE_NAME_CHARS] or "Quiz"
    heads, rows = heads_of(quiz), rows_of(quiz)
    for column, head in enumerate(heads, start=1):
        write_text(page.cell(row=1, column=column), head).font = Font(bold=True)
        longest = max(len(row[column - 1]) for row in rows)
        width = _WIDE_CHARS if longest > _NARROW_CHARS else 2 * _NARROW_CHARS if longest > 2 else _NARROW_CHARS
        page.column_dimensions[get_column_letter(column)].width = width
    for at, (number, *texts) in enumerate(rows, start=2):
        page.cell(row=at, column=1, value=int(number))
        for column, text in enumerate(texts, start=2):
            write_text(page.cell(row=at, column=column), text).alignment = Alignment(wrap_text=True, vertical="top")
    page.freeze_panes = "A2"
    handle = io.BytesIO()
    book.save(handle)
    return Export(content=handle.getvalue(), notices=quiz.notices)


def write_text(cell: Any, text: str) -> Any:
    """Write a text as it is and return the cell: = begins no formula, 1/2 is no date, _x0041_ is no escaped A."""
    if text:
        cell.value = _ESCAPE_OF_EXCEL.sub("_x005F_", text)
        cell.data_type = "s"
        cell.quotePrefix = True
    cell.number_format = "@"
    return cell
