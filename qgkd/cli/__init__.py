"""The command line: `qgkd COMMAND`.

Comes in: the arguments. Goes out: results on stdout, progress and problems on stderr, an exit code: 0 success,
1 a problem reported in one sentence, 2 wrong usage, 130 interrupted. Others use: `main`.

A literal example: `main(["data", "check", "missing.json"])` prints `qgkd: missing.json: expected a file, ...` on stderr
and returns 1.

Each command is a module of this package and imports torch, transformers or jieba only once it runs, so that
`qgkd --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from qgkd import __version__
from qgkd.cli.answers import answers
from qgkd.cli.app import app as serve_page
from qgkd.cli.compare import compare
from qgkd.cli.data import data
from qgkd.cli.distill import distill
from qgkd.cli.encoder import encoder
from qgkd.cli.evaluate import evaluate
from qgkd.cli.general import general
from qgkd.cli.generate import generate
from qgkd.cli.glue import glue
from qgkd.cli.inspect import inspect
from qgkd.cli.model import model
from qgkd.cli.recipe import recipe
from qgkd.cli.score import score
from qgkd.cli.selftrain import selftrain
from qgkd.cli.spans import spans
from qgkd.cli.student import student
from qgkd.cli.train import train
from qgkd.errors import UserError
from qgkd.files.atomic import WHILE_WRITING, explain_write_error

app = typer.Typer(
    name="qgkd",
    help="Chinese question generation: a paragraph goes in, questions with their answers come out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data, name="data")
app.add_typer(glue, name="glue")
app.add_typer(spans, name="spans")
_COMMANDS = (
    inspect, answers, generate, score, evaluate, train, student, general, distill, selftrain, recipe, compare, model,
    encoder, serve_page,
)  # fmt: skip
for command in _COMMANDS:
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"qgkd {__version__}")
        raise typer.Exit


@app.callback()
def qgkd(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Chinese question generation: a paragraph goes in, questions with their answers come out."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, by default the shell's; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")  # Chinese text goes out whole under any locale
    try:
        code = app(arguments, prog_name="qgkd", standalone_mode=False)
        sys.stdout.flush()
        _end_process_group()
    except UserError as error:
        return _complain(str(error))
    except (typer.Abort, KeyboardInterrupt):
        return _complain("interrupted", code=130)
    except BrokenPipeError:
        return _silence_stdout()
    except Exception as error:
        return _explain(error)
    return code if isinstance(code, int) else 0


def _end_process_group() -> None:
    """Under torchrun, exit together: a process that exits early aborts those still communicating with it."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def _explain(error: Exception) -> int:
    """Report wrong usage (exit code 2), system errors and unexpected ones, without a traceback."""
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if callable(show) and isinstance(code, int):  # click's own exceptions, which typer keeps under changing names
        show()
        return code
    if os.environ.get("QGKD_TRACEBACK"):
        raise error
    if isinstance(error, OSError) and error.filename is None and error.errno in WHILE_WRITING:
        _silence_stdout()
        return _complain(str(explain_write_error("stdout", error)))
    if isinstance(error, OSError) and error.filename is not None:
        return _complain(f"{error.filename}: {error.strerror}; check the path and your permissions")
    return _complain(
        f"unexpected {type(error).__name__}: {error}; this looks like a defect of qgkd: "
        "run it again with QGKD_TRACEBACK=1 set and report what it prints"
    )


def _complain(sentence: str, *, code: int = 1) -> int:
    print(f"qgkd: {' '.join(sentence.split())}", file=sys.stderr)
    return code


def _silence_stdout() -> int:
    """Stdout is closed (`| head`) or full: keep the interpreter's last flush from failing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
