"""`qgkd data`: fetch the public training and test files, and check any data file before work depends on it.

Comes in: a folder, or a file. Goes out: verified files, or counts on stdout and one line per problem on stderr.

A literal example: `qgkd data check DRCD_dev.json` prints

    DRCD_dev.json: 1,000 paragraphs, 3,524 questions, 0 offsets repaired, 0 problems
    git blob daa42e47130e8d5b907b87e75cecc8fb807fd4f5: the official DRCD_dev.json
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qgkd.reading.drcd import OFFICIAL_BASE_URL, OFFICIAL_FILES

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

data = typer.Typer(help="Download the DRCD files, or check a data file.", no_args_is_help=True)


@data.command()
def drcd(
    out: Annotated[Path, typer.Option(help="The folder to write to; made if it is not there.")] = Path("data/drcd"),
    base_url: Annotated[str, typer.Option(help="The address the files lie under.")] = OFFICIAL_BASE_URL,
    files: Annotated[str, typer.Option(help="Which of the files, separated by commas.")] = ",".join(OFFICIAL_FILES),
) -> None:
    """Download the official DRCD files, resume what was cut off, and verify them by their git blob ids."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from qgkd.files.atomic import explain_write_error
    from qgkd.files.download import download_verified

    wanted = [name.strip() for name in files.split(",")]
    unknown = [name for name in wanted if name not in OFFICIAL_FILES]
    if unknown:
        raise typer.BadParameter(f"expected some of {', '.join(OFFICIAL_FILES)}, found {unknown[0]!r}")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_write_error(out, error) from error
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    for file in (OFFICIAL_FILES[name] for name in wanted):
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            show = functools.partial(_show, progress, progress.add_task(file.name, total=None))
            url = f"{base_url.rstrip('/')}/{file.name}"
            outcome = download_verified(url, out / file.name, file.blob_id, on_progress=show)
        print(f"{out / file.name}: {outcome}, verified ({(out / file.name).stat().st_size:,} bytes)", flush=True)


@data.command()
def check(
    file: Annotated[Path, typer.Argument(help="DRCD/SQuAD JSON, JSONL, CSV or Parquet.", show_default=False)],
) -> None:
    """Count paragraphs and questions, check every answer's offset, and tell whether it is an official DRCD file."""
    from qgkd.files.download import git_blob_id
    from qgkd.reading.drcd import official_name
    from qgkd.reading.readers import read_examples

    report = read_examples(file)
    paragraphs = len({(example.title, example.context) for example in report.examples})
    parts = [
        _count(paragraphs, "paragraph"),
        _count(len(report.examples), "question"),
        f"{_count(report.repaired, 'offset')} repaired",
        _count(len(report.problems), "problem"),
    ]
    if report.first_of_several:
        parts.insert(3, f"{report.first_of_several:,} without an offset placed at the first of several occurrences")
    print(f"{file}: {', '.join(parts)}")
    if file.is_file():
        blob_id = git_blob_id(file)
        official = official_name(blob_id)
        print(f"git blob {blob_id}: {f'the official {official}' if official else 'not one of the official DRCD files'}")
    for problem in report.problems:
        print(problem, file=sys.stderr)
    if report.problems:
        raise typer.Exit(1)


def _show(progress: Progress, task: TaskID, done_bytes: int, total_bytes: int | None) -> None:
    progress.update(task, completed=done_bytes, total=total_bytes)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
