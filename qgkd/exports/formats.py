"""Every format a quiz can be taken home in.

Comes in: items, a title and a format, or the name of the file wanted. Goes out: `Export`.

A literal example: `export_quiz(items, "燈塔", ExportFormat.WORD).content` is a .docx; `format_of("quiz.apkg")` is
`ExportFormat.ANKI`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from qgkd.exports.export import Export, Sheet
from qgkd.question_forms import Language, QuizItem


class ExportFormat(StrEnum):
    """Values are what the command line takes."""

    WORD = "word"
    HTML = "html"
    GIFT = "gift"
    MOODLE_XML = "moodle-xml"
    QTI = "qti"
    KAHOOT = "kahoot"
    ANKI = "anki"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"


def export_quiz(
    items: Sequence[QuizItem],
    title: str,
    export_format: ExportFormat,
    *,
    sheet: Sheet = Sheet.BOTH,
    language: Language | None = None,
) -> Export:
    """Write a quiz in one format.

    Args:
        items: In the order of the quiz, at least one.
        title: Of the quiz.
        export_format: Which.
        sheet: Which pages, for Word and HTML.
        language: Of the labels; that of the items where None.

    Returns:
        The file, and what it could not hold.

    Raises:
        UserError: There is no item, or none that the format can hold.
    """
    raise NotImplementedError


def format_of(path: str | Path) -> ExportFormat:
    """Tell the format by the end of a file's name.

    Raises:
        UserError: The end is unknown, or belongs to several formats.
    """
    raise NotImplementedError
