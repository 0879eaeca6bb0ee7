"""Every format a quiz can be taken home in, one record each.

Comes in: items, a title, and a format, chosen by name or by the end of a file's name. Goes out: `Export`.

A literal example: `export_quiz(items, "燈塔", format_of("quiz.docx")).content` is a Word document.

A new format is a writer in a module of its own, a record here, and the page's words for it (`format.NAME`).
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qgkd.errors import UserError, how_to_install
from qgkd.exports.export import MOST_VERSIONS, Export, ExportSettings

if TYPE_CHECKING:
    from qgkd.question_forms import QuizItem
    from qgkd.text.language import Language


MOST_POINTS = 100
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """A kind of file; commands and the page read here what they offer."""

    name: str
    """As the command line takes it."""
    suffixes: tuple[str, ...]
    """Ends of a file's name that mean it; help shows the first."""
    media_type: str
    writer: str
    """Its function, as `module.function` of this folder; imported when a file is written, so that help stays quick."""
    page_suffix: str = ""
    """How the page ends its files' names, where not by the first suffix."""
    product: str = ""
    """The program that reads it, where help should name it."""
    has_sheet: bool = False
    """Whether it is printed: the pupil's sheet, the key, or both; in versions A and B."""
    has_passages: bool = False
    """Whether the passages can stand above the questions."""
    keeps_everything: bool = False
    """Whether it can hold every character, so that items are not cleaned."""
    library: str = ""
    """The module that the writer imports, where this package does not bring it without an extra."""
    package: str = ""
    """The name under which that library is installed."""
    extra: str = ""
    """The extra of this package that brings it."""

    @property
    def suffix(self) -> str:
        """How a file's name should end, with the dot."""
        return self.page_suffix or self.suffixes[0]


FORMATS = (
    ExportFormat(
        name="word", suffixes=(".docx",), writer="word.write_word", has_sheet=True, has_passages=True,
        library="docx", package="python-docx", extra="app",
        media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ExportFormat(
        name="html", suffixes=(".html", ".htm"), writer="html_page.write_html", has_sheet=True, has_passages=True,
        media_type="text/html; charset=utf-8",
    ),
    ExportFormat(
        name="gift", suffixes=(".gift", ".gift.txt"), page_suffix=".gift.txt", writer="gift.write_gift",
        product="Moodle", media_type="text/plain; charset=utf-8",
    ),
    ExportFormat(
        name="moodle-xml", suffixes=(".xml",), writer="moodle_xml.write_moodle_xml", product="Moodle",
        media_type="application/xml",
    ),
    ExportFormat(
        name="qti", suffixes=(".zip",), page_suffix=".qti.zip", writer="qti.write_qti", product="QTI",
        media_type="application/zip",
    ),
    ExportFormat(
        name="google-forms", suffixes=(".gs", ".gs.txt"), page_suffix=".gs.txt", has_passages=True,
        writer="google_forms.write_google_forms", product="Google Forms", media_type="text/plain; charset=utf-8",
    ),
    ExportFormat(
        name="kahoot", suffixes=(".kahoot.xlsx",), writer="kahoot.write_kahoot", product="Kahoot",
        library="openpyxl", package="openpyxl", extra="app", media_type=_EXCEL,
    ),
    ExportFormat(
        name="anki", suffixes=(".apkg",), writer="anki.write_anki", product="Anki",
        library="genanki", package="genanki", extra="app", media_type="application/octet-stream",
    ),
    ExportFormat(
        name="xlsx", suffixes=(".xlsx",), writer="excel.write_excel",
        library="openpyxl", package="openpyxl", extra="app", media_type=_EXCEL,
    ),
    ExportFormat(
        name="csv", suffixes=(".csv",), writer="separated.write_csv", media_type="text/csv; charset=utf-8"
    ),
    ExportFormat(
        name="tsv", suffixes=(".tsv",), writer="separated.write_tsv",
        media_type="text/tab-separated-values; charset=utf-8",
    ),
    ExportFormat(
        name="json", suffixes=(".json",), writer="own_json.write_json", keeps_everything=True,
        media_type="application/json",
    ),
)  # fmt: skip
"""In the order in which they are offered."""


def export_quiz(
    items: Sequence[QuizItem],
    title: str,
    export_format: ExportFormat,
    *,
    settings: ExportSettings | None = None,
    language: Language | None = None,
) -> Export:
    """Write a quiz in one format, labels in the items' language where None is given.

    Unfinished items are left out with a notice, except where the format keeps everything.

    Raises:
        UserError: There is no finished item, none that the format can hold, the format's library is not installed, or
            the settings are none.
    """
    from qgkd.exports.clean import clean_quiz, uncleaned_quiz

    settings = settings or ExportSettings()
    _check_settings(settings)
    check_installed(export_format)
    if not items:
        raise UserError("expected at least one question to export, found none; make or add a question first")
    clean = uncleaned_quiz if export_format.keeps_everything else clean_quiz
    quiz = clean(items, title, language, settings)
    if not quiz.items:
        raise UserError(
            f"expected at least one finished question to export, found none among {len(items)}; finish a question first"
        )
    lost, quiz = quiz.notices, dataclasses.replace(quiz, notices=())
    module, _, function = export_format.writer.partition(".")
    export: Export = getattr(importlib.import_module(f"qgkd.exports.{module}"), function)(quiz)
    # A writer counts the items it is given; the teacher counts the unfinished ones too.
    of_writer = (
        notice if notice.number is None else notice.with_number(quiz.numbers[notice.number - 1])
        for notice in export.notices
    )
    return dataclasses.replace(export, notices=(*lost, *of_writer))


def check_installed(export_format: ExportFormat) -> None:
    """Make sure that a format can be written, before the work of making a quiz for it.

    Raises:
        UserError: Its library is not installed; the sentence says how to install it, and what needs nothing.
    """
    if not export_format.library:
        return
    try:
        importlib.import_module(export_format.library)
    except ImportError as error:
        free = ", ".join(each.suffixes[0] for each in FORMATS if not each.library)
        raise UserError(
            f"{export_format.name}: expected the package {export_format.package}, which writes "
            f"{export_format.suffixes[0]}, found none ({error}); "
            f"{how_to_install(export_format.extra)}, or choose one that needs no package: {free}"
        ) from error


def _check_settings(settings: ExportSettings) -> None:
    if not 1 <= settings.versions <= MOST_VERSIONS:
        raise UserError(f"versions: expected 1 to {MOST_VERSIONS}, found {settings.versions}; give one of them")
    if settings.points is not None and not 1 <= settings.points <= MOST_POINTS:
        raise UserError(f"points: expected 1 to {MOST_POINTS} a question, found {settings.points}; give one of them")


def format_named(name: str) -> ExportFormat:
    """The format of that name, which must be one of theirs."""
    return {each.name: each for each in FORMATS}[name]


def format_of(path: str | Path) -> ExportFormat:
    """Tell the format by the end of a file's name.

    Raises:
        UserError: The end is unknown.
    """
    name = Path(path).name.lower()
    known = {suffix: each for each in FORMATS for suffix in each.suffixes}
    for suffix in sorted(known, key=len, reverse=True):  # quiz.kahoot.xlsx is no plain .xlsx
        if name.endswith(suffix):
            return known[suffix]
    raise UserError(
        f"{Path(path).name}: expected a name that ends in {', '.join(known)}, found another end; "
        "choose one of these or name the format"
    )
