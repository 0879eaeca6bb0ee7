"""`qgkd generate --export`: the questions as a file to take home, one file for all passages.

Comes in: passages, a system, the form wanted and the file's name. Goes out: the file; what it could not
hold is printed on stderr.

A literal example: `qgkd generate yushan.txt --form multiple-choice --export quiz.docx` writes a sheet with its key.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from qgkd.cli.passages import read_sources
from qgkd.errors import UserError
from qgkd.exports.export import MOST_VERSIONS, ExportSettings, Sheet
from qgkd.exports.formats import (
    FORMATS,
    MOST_POINTS,
    ExportFormat,
    check_installed,
    export_quiz,
    format_named,
    format_of,
)

if TYPE_CHECKING:
    from qgkd.cli.generator_options import SystemChoice
    from qgkd.generator import Generator
    from qgkd.question_forms import QuestionForm, QuizItem
    from qgkd.quiz.question_rows import BatchOptions
    from qgkd.reading.readers import PassageRow, Problem

_option = partial(typer.Option, rich_help_panel="Take home")
FormName = Literal["short-answer", "multiple-choice", "cloze", "true-false"]
if TYPE_CHECKING:
    FormatName = str
else:
    FormatName = Literal[tuple(each.name for each in FORMATS)]


def _file_kinds() -> str:
    """Every format by the end of a file's name."""
    *most, last = (f"{each.suffixes[0]} ({each.product})" if each.product else each.suffixes[0] for each in FORMATS)
    return f"{', '.join(most)} or {last}"


ExportFile = Annotated[Path | None, _option("--export", metavar="FILE", help=f"A quiz to take home: {_file_kinds()}.")]
Form = Annotated[FormName, _option(help="How the exported questions are asked.")]
ExportFormatName = Annotated[
    FormatName | None,
    _option("--export-format", help="The format, where the file's name does not tell."),
]
SheetName = Annotated[Literal["both", "student", "key"], _option("--sheet", help="Of a printed quiz: which pages.")]
WithPassage = Annotated[bool, _option("--with-passage", help="The passages above the questions (Word, HTML, Forms).")]
Points = Annotated[int | None, _option("--points", min=1, max=MOST_POINTS, help="Points of every question.")]
Versions = Annotated[
    int, _option("--versions", min=1, max=MOST_VERSIONS, help="Printed versions in another order: 2 for A and B.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options of a quiz to take home."""

    path: Path | None
    form: FormName
    format_name: FormatName | None
    settings: ExportSettings
    """Without the passages, which are read later."""
    with_passage: bool

    def of_format(self, path: Path) -> ExportFormat:
        """The format of the file.

        Raises:
            UserError: It is not known or not installed, or has no place for what is wanted.
        """
        export_format = format_named(self.format_name) if self.format_name else format_of(path)
        if not export_format.has_sheet and (self.settings.versions > 1 or self.settings.sheet is not Sheet.BOTH):
            raise UserError(
                f"{path}: expected a printed format with --versions or --sheet, found {export_format.name}; choose "
                ".docx or .html, or leave these out"
            )
        if self.with_passage and not export_format.has_passages:
            raise UserError(
                f"{path}: expected .docx, .html or .gs with --with-passage, found {export_format.name}; choose one of "
                "these or leave it out"
            )
        check_installed(export_format)
        return export_format


def check_options(wanted: Wanted, *, writes_elsewhere: bool) -> None:
    """Refuse options that do not go together.

    Raises:
        typer.BadParameter: Two places to write to, or options of an export without one.
    """
    if wanted.path is not None and writes_elsewhere:
        raise typer.BadParameter("give --export, --output, --json or --jsonl, not two of them")
    if wanted.path is None and wanted != Wanted(
        path=None, form="short-answer", format_name=None, settings=ExportSettings(), with_passage=False
    ):
        raise typer.BadParameter(
            "--form, --export-format, --sheet, --with-passage, --points and --versions need --export"
        )


def to_export(
    files: list[str],
    path: Path,
    choice: SystemChoice,
    options: BatchOptions,
    wanted: Wanted,
    *,
    force: bool,
) -> int:
    """Write the file.

    Args:
        files: Passages, as `qgkd.cli.passages.read_sources` takes them.
        path: The file; its name without its end is the quiz's title.
        choice: The system; its seed also chooses distractors and false statements.
        options: How many questions.
        wanted: How the questions are asked and written.
        force: Replace the file where there is one.

    Returns:
        How many passages or answers gave no question; each is reported on stderr.

    Raises:
        UserError: The format is not known or not installed, the file exists or cannot be written, or there is no
            question.
    """
    from qgkd.files.atomic import check_writable, write_atomically
    from qgkd.question_forms import QuestionForm, with_different_ids
    from qgkd.reading.readers import PassageRow

    export_format = wanted.of_format(path)
    if path.exists() and not force:
        raise UserError(f"{path}: expected a new file, found one; give --force to replace it or choose another name")
    check_writable(path)
    rows = list(read_sources(files))
    form = QuestionForm(wanted.form.replace("-", "_"))
    items, bad_rows = _items(choice.load(), rows, options, form, choice.search["seed"])
    passages = tuple(row.context for row in rows if isinstance(row, PassageRow)) if wanted.with_passage else ()
    settings = dataclasses.replace(wanted.settings, passages=passages)
    export = export_quiz(with_different_ids(items), path.name.partition(".")[0], export_format, settings=settings)
    with write_atomically(path, binary=True) as handle:
        handle.write(export.content)
    for notice in export.notices:
        print(f"{path}: {notice}", file=sys.stderr)
    print(f"{path}: {len(items) - export.left_out:,} questions", file=sys.stderr)
    return bad_rows


def _items(
    generator: Generator, rows: Iterable[PassageRow | Problem], wanted: BatchOptions, form: QuestionForm, seed: int
) -> tuple[list[QuizItem], int]:
    """The items of all passages, in order; problems are printed on stderr."""
    from qgkd.question_forms import Passage, build_items
    from qgkd.quiz.make import make_quizzes
    from qgkd.quiz.question_rows import order_for
    from qgkd.reading.readers import Problem

    items: list[QuizItem] = []
    bad_rows = 0
    for row in rows:
        if isinstance(row, Problem):
            print(row, file=sys.stderr)
            bad_rows += 1
            continue
        (quiz,) = make_quizzes(generator, [order_for(row, wanted)])
        name = str(row.row_id or row.row_number)
        for reason in (*quiz.refusals, *([quiz.shortfall] if quiz.shortfall and not quiz.refusals else [])):
            print(f"{name}: {reason}", file=sys.stderr)
        bad_rows += not quiz.items or bool(quiz.refusals)
        built = build_items(quiz.items, Passage(name, row.context, quiz.proposals), form, seed=seed)
        for notice in built.notices:
            print(f"{name}: {notice}", file=sys.stderr)
        items += built.items
    return items, bad_rows
