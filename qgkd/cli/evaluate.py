"""`qgkd evaluate`: scores a system's questions against the human-written ones of a file.

Comes in: a file of examples with questions, and a system. Goes out: the scores with their definition, as a table or one
JSON object, and what the system wrote as a file that `qgkd score` reads.

A literal example: `qgkd evaluate --data DRCD_test.json --system rule --exclude-articles-of DRCD_dev.json` prints two
rows, one for all 3,493 questions and one for the 608 of articles that DRCD dev does not have.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from qgkd.cli.generator_options import SystemChoice, takes_system
from qgkd.cli.stdout import write_stdout

if TYPE_CHECKING:
    from qgkd.reading.examples import QGExample
    from qgkd.scoring.answerability import QuestionScorer
    from qgkd.scoring.evaluate import Evaluation
    from qgkd.spans.span_model import SpanModel

_scoring = partial(typer.Option, rich_help_panel="Scoring")
_METRICS = ("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "avg_score")


@takes_system
def evaluate(
    data: Annotated[Path, typer.Option(help="Examples with questions: DRCD/SQuAD JSON, JSONL, CSV, Parquet.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Take the first N examples only.")] = None,
    exclude_articles_of: Annotated[
        Path | None,
        _scoring(help="A second row for the examples whose title does not occur in this file."),
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Write the questions as JSONL that `qgkd score` reads.")
    ] = None,
    extra: Annotated[
        bool,
        _scoring("--extra", help="Also copy rate, distinctness, answerability; whether a reader finds the answers."),
    ] = False,
    answerability_model: Annotated[str | None, _scoring(help="The frozen model that measures answerability.")] = None,
    reader: Annotated[
        str | None,
        _scoring(help="With --extra: the span model that answers the questions; without it the package's own."),
    ] = None,
    json_object: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    tokenize: Annotated[Literal["mixed", "char"], _scoring(help="`mixed` or `char`.")] = "mixed",
    meteor: Annotated[Literal["exact", "jar"], _scoring(help="`exact`, or `jar` (needs java).")] = "exact",
    *,
    choice: SystemChoice,
) -> None:
    """Score a system on a file: one table row."""
    choice = choice.comparable()
    if answerability_model is not None and not extra:
        raise typer.BadParameter("--answerability-model needs --extra")
    if reader is not None and not extra:
        raise typer.BadParameter("--reader needs --extra")
    if answerability_model is not None and answerability_model == choice.model:
        print(
            f"answerability: {choice.model} reads its own questions and favours them; use another model",
            file=sys.stderr,
        )
    from qgkd.files.atomic import check_writable
    from qgkd.scoring.evaluate import EvaluationOptions, write_predictions

    if predictions is not None:
        check_writable(predictions)
    examples, skipped = read_for_evaluation(data, limit)
    wanted = EvaluationOptions(
        tokenization=tokenize,
        meteor=meteor,
        extra=extra,
        excluded_titles=None if exclude_articles_of is None else read_titles(exclude_articles_of),
    )
    scorer = answerability_scorer(answerability_model, extra)
    evaluation = _evaluate(choice, examples, wanted, scorer, load_reader(reader) if extra else None)
    for refusal in evaluation.refusals:
        print(f"{data}: {refusal}; its question counts as empty", file=sys.stderr)
    if exclude_articles_of is not None and len(evaluation.rows) == 1:
        print(f"{data}: every article occurs in {exclude_articles_of} too: no second row", file=sys.stderr)
    report = as_json(evaluation, data, choice)
    if json_object:
        write_stdout(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        _print_table(evaluation, report)
    if predictions is not None:  # last: a full disk must not cost the scores
        write_predictions(predictions, evaluation)
    if skipped:
        raise typer.Exit(1)


def read_for_evaluation(data: Path, limit: int | None) -> tuple[list[QGExample], int]:
    """Read the examples and report on stderr those left out; also returns their number.

    Raises:
        UserError: Nothing of the file can be read.
    """
    from qgkd.errors import UserError
    from qgkd.reading.readers import read_examples

    report = read_examples(data, limit=limit)
    if not report.examples:
        raise UserError(
            f"{data}: expected examples, found none that can be read; the first problem: {report.problems[0]}"
        )
    for problem in report.problems:
        print(problem, file=sys.stderr)
    if report.repaired:
        print(f"{data}: wrong offsets repaired: {report.repaired:,}", file=sys.stderr)
    return report.examples, len(report.problems)


def read_titles(path: Path) -> frozenset[str]:
    """The article titles of a file.

    Raises:
        UserError: The file cannot be read, or its examples have no titles.
    """
    from qgkd.errors import UserError
    from qgkd.reading.readers import read_examples

    titles = frozenset(example.title for example in read_examples(path).examples if example.title)
    if not titles:
        raise UserError(
            f"{path}: expected examples with titles to tell articles apart by, found none; give another file"
        )
    return titles


def as_json(evaluation: Evaluation, data: Path, choice: SystemChoice) -> dict[str, Any]:
    """The JSON report: the row of all examples, its definition and data, and the second row where there is one."""
    first, *others = evaluation.rows
    report = first.as_json()
    del report["subset"]
    report["definition"] = first.scores.definition
    report["data"] = str(data)
    for row in others:
        report[row.subset.replace(" ", "_")] = {
            key: value for key, value in row.as_json().items() if key not in ("subset", "name", "seconds", "parameters")
        }
    trained_on = _trained_on(choice)
    return report if trained_on is None else {**report, "trained_on": trained_on}


def _trained_on(choice: SystemChoice) -> Any:
    """The training data named in the checkpoint's record; None where it names none."""
    if choice.resolved_system == "rule":
        return None
    from qgkd.checkpoints.record import read_record

    record = read_record(str(choice.resolved_model))
    return record.get("trained_on", record.get("data"))


