"""`qgkd answers`: propose answers in a text.

Comes in: text files, documents and folders of them, or stdin. Goes out: each text with its answers coloured by type and
a table, or JSON.

A literal example: `echo 燈塔由林文海設計。 | qgkd answers - --jsonl` prints

    {"text": "林文海", "start_char": 3, "end_char": 6, "type": "person", "score": -0.4}
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qgkd.cli.answer_option import AnswersOption
from qgkd.cli.passages import document_text, expand_sources
from qgkd.cli.stdout import write_stdout
from qgkd.errors import UserError
from qgkd.reading.row_formats import refuse_markup

if TYPE_CHECKING:
    from rich.console import Console

    from qgkd.answer import AnswerSpan

_COLOURS = {
    "date": "black on bright_yellow",
    "number": "black on bright_green",
    "person": "black on bright_cyan",
    "place": "black on bright_magenta",
    "organisation": "white on blue",
    "work": "white on red",
    "term": "black on white",
    "clause": "underline",
}
_SHOWN_CHARS = 4000


def answers(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[INPUT...]", help="Files (.txt .docx .pdf .pptx .md) and folders; - is stdin, UTF-8."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many answers, the best ones.")] = None,
    proposed_by: AnswersOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else on stdout.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object per answer, one per line.")] = False,
) -> None:
    """Propose answers in a text: dates, numbers, people, places, organisations, works, terms, clauses."""
    if as_json and as_jsonl:
        raise UserError("expected --json or --jsonl, found both; choose one")
    files = expand_sources(sources or ["-"])
    from qgkd.spans.propose import propose, settled

    by = settled(proposed_by)
    found: list[dict[str, Any]] = []
    for file in files:
        try:
            context = _read_text(file)
        except UserError as error:
            if len(files) == 1:
                raise
            print(error, file=sys.stderr)
            continue
        spans = propose(context, limit=limit, by=by)
        name = {"file": file} if len(files) > 1 else {}
        records = [_record(span) for span in spans]
        found.append({**name, "answers": records, "count": len(records)})
        if as_jsonl:
            lines = (json.dumps({**name, **record}, ensure_ascii=False) + "\n" for record in records)
            write_stdout("".join(lines))
        elif not as_json:
            write_stdout(f"{file}\n" if name else "")
            _show(context, spans)
    if as_json:
        write_stdout(json.dumps(found[0] if len(files) == 1 else {"files": found}, ensure_ascii=False) + "\n")
    if len(found) < len(files):
        raise typer.Exit(1)


def _record(span: AnswerSpan) -> dict[str, Any]:
    return {
        "text": span.text,
        "start_char": span.start_char,
        "end_char": span.end_char,
        "type": str(span.type),
        "score": round(span.score, 3),
    }


def _read_text(file: str) -> str:
    """The whole text without its byte order mark; offsets are those of the file, of a document those of its text."""
    document = document_text(file)
    if document is not None:
        return document
    name = "stdin" if file == "-" else file
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UserError(f"{name}: expected a readable text file, found: {error.strerror}; check the path") from error
    try:
        context = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name}: expected UTF-8 text, found byte {content[error.start]:#04x} at byte {error.start}; "
            "convert it first"
        ) from error
    if not context.strip():
        raise UserError(f"{name}: expected a text, found an empty file; give a file with text in it")
    refuse_markup(name, context)
    return context


def _show(context: str, spans: list[AnswerSpan]) -> None:
    """The text with its answers in colour, then the table in order of rank."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout)
    text = Text(context[:_SHOWN_CHARS])
    for span in spans:
        text.stylize(_COLOURS[str(span.type)], span.start_char, span.end_char)
    console.print(text)
    if len(context) > _SHOWN_CHARS:
        _note(console, f"({len(context) - _SHOWN_CHARS:,} more characters not shown)")
    table = Table("rank", "answer", "type", "from", "to", "score")
    for rank, span in enumerate(spans, start=1):
        answer = Text(span.text, style=_COLOURS[str(span.type)])
        table.add_row(str(rank), answer, str(span.type), str(span.start_char), str(span.end_char), f"{span.score:.1f}")
    if spans:
        console.print(table)
    else:
        _note(console, "No answers found: the text holds no name, number, date or noun that could be asked about.")


def _note(console: Console, sentence: str) -> None:
    console.print(sentence, style="dim", markup=False)
