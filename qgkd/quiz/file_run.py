"""Writes questions for a file of passages, records them in the journal, and continues an interrupted run.

Comes in: passages, as `qgkd.reading.readers.read_passages` gives them, and a generator. Goes out: a JSONL, CSV or
Parquet file of questions (rows as `qgkd.quiz.question_rows` makes them) and a `BatchSummary`.

A literal example: `generate_file(RuleGenerator(), read_passages("in.jsonl"), Path("out.csv"), BatchOptions())`.

Progress goes to `OUT.partial` (see `qgkd.files.journal`), a whole batch at a time: a batch is generated together, so
a run that goes on after a kill begins at the same batch and writes what an uninterrupted one would have written.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qgkd import __version__
from qgkd.errors import UserError
from qgkd.files.addresses import exists_at, is_address, name_in
from qgkd.files.atomic import explain_write_error
from qgkd.files.journal import Journal, Record, open_journal
from qgkd.generator import Generator
from qgkd.quiz.output import write_output
from qgkd.quiz.question_rows import BatchOptions, BatchResult, generate_batches
from qgkd.reading.readers import PassageRow, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSummary:
    """Totals of a run, an earlier run's part included."""

    rows: int
    questions: int
    bad_rows: int
    short_rows: int
    """Passages that gave fewer questions than asked for."""
    repaired_offsets: int
    """Given answers whose offset was wrong and that were found elsewhere in their passage."""
    seconds: float
    """Of this run alone."""
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """How far a run is, after each batch."""

    rows: int
    questions: int


Report = Callable[[Problem | BatchProgress], None]
"""Called with every problem, and with the progress after each batch."""

Batches = Callable[[Iterable[PassageRow | Problem]], Iterable[BatchResult]]
"""Turns the rows into batches of `BatchOptions.rows_per_batch`, in their order."""


def partial_path(output: Path | str) -> Path:
    """The progress file of an unfinished output: beside it, or of an address in the working folder."""
    if is_address(output):
        return Path(name_in(str(output)) + ".partial")
    return Path(output).with_name(Path(output).name + ".partial")


def generate_file(
    generator: Generator,
    rows: Iterable[PassageRow | Problem],
    output: Path | str,
    options: BatchOptions,
    *,
    settings: dict[str, Any] | None = None,
    resume: bool = False,
    force: bool = False,
    report: Report | None = None,
    batches: Batches | None = None,
) -> BatchSummary:
    """Write the questions of a whole file, resuming where an earlier run was cut off.

    Args:
        generator: The rule or a model.
        rows: The passages, from the first one on, also when resuming: those done are read and skipped.
        output: A path or address (`s3://…`) ending in .csv or .parquet, or JSONL under any other name.
        options: How many questions, how many rows together.
        settings: What else decides the result (model, decoding), as JSON values: a resumed run must have the same.
        resume: Go on with `OUT.partial`; begin where there is none.
        force: Start over, replacing what is there.
        report: Called with every problem, those of an earlier run first, and with the progress after each batch.
        batches: What writes the batches, elsewhere (`qgkd.quiz.ray_batches`); None: the generator, in this process.

    Returns:
        The summary; `bad_rows` counts the rows and answers that were reported and skipped.

    Raises:
        UserError: The output or its progress file exists already, or cannot be written; finished batches are kept.
    """
    began = time.perf_counter()
    check_output(output, resume=resume, force=force)
    header = {
        "qgkd": __version__,
        "system": {"name": generator.name, "parameters": generator.parameters},
        "options": asdict(options),
        "settings": settings or {},
    }
    journal = open_journal(partial_path(output), header, start_over=force)
    try:
        batches = batches or (lambda rows: generate_batches(generator, rows, options))
        repaired = _fill(journal, rows, batches, report or (lambda _: None))
        try:
            write_output(output, journal, with_context=options.with_context)
        except UserError as error:
            raise UserError(f"{error}; every question is kept in {journal.path}: go on with --resume") from error
        summary = BatchSummary(
            rows=journal.progress.rows,
            questions=journal.progress.questions,
            bad_rows=journal.progress.bad_rows,
            short_rows=journal.progress.short_rows,
            repaired_offsets=repaired,
            seconds=round(time.perf_counter() - began, 3),
            output=str(output),
        )
        journal.remove()
        return summary
    finally:
        journal.close()


def _fill(journal: Journal, rows: Iterable[PassageRow | Problem], batches: Batches, report: Report) -> int:
    """Do the rows that the journal does not have yet; returns the offsets repaired in all."""
    iterator, digest, repaired, file = iter(rows), hashlib.sha256(), 0, ""
    files: dict[int, str] = {}
    for row in itertools.islice(iterator, journal.progress.items):
        repaired += _count_in(digest, row)
        file = files[row.row_number] = row.file
    if journal.progress.items and digest.hexdigest() != journal.progress.input_sha256:
        raise UserError(
            f"{journal.path}: expected the input of the earlier run, found other rows among the first "
            f"{journal.progress.rows}; give the same input, or --force to start over"
        )
    for kind in ("bad_row", "short_row"):
        for record in journal.records(kind):
            report(Problem.from_json(record, file=files.get(record["row"], file), is_shortfall=kind == "short_row"))
    for batch in batches(iterator):
        repaired += sum(_count_in(digest, row) for row in batch.rows)
        items = journal.progress.items + len(batch.rows)
        journal.commit(_records(batch), items=items, rows=batch.rows[-1].row_number, input_sha256=digest.hexdigest())
        for problem in batch.problems:
            report(problem)
        report(BatchProgress(rows=journal.progress.rows, questions=journal.progress.questions))
    return repaired


def _records(batch: BatchResult) -> list[Record]:
    """The batch as lines of the journal."""
    problems = [("short_row" if one.is_shortfall else "bad_row", one.to_json()) for one in batch.problems]
    return [*(("question", row) for row in batch.questions), *problems]


def _count_in(digest: hashlib._Hash, row: PassageRow | Problem) -> int:
    """Add a row to the digest by which a resumed run recognises its input; returns how many offsets were repaired."""
    if isinstance(row, Problem):
        parts: list[Any] = [row.row_number, row.row_id, row.reason]
    else:
        answers = [[answer.start_char, answer.text] for answer in row.answers]
        parts = [row.row_number, row.row_id, row.context, answers]
    digest.update(json.dumps(parts).encode())
    return 0 if isinstance(row, Problem) else row.repaired_answers


def check_output(output: Path | str, *, resume: bool, force: bool) -> None:
    """Refuse to overwrite a finished file, or to lose an unfinished one, without `--resume` or `--force`.

    Raises:
        UserError: The output or its progress file exists, and neither `resume` nor `force` allows for it.
    """
    if str(output) == "-":
        raise UserError("expected a file after --output, found - (stdout); leave --output out and give --jsonl")
    partial = partial_path(output)
    try:
        partial.exists()
    except OSError as error:  # a name that is too long
        raise explain_write_error(output, error) from error
    found = exists_at(str(output)) if is_address(output) else Path(output).exists()
    if found and not is_address(output) and not Path(output).is_file():
        raise UserError(
            f"{output}: expected a file to write, found a folder or a device; leave --output out for stdout"
        )
    if resume and force:
        raise UserError("expected --resume (go on) or --force (start over), found both; give one of them")
    if force or (resume and partial.exists()):
        return
    if partial.exists():
        raise UserError(
            f"{partial}: expected no unfinished run, found one; give --resume to go on with it or --force to start over"
        )
    if found:
        raise UserError(
            f"{output}: expected a new file, found a finished one; give --force to replace it or another --output"
        )
