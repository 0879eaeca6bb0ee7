"""`qgkd generate`: passages in, questions with their answers out.

Comes in: documents, plain text, DRCD/SQuAD JSON, JSONL, CSV or Parquet, folders of documents, `-` for stdin. Goes out:
a quiz to read, or one row per question as JSONL, CSV or Parquet, or a file to take home (`qgkd.cli.take_home`).

A literal example: `qgkd generate lighthouse.txt -n 3` prints three numbered questions;
`qgkd generate passages.jsonl --output questions.csv` writes a row per question and can be killed and resumed.
"""

from __future__ import annotations

import itertools
import sys
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qgkd.cli import ray_option, take_home
from qgkd.cli.answer_option import AnswersOption, proposal_settings
from qgkd.cli.generator_options import SystemChoice, takes_system
from qgkd.cli.passages import expand_sources, holds_one_passage, read_sources
from qgkd.cli.stdout import write_stdout
from qgkd.errors import UserError
from qgkd.exports.export import ExportSettings, Sheet
from qgkd.files.addresses import is_address
from qgkd.quiz.output import json_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qgkd.generator import Generator
    from qgkd.quiz.file_run import BatchSummary
    from qgkd.quiz.question_rows import BatchOptions
    from qgkd.reading.readers import PassageRow, Problem

_output = partial(typer.Option, rich_help_panel="Output")
_ROW_SUFFIXES = {".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet"}


@takes_system
def generate(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files (.txt .docx .pdf .pptx .md, DRCD/SQuAD JSON, JSONL, CSV, Parquet) and folders of documents; "
            "- is stdin, its format read off the first line.",
        ),
    ],
    output: Annotated[
        str | None,
        _output("--output", "-o", metavar="FILE", help="Write JSONL, or by its suffix .csv or .parquet; s3://… too."),
    ] = None,
    number: Annotated[
        int, typer.Option("--number", "-n", min=1, help="Questions per passage without given answers.")
    ] = 5,
    per_answer: Annotated[int, typer.Option(min=1, help="Questions per answer, at most.")] = 1,
    proposed_by: AnswersOption = None,
    resume: Annotated[bool, _output("--resume", help="Go on with OUTPUT.partial.")] = False,
    force: Annotated[bool, _output("--force", help="Replace OUTPUT, start over.")] = False,
    json_object: Annotated[
        bool,
        _output("--json", help="One JSON object on stdout: the questions, or with --output a summary."),
    ] = False,
    jsonl: Annotated[bool, _output("--jsonl", help="One JSON row per question on stdout.")] = False,
    with_context: Annotated[bool, _output("--with-context", help="Repeat the passage in every row.")] = False,
    export: take_home.ExportFile = None,
    form: take_home.Form = "short-answer",
    export_format: take_home.ExportFormatName = None,
    sheet: take_home.SheetName = "both",
    with_passage: take_home.WithPassage = False,
    points: take_home.Points = None,
    versions: take_home.Versions = 1,
    batch_size: Annotated[int, typer.Option(min=1, help="Passages generated and written together.")] = 32,
    ray: ray_option.RayAddress = None,
    workers: ray_option.Workers = None,
    *,
    choice: SystemChoice,
) -> None:
    """Write questions for passages.

    Questions are about the answers given in the input; where a passage has none, answers are proposed. Rows that cannot
    be used are reported on stderr and skipped, and the exit code is 1 at the end.
    """
    if output is None and (resume or (force and export is None)):
        raise typer.BadParameter("--resume and --force need --output (--force also goes with --export)")
    to_take_home = take_home.Wanted(
        path=export,
        form=form,
        format_name=export_format,
        settings=ExportSettings(sheet=Sheet(sheet), points=points, versions=versions),
        with_passage=with_passage,
    )
    ray_option.check_options(ray, workers, to_file=output is not None)
    take_home.check_options(to_take_home, writes_elsewhere=output is not None or json_object or jsonl)
    if json_object and jsonl:
        raise typer.BadParameter("give --json or --jsonl, not both")
    from qgkd.quiz.question_rows import BatchOptions
    from qgkd.spans.propose import settled

    files = expand_sources(sources)
    wanted = BatchOptions(
        questions_per_passage=number,
        questions_per_answer=per_answer,
        proposed_by=settled(proposed_by),
        with_context=with_context,
        rows_per_batch=batch_size,
    )
    if export is not None:
        bad_rows = take_home.to_export(files, export, choice, wanted, to_take_home, force=force)
    elif output is not None:
        cluster = None if ray is None else ray_option.Cluster(address=ray, workers=workers)
        bad_rows = _to_file(
            files, output if is_address(output) else Path(output), choice, wanted,
            cluster=cluster, resume=resume, force=force, json_object=json_object,
        )  # fmt: skip
    else:
        bad_rows = _to_stdout(files, choice, wanted, "json" if json_object else "jsonl" if jsonl else None)
    if bad_rows:
        raise typer.Exit(1)


