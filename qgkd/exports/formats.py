"""Every format a quiz can be taken home in.

Comes in: items, a title and a format, or the name of the file wanted. Goes out: `Export`.

A literal example: `export_quiz(items, "燈塔", ExportFormat.WORD).content` is a .docx; `format_of("quiz.apkg")` is
`ExportFormat.ANKI`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from qgkd.errors import UserError
from qgkd.exports.anki import export_anki
from qgkd.exports.export import Export, Sheet
from qgkd.exports.gift import export_gift
from qgkd.exports.html_page import export_html
from qgkd.exports.kahoot import export_kahoot
from qgkd.exports.moodle_xml import export_moodle_xml
from qgkd.exports.own_json import export_json
from qgkd.exports.qti import export_qti
from qgkd.exports.separated import export_csv, export_tsv
from qgkd.exports.word import export_word
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


_WRITERS = {
    ExportFormat.GIFT: export_gift,
    ExportFormat.MOODLE_XML: export_moodle_xml,
    ExportFormat.QTI: export_qti,
    ExportFormat.KAHOOT: export_kahoot,
    ExportFormat.ANKI: export_anki,
    ExportFormat.CSV: export_csv,
    ExportFormat.TSV: export_tsv,
    ExportFormat.JSON: export_json,
}
_SUFFIXES = {
    ".docx": ExportFormat.WORD,
    ".html": ExportFormat.HTML,
    ".htm": ExportFormat.HTML,
    ".gift": ExportFormat.GIFT,
    ".gift.txt": ExportFormat.GIFT,
    ".xml": ExportFormat.MOODLE_XML,
    ".zip": ExportFormat.QTI,
    ".xlsx": ExportFormat.KAHOOT,
    ".apkg": ExportFormat.ANKI,
    ".csv": ExportFormat.CSV,
    ".tsv": ExportFormat.TSV,
    ".json": ExportFormat.JSON,
}


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
    if export_format is ExportFormat.WORD:
        return export_word(items, title, sheet=sheet, language=language)
    if export_format is ExportFormat.HTML:
        return export_html(items, title, sheet=sheet, language=language)
    return _WRITERS[export_format](items, title, language=language)


def format_of(path: str | Path) -> ExportFormat:
    """Tell the format by the end of a file's name.

    Raises:
        UserError: The end is unknown.
    """
    name = Path(path).name.lower()
    for suffix, export_format in _SUFFIXES.items():
        if name.endswith(suffix):
            return export_format
    raise UserError(
        f"{Path(path).name}: expected a name that ends in {', '.join(_SUFFIXES)}, found another end; "
        "choose one of these or name the format"
    )
