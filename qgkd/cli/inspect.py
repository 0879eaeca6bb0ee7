"""`qgkd inspect`: a data file as the model reads it.

Comes in: a data file. Goes out: examples with the meant occurrence of the answer highlighted, their windows, what was
cut, and with `--rows` every position of their rows.

A literal example: `qgkd inspect train.jsonl --model runs/teacher --id 1147-5-1 --rows --positions`
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qgkd.cli.stdout import write_stdout
from qgkd.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from qgkd.model_input.input_format import InputFormat
    from qgkd.model_input.inspection import Inspection
    from qgkd.reading.examples import QGExample
    from qgkd.reading.readers import ReadReport


def inspect(
    file: Annotated[str, typer.Argument(metavar="FILE", help="DRCD/SQuAD JSON, JSONL, CSV, Parquet; - is stdin.")],
    model: Annotated[str | None, typer.Option(help="A model folder or hub name: its tokenizer and format.")] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="A folder with a tokenizer; without, every character is a token.")
    ] = None,
    attention: Annotated[str | None, typer.Option(help="`recurrent` or `prefix` (the default).")] = None,
    layout: Annotated[str | None, typer.Option(help="`plain`, `marked` (the default) or `shared`.")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Show this example alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show so many examples.")] = 3,
    rows: Annotated[bool, typer.Option("--rows", help="Show the rows: every token, every [MASK], its label.")] = False,
    positions: Annotated[bool, typer.Option("--positions", help="Token types and position ids beneath.")] = False,
    json_object: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show examples, their windows, and the [MASK] rows made of them."""
    if model is not None and tokenizer is not None:
        raise typer.BadParameter("give --model or --tokenizer, not both")
    report, examples = _read(file, id_, limit)
    chosen, input_format = _tokenizer_and_format(model, tokenizer, attention, layout, examples)
    from qgkd.model_input.inspection import inspect_example

    inspections: list[Inspection] = []
    complaints = [str(problem) for problem in report.problems]
    for example in examples:
        try:
            inspections.append(inspect_example(chosen, input_format, example))
        except UserError as error:
            complaints.append(f"{file}: {example.example_id}: {error}")
    for complaint in complaints:
        print(" ".join(complaint.split()), file=sys.stderr)
    if json_object:
        _print_json(file, input_format, inspections, complaints, rows=rows or positions)
    else:
        _print(input_format, inspections, rows=rows or positions, positions=positions)
    if complaints:
        raise typer.Exit(1)


def _read(file: str, id_: str | None, limit: int) -> tuple[ReadReport, list[QGExample]]:
    from qgkd.reading.readers import read_examples

    report = read_examples(file, limit=None if id_ is not None else limit)
    examples = [example for example in report.examples if id_ is None or example.example_id == id_]
    if id_ is not None and not examples:
        raise UserError(
            f"{file}: expected an example with the id {id_!r}, found none among {len(report.examples):,}; check the id"
        )
    if not examples and not report.problems:
        raise UserError(f"{file}: expected examples with a passage and an answer, found none; check the file")
    return report, examples


def _tokenizer_and_format(
    model: str | None, folder: Path | None, attention: str | None, layout: str | None, examples: list[QGExample]
) -> tuple[PreTrainedTokenizerFast, InputFormat]:
    """The model's own, or a tokenizer with the options' format."""
    if model is not None:
        from qgkd.checkpoints.checkpoint import load_checkpoint

        checkpoint = load_checkpoint(model, attention=attention, layout=layout)
        return checkpoint.tokenizer, checkpoint.input_format
    from qgkd.checkpoints.record import new_format
    from qgkd.checkpoints.tokenizer_folder import load_tokenizer

    input_format = new_format(attention or "prefix", layout or "marked")
    if folder is not None:
        return load_tokenizer(folder), input_format
    from qgkd.checkpoints.character_tokenizer import character_tokenizer

    print("no --model or --tokenizer given: every character is taken for a token", file=sys.stderr)
    texts = [text for example in examples for text in (example.context, example.question)]
    return character_tokenizer(texts), input_format


def _print_json(
    file: str, input_format: InputFormat, inspections: list[Inspection], complaints: list[str], *, rows: bool
) -> None:
    import json

    shown = [inspection.to_json(with_rows=rows) for inspection in inspections]
    found = {"file": file, "format": input_format.to_json(), "examples": shown, "problems": complaints}
    write_stdout(json.dumps(found, ensure_ascii=False) + "\n")


def _print(input_format: InputFormat, inspections: list[Inspection], *, rows: bool, positions: bool) -> None:
    from rich.console import Console

    from qgkd.cli.show_inspection import Display, legend, show_inspection
    from qgkd.model_input.input_format import Layout
    from qgkd.model_input.inspection import describe

    console = Console(soft_wrap=True, highlight=False)
    display = Display(rows=rows, positions=positions, answer_positions=input_format.layout is Layout.SHARED)
    write_stdout(f"{describe(input_format)}\n")
    if rows and console.is_terminal:
        with console.capture() as capture:
            console.print(legend())
        write_stdout(capture.get())
    for inspection in inspections:
        write_stdout("\n" + show_inspection(inspection, display, console))