def _to_file(
    files: list[str],
    output: Path | str,
    choice: SystemChoice,
    wanted: BatchOptions,
    *,
    cluster: ray_option.Cluster | None,
    resume: bool,
    force: bool,
    json_object: bool,
) -> int:
    """Write a file and print a summary; returns the number of bad rows."""
    from rich.console import Console

    from qgkd.quiz.file_run import BatchProgress, check_output, generate_file, partial_path
    from qgkd.reading.readers import Problem

    check_output(output, resume=resume, force=force)
    rows = _first_read(read_sources(files))
    batches = None if cluster is None else cluster.batches(choice, wanted)
    # Of a model that works elsewhere, only the name and the size are wanted here, which need no GPU.
    generator = (choice if batches is None else replace(choice, device="cpu")).load()
    done_rows = 0
    with Console(stderr=True).status("reading") as status:

        def report(event: Problem | BatchProgress) -> None:
            nonlocal done_rows
            if isinstance(event, Problem):
                print(event, file=sys.stderr)
            else:
                done_rows = event.rows
                status.update(f"{done_rows:,} rows, {event.questions:,} questions")

        try:
            summary = generate_file(
                generator, rows, output, wanted,
                settings=choice.settings() | proposal_settings(wanted.proposed_by),
                resume=resume, force=force, report=report, batches=batches,
            )  # fmt: skip
        except KeyboardInterrupt:
            status.stop()
            sentence = f"interrupted: {done_rows:,} rows are kept in {partial_path(output)}; give --resume to go on"
            print(f"qgkd: {sentence}", file=sys.stderr)
            raise typer.Exit(130) from None
    _print_summary(summary)
    if json_object:
        write_stdout(json_line({"system": generator.name, **asdict(summary)}))
    return summary.bad_rows


def _print_summary(summary: BatchSummary) -> None:
    parts = [f"{summary.questions:,} questions from {summary.rows:,} rows in {summary.seconds:.1f} s"]
    if summary.bad_rows:
        parts.append(f"{summary.bad_rows:,} skipped and reported above")
    if summary.repaired_offsets:
        parts.append(f"wrong offsets repaired: {summary.repaired_offsets:,}")
    if summary.short_rows:
        parts.append(f"{summary.short_rows:,} passages with fewer than asked for")
    print(f"{summary.output}: {'; '.join(parts)}", file=sys.stderr)


def _to_stdout(files: list[str], choice: SystemChoice, wanted: BatchOptions, form: str | None) -> int:
    """Print a quiz, JSON rows as they come, or one JSON object; returns the number of bad rows."""
    from qgkd.quiz.question_rows import generate_batches
    from qgkd.reading.readers import PassageRow

    rows = read_sources(files)
    first = list(itertools.islice(rows, 2))
    generator = choice.load()
    if form is None and len(files) > 1 and all(map(holds_one_passage, files)):
        return sum(_show_one_of_several(generator, row, wanted) for row in itertools.chain(first, rows))
    if form is None and len(first) == 1 and isinstance(first[0], PassageRow) and not _is_row_format(files[0]):
        return _show(generator, first[0], wanted)
    questions: list[dict[str, Any]] = []
    problems: list[Problem] = []
    began = time.perf_counter()
    for batch in generate_batches(generator, itertools.chain(first, rows), wanted):
        problems += batch.problems
        for problem in batch.problems:
            print(problem, file=sys.stderr)
        if form == "json":
            questions += batch.questions
        else:
            write_stdout("".join(json_line(row) for row in batch.questions))
    bad_rows = [problem.to_json() for problem in problems if not problem.is_shortfall]
    if form == "json":
        short_rows = [problem.to_json() for problem in problems if problem.is_shortfall]
        summary = {"seconds": round(time.perf_counter() - began, 3), "questions": questions}
        write_stdout(json_line({"system": generator.name, **summary, "bad_rows": bad_rows, "short_rows": short_rows}))
    return len(bad_rows)


def _show_one_of_several(generator: Generator, row: PassageRow | Problem, wanted: BatchOptions) -> int:
    """Print the quiz of one file under the file's name; returns 1 where there is none."""
    from qgkd.reading.readers import Problem

    if isinstance(row, Problem):
        print(row, file=sys.stderr)
        return 1
    write_stdout(f"{row.row_id}\n")
    try:
        return _show(generator, row, wanted)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        write_stdout("\n")


def _show(generator: Generator, row: PassageRow, wanted: BatchOptions) -> int:
    """Print one passage's quiz as text; returns 0, the number of bad rows."""
    from rich.console import Console

    from qgkd.cli.show_quiz import show_quiz
    from qgkd.quiz.make import make_quizzes
    from qgkd.quiz.question_rows import order_for

    quiz = make_quizzes(generator, [order_for(row, wanted)])[0]
    if not quiz.items:
        raise UserError(f"{row.file}: {quiz.shortfall}")
    write_stdout(show_quiz(quiz, Console()))
    if quiz.shortfall:
        print(f"{row.file}: {quiz.shortfall}", file=sys.stderr)
    return 0


def _first_read(rows: Iterator[PassageRow | Problem]) -> Iterator[PassageRow | Problem]:
    """Read the first row now: an unreadable file is reported before a model is loaded or a file begun."""
    return itertools.chain(list(itertools.islice(rows, 1)), rows)


def _is_row_format(source: str) -> bool:
    return bool({suffix.lower() for suffix in Path(source).suffixes[-2:]} & _ROW_SUFFIXES)