def answerability_scorer(model: str | None, extra: bool) -> QuestionScorer | None:
    """Load the frozen model; without one, report on stderr that answerability is left out.

    Raises:
        UserError: The model cannot be loaded or cannot score questions.
    """
    if model is None:
        if extra:
            print(
                "answerability: left out, as it takes a frozen model to measure it: --answerability-model",
                file=sys.stderr,
            )
        return None
    from qgkd.errors import UserError
    from qgkd.quiz.load_generator import load_generator

    scorer: Any = load_generator(system="model", model=model, precision="fp32")
    if not hasattr(scorer, "question_log_probabilities"):
        raise UserError(f"{model}: expected a model that can score questions, found another system")
    return scorer  # type: ignore[no-any-return]


def load_reader(folder: str | None) -> SpanModel | None:
    """The given span model, else the package's own; None where there is none.

    Raises:
        UserError: There is none in the given folder.
    """
    from qgkd.checkpoints.packaged_model import packaged_span_model
    from qgkd.spans.span_model import load_span_model

    wanted = folder or packaged_span_model()
    return None if wanted is None else load_span_model(str(wanted))


def _evaluate(
    choice: SystemChoice,
    examples: list[QGExample],
    wanted: Any,
    scorer: QuestionScorer | None,
    reader: SpanModel | None,
) -> Evaluation:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from qgkd.scoring.evaluate import evaluate as evaluate_examples

    generator = choice.load()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(generator.name, total=len(examples))
        return evaluate_examples(
            generator,
            examples,
            wanted,
            answerability_scorer=scorer,
            reader=reader,
            progress=lambda done: bar.update(task, completed=done),
        )


def _print_table(evaluation: Evaluation, report: dict[str, Any]) -> None:
    """The scores as a table, with their definition below."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("name", *_METRICS, "evalTime", "parameters"):
        table.add_column(heading, justify="left" if heading == "name" else "right", no_wrap=True)
    for row in evaluation.rows:
        values = row.as_json()
        name = row.name if len(evaluation.rows) == 1 else f"{row.name}, {row.subset} ({row.scores.n:,})"
        seconds = "" if row.seconds is None else f"{row.seconds:.1f} s"
        table.add_row(name, *(f"{values[key]:.5f}" for key in _METRICS), seconds, f"{row.parameters:,}")
    console = Console(width=None if sys.stdout.isatty() else 200)
    with console.capture() as capture:
        console.print(table)
    lines = [capture.get().rstrip(), f"{evaluation.rows[0].scores.n:,} questions of {report['data']}"]
    for row in evaluation.rows:
        if row.extra:
            lines.append(f"{row.subset}: " + ", ".join(f"{key} {_shown(value)}" for key, value in row.extra.items()))
    if "trained_on" in report:
        lines.append(f"trained on: {json.dumps(report['trained_on'], ensure_ascii=False)}")
    write_stdout("\n".join([*lines, evaluation.rows[0].scores.definition]) + "\n")


def _shown(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "–" if value is None else str(value)
