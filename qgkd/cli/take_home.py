"""`qgkd generate --export`: the questions as a file to take home, one file for all passages.

Comes in: passages, a system, the form wanted and the file's name. Goes out: the file; what it could not
hold is printed on stderr.

A literal example: `qgkd generate yushan.txt --form multiple-choice --export quiz.docx` writes a sheet with its key.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from qgkd.cli.passages import read_sources
from qgkd.errors import UserError
from qgkd.exports.formats import FORMATS, export_quiz, format_named, format_of

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


def check_options(
    export: Path | None, form: FormName, export_format: FormatName | None, *, writes_elsewhere: bool
) -> None:
    """Refuse options that do not go together.

    Raises:
        typer.BadParameter: Two places to write to, or options of an export without one.
    """
    if export is not None and writes_elsewhere:
        raise typer.BadParameter("give --export, --output, --json or --jsonl, not two of them")
    if export is None and (form != "short-answer" or export_format is not None):
        raise typer.BadParameter("--form and --export-format need --export")


def to_export(
    files: list[str],
    path: Path,
    choice: SystemChoice,
    wanted: BatchOptions,
    form_name: FormName,
    format_name: FormatName | None,
    *,
    force: bool,
) -> int:
    """Write the file.

    Args:
        files: Passages, as `qgkd.cli.passages.read_sources` takes them.
        path: The file; its name without its end is the quiz's title.
        choice: The system; its seed also chooses distractors and false statements.
        wanted: How many questions.
        form_name: How the questions are asked.
        format_name: Which format; by the file's name where None.
        force: Replace the file where there is one.

    Returns:
        How many passages or answers gave no question; each is reported on stderr.

    Raises:
        UserError: The format is not known, the file exists or cannot be written, or there is no question.
    """
    from qgkd.files.atomic import check_writable, write_atomically
    from qgkd.question_forms import QuestionForm, with_different_ids

    export_format = format_named(format_name) if format_name else format_of(path)
    if path.exists() and not force:
        raise UserError(f"{path}: expected a new file, found one; give --force to replace it or choose another name")
    check_writable(path)
    rows = list(read_sources(files))
    items, bad_rows = _items(
        choice.load(), rows, wanted, QuestionForm(form_name.replace("-", "_")), choice.search["seed"]
    )
    export = export_quiz(with_different_ids(items), path.name.partition(".")[0], export_format)
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
        built = build_items(quiz.items, Passage(name, row.cleaned.text, quiz.proposals), form, seed=seed)
        for notice in built.notices:
            print(f"{name}: {notice}", file=sys.stderr)
        items += built.items
    return items, bad_rows
