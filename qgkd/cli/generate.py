"""`qgkd generate`: passages in, questions with their answers out.

Comes in: DRCD/SQuAD JSON, JSONL, CSV, Parquet or plain text, `-` for stdin. Goes out: a quiz to read, or one row per
question as JSONL, CSV or Parquet, or a file to take home (`qgkd.cli.take_home`).

A literal example: `qgkd generate lighthouse.txt -n 3` prints three numbered questions;
`qgkd generate passages.jsonl --output questions.csv` writes a row per question and can be killed and resumed.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qgkd.cli import take_home
from qgkd.cli.generator_options import SystemChoice, takes_system
from qgkd.cli.stdout import write_stdout
from qgkd.errors import UserError
from qgkd.quiz.output import json_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qgkd.generator import Generator
    from qgkd.quiz.file_run import BatchSummary
    from qgkd.quiz.question_rows import BatchOptions
    from qgkd.reading.readers import PassageRow, Problem

_OUTPUT = "Output"
_ROW_SUFFIXES = {".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet"}


@takes_system
def generate(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="DRCD/SQuAD JSON, JSONL, CSV, Parquet or plain text; - is stdin, its format told by the first line.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write JSONL, or by its end .csv or .parquet.", rich_help_panel=_OUTPUT),
    ] = None,
    number: Annotated[
        int, typer.Option("--number", "-n", min=1, help="Questions per passage without given answers.")
    ] = 5,
    per_answer: Annotated[int, typer.Option(min=1, help="Questions per answer, at most.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with OUTPUT.partial.", rich_help_panel=_OUTPUT)
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace OUTPUT, start over.", rich_help_panel=_OUTPUT)
    ] = False,
    json_object: Annotated[
        bool,
        typer.Option(
            "--json",
            help="One JSON object on stdout: the questions, or with --output a summary.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON row per question on stdout.", rich_help_panel=_OUTPUT)
    ] = False,
    with_context: Annotated[
        bool, typer.Option("--with-context", help="Repeat the passage in every row.", rich_help_panel=_OUTPUT)
    ] = False,
    export: take_home.ExportFile = None,
    form: take_home.Form = "short-answer",
    export_format: take_home.ExportFormatName = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Passages generated, and put on the disk, together.")] = 32,
    *,
    choice: SystemChoice,
) -> None:
    """Write questions for passages.

    Answers given in the input are asked about; where a passage has none, they are proposed. Rows that cannot be used
    are told on stderr and skipped, and the exit code is 1 at the end.
    """
    if output is None and (resume or (force and export is None)):
        raise typer.BadParameter("--resume and --force need --output (--force also goes with --export)")
    take_home.check_options(export, form, export_format, writes_elsewhere=output is not None or json_object or jsonl)
    if json_object and jsonl:
        raise typer.BadParameter("give --json or --jsonl, not both")
    from qgkd.quiz.question_rows import BatchOptions

    wanted = BatchOptions(
        questions_per_passage=number,
        questions_per_answer=per_answer,
        with_context=with_context,
        rows_per_batch=batch_size,
    )
    if export is not None:
        bad_rows = take_home.to_export(source, export, choice, wanted, form, export_format, force=force)
    elif output is not None:
        bad_rows = _to_file(source, output, choice, wanted, resume=resume, force=force, json_object=json_object)
    else:
        bad_rows = _to_stdout(source, choice, wanted, "json" if json_object else "jsonl" if jsonl else None)
    if bad_rows:
        raise typer.Exit(1)


def _to_file(
    source: str,
    output: Path,
    choice: SystemChoice,
    wanted: BatchOptions,
    *,
    resume: bool,
    force: bool,
    json_object: bool,
) -> int:
    """Write a file and say what it came to; returns the number of bad rows."""
    from dataclasses import asdict

    from rich.console import Console

    from qgkd.quiz.file_run import check_output, generate_file
    from qgkd.reading.readers import read_passages

    check_output(output, resume=resume, force=force)
    rows = _first_read(read_passages(source))
    generator = choice.load()
    done_rows = 0
    with Console(stderr=True).status("reading") as status:

        def report(kind: str, value: dict[str, Any]) -> None:
            nonlocal done_rows
            if kind == "done":
                done_rows = value["rows"]
                status.update(f"{done_rows:,} rows, {value['questions']:,} questions")
            elif kind != "question":
                _complain(source, value)

        try:
            summary = generate_file(
                generator, rows, output, wanted,
                settings=choice.settings(), resume=resume, force=force, report=report,
            )  # fmt: skip
        except KeyboardInterrupt:
            status.stop()
            sentence = f"interrupted: {done_rows:,} rows are kept in {output}.partial; give --resume to go on"
            print(f"qgkd: {sentence}", file=sys.stderr)
            raise typer.Exit(130) from None
    _say_summary(summary)
    if json_object:
        write_stdout(json_line({"system": generator.name, **asdict(summary)}))
    return summary.bad_rows


def _say_summary(summary: BatchSummary) -> None:
    parts = [f"{summary.questions:,} questions from {summary.rows:,} rows in {summary.seconds:.1f} s"]
    if summary.bad_rows:
        parts.append(f"{summary.bad_rows:,} skipped and told above")
    if summary.repaired_offsets:
        parts.append(f"wrong offsets repaired: {summary.repaired_offsets:,}")
    if summary.short_rows:
        parts.append(f"{summary.short_rows:,} passages with fewer than asked for")
    print(f"{summary.output}: {'; '.join(parts)}", file=sys.stderr)


def _to_stdout(source: str, choice: SystemChoice, wanted: BatchOptions, form: str | None) -> int:
    """Print a quiz, JSON rows as they come, or one JSON object; returns the number of bad rows."""
    from qgkd.quiz.question_rows import generate_batches
    from qgkd.reading.readers import PassageRow, read_passages

    rows = read_passages(source)
    first = list(itertools.islice(rows, 2))
    generator = choice.load()
    if form is None and len(first) == 1 and isinstance(first[0], PassageRow) and not _is_row_format(source):
        return _show(source, generator, first[0], wanted)
    questions: list[dict[str, Any]] = []
    complaints: dict[str, list[dict[str, Any]]] = {"bad_row": [], "short_row": []}
    began = time.perf_counter()
    for _, records in generate_batches(generator, itertools.chain(first, rows), wanted):
        for kind, value in records:
            if kind != "question":
                complaints[kind].append(value)
                _complain(source, value)
            elif form == "json":
                questions.append(value)
            else:
                write_stdout(json_line(value))
    if form == "json":
        summary = {"seconds": round(time.perf_counter() - began, 3), "questions": questions}
        bad, short = complaints["bad_row"], complaints["short_row"]
        write_stdout(json_line({"system": generator.name, **summary, "bad_rows": bad, "short_rows": short}))
    return len(complaints["bad_row"])


def _show(source: str, generator: Generator, row: PassageRow, wanted: BatchOptions) -> int:
    """Print one passage's quiz for a person; returns 1 where there is no question at all."""
    from rich.console import Console

    from qgkd.cli.show_quiz import show_quiz
    from qgkd.quiz.make import make_quizzes
    from qgkd.quiz.question_rows import order_for

    quiz = make_quizzes(generator, [order_for(row, wanted)])[0]
    if not quiz.items:
        raise UserError(f"{source}: {quiz.shortfall}")
    write_stdout(show_quiz(quiz, Console()))
    if quiz.shortfall:
        print(f"{source}: {quiz.shortfall}", file=sys.stderr)
    return 0


def _first_read(rows: Iterator[PassageRow | Problem]) -> Iterator[PassageRow | Problem]:
    """Read the first row now: a file that cannot be read is told before anything is loaded or begun."""
    return itertools.chain(list(itertools.islice(rows, 1)), rows)


def _is_row_format(source: str) -> bool:
    return bool({suffix.lower() for suffix in Path(source).suffixes[-2:]} & _ROW_SUFFIXES)


def _complain(source: str, value: dict[str, Any]) -> None:
    from qgkd.reading.readers import Problem

    problem = Problem(
        file=source, row_id=value["id"], reason=value["reason"], row_number=value["row"], line_number=value["line"]
    )
    print(str(problem), file=sys.stderr)
