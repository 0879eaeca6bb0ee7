"""Score many models on many files into one table, row by row and resumable.

Comes in: model folders, data files, options. Goes out, in the output folder: `results.json` (one object per model and
file, as `qgkd evaluate --json` prints it), `table.md` and `table.csv` with the columns name, Bleu_1..Bleu_4, METEOR,
ROUGE_L, avg_score, evalTime, parameters.

A literal example:

    python eval/evaluate_models.py --rule --model runs/teacher --model runs/student \\
        --data data/drcd/DRCD_test.json --exclude-articles-of data/drcd/DRCD_dev.json --output eval/results/drcd_test

A row in `results.json` is not computed again as long as the model's files, the data and the options are the same.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

import qgkd
from qgkd.cli.evaluate import answerability_scorer, as_json, read_for_evaluation, read_titles
from qgkd.cli.generator_options import SystemChoice, takes_system
from qgkd.errors import UserError
from qgkd.files.atomic import explain_write_error, write_atomically
from qgkd.files.fingerprint import file_sha256, model_sha256
from qgkd.scoring.answerability import QuestionScorer
from qgkd.scoring.evaluate import EvaluationOptions, evaluate, write_predictions

COLUMNS = ("name", "Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "avg_score", "evalTime", "parameters")
PARTS = {"new_articles": "articles not in the excluded file"}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One model on one file."""

    choice: SystemChoice
    data: Path
    exclude_articles_of: Path | None
    wanted: EvaluationOptions
    limit: int | None
    answerability_model: str | None

    def key(self) -> str:
        """Return the SHA-256 of everything that decides the row."""
        excluded = self.exclude_articles_of
        parts = {
            "system": self.choice.settings() or rule_sha256(),
            "data": file_sha256(self.data),
            "excluded": None if excluded is None else file_sha256(excluded),
            "scoring": [self.wanted.tokenization, self.wanted.meteor, self.wanted.extra],
            "limit": self.limit,
            "answerability": None if self.answerability_model is None else model_sha256(self.answerability_model),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def run(self, predictions: Path, scorer: QuestionScorer | None) -> dict[str, Any]:
        """Evaluate, store the predictions, return the row's object."""
        examples, _ = read_for_evaluation(self.data, self.limit)
        generator = self.choice.load()
        evaluation = evaluate(
            generator, examples, self.wanted, answerability_scorer=scorer, progress=_say(generator.name)
        )
        write_predictions(predictions, evaluation)
        return as_json(evaluation, self.data, self.choice)


def rule_sha256() -> str:
    """Return what identifies the rule, which has no weights: the SHA-256 of the package's source."""
    digest = hashlib.sha256()
    folder = Path(qgkd.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)} {file_sha256(path)}\n".encode())
    return digest.hexdigest()


@partial(takes_system, without=("system", "model"))
def evaluate_models(
    data: Annotated[list[Path], typer.Option(help="A file of examples; may be given several times.")],
    output: Annotated[Path, typer.Option(help="Folder for results.json, table.md, table.csv and the predictions.")],
    model: Annotated[list[str] | None, typer.Option(help="A model folder; may be given several times.")] = None,
    rule: Annotated[bool, typer.Option("--rule", help="The rule system as the first row.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="The first N examples of each file only.")] = None,
    exclude_articles_of: Annotated[
        Path | None, typer.Option(help="A second table without this file's articles.")
    ] = None,
    extra: Annotated[bool, typer.Option("--extra", help="Also copy rate, distinctness, answerability.")] = False,
    answerability_model: Annotated[str | None, typer.Option(help="The frozen model that measures it.")] = None,
    tokenize: Annotated[str, typer.Option(help="`mixed` or `char`.")] = "mixed",
    *,
    choice: SystemChoice,
) -> None:
    """Score many models on many files and print the table."""
    if not model and not rule:
        raise typer.BadParameter("give --model FOLDER, --rule, or both")
    if tokenize not in ("mixed", "char"):
        raise typer.BadParameter(f"--tokenize: expected mixed or char, found {tokenize!r}")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_write_error(output, error) from error
    wanted = EvaluationOptions(
        tokenization="char" if tokenize == "char" else "mixed",
        extra=extra,
        excluded_titles=None if exclude_articles_of is None else read_titles(exclude_articles_of),
    )
    choices = [SystemChoice(system="rule")] if rule else []
    choices += [replace(choice, model=name).comparable() for name in model or []]
    jobs = [
        Job(
            choice=choice, data=path, exclude_articles_of=exclude_articles_of, wanted=wanted, limit=limit,
            answerability_model=answerability_model,
        )
        for path in data
        for choice in choices
    ]  # fmt: skip
    rows, failures = run_jobs(jobs, output)
    write_tables(output, rows)
    print((output / "table.md").read_text(encoding="utf-8"), end="")
    if failures:
        raise typer.Exit(1)


def run_jobs(jobs: list[Job], output: Path) -> tuple[list[dict[str, Any]], int]:
    """Compute the rows that `results.json` does not have; a model that fails is reported, and the others go on."""
    path = output / "results.json"
    done = read_results(path)
    rows, failures = [], 0
    scorers: dict[str | None, QuestionScorer | None] = {}  # loaded when first needed
    for job in jobs:
        name = job.choice.model or "rule"
        try:
            key = job.key()
            if key in done:
                print(f"{name} on {job.data}: is in {path} already", file=sys.stderr)
            else:
                frozen = job.answerability_model
                if frozen not in scorers:
                    scorers[frozen] = answerability_scorer(frozen, job.wanted.extra)
                done[key] = job.run(output / f"predictions_{key[:12]}.jsonl", scorers[frozen])
                with write_atomically(path) as handle:
                    json.dump(done, handle, ensure_ascii=False, indent=1)
            rows.append(done[key])
        except UserError as error:
            failures += 1
            print(f"{name} on {job.data}: {error}", file=sys.stderr)
    return rows, failures


def read_results(path: Path) -> dict[str, dict[str, Any]]:
    """Read the rows of earlier runs by their digests; {} where there is no file."""
    try:
        done = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: expected the rows of earlier runs, found {error}; move it away") from error
    if not isinstance(done, dict):
        raise UserError(f"{path}: expected the rows of earlier runs, found another file; move it away")
    return done


def table_rows(rows: list[dict[str, Any]]) -> dict[str, list[list[str]]]:
    """Return the cells of every table by its heading: one per file, and one per file for its new articles."""
    tables: dict[str, list[list[str]]] = {}
    for row in rows:
        parts = [("", row), *((f", {text}", row[key]) for key, text in PARTS.items() if key in row)]
        for suffix, part in parts:
            seconds = "" if suffix else f"{row['seconds']:.1f}"
            cells = [
                row["name"],
                *(f"{part[column]:.5f}" for column in COLUMNS[1:8]),
                seconds,
                f"{row['parameters']:,}",
            ]
            tables.setdefault(f"{Path(row['data']).name}{suffix} ({part['n']:,} questions)", []).append(cells)
    return tables


def write_tables(output: Path, rows: list[dict[str, Any]]) -> None:
    """Write `table.md` and `table.csv`."""
    tables = table_rows(rows)
    with write_atomically(output / "table.md") as handle:
        for heading, cells in tables.items():
            handle.write(f"### {heading}\n\n| {' | '.join(COLUMNS)} |\n|---|{'---:|' * (len(COLUMNS) - 1)}\n")
            handle.write("".join(f"| {' | '.join(line)} |\n" for line in cells) + "\n")
        for trained in sorted(
            {f"{row['name']} was trained on {row['trained_on']}." for row in rows if "trained_on" in row}
        ):
            handle.write(f"{trained}\n")
        handle.write("".join(f"{definition}\n" for definition in sorted({row["definition"] for row in rows})))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["table", *COLUMNS])
    writer.writerows([heading, *line] for heading, cells in tables.items() for line in cells)
    with write_atomically(output / "table.csv", binary=True) as binary:
        binary.write(text.getvalue().encode("utf-8-sig"))


def _say(name: str) -> Any:
    def say(done: int) -> None:
        if done % 1024 == 0:
            print(f"{name}: {done:,} questions", file=sys.stderr)

    return say


def main() -> int:
    """Run; a user's mistake is one sentence and exit code 1."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(evaluate_models)
    try:
        app()
    except UserError as error:
        print(f"evaluate_models: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("evaluate_models: interrupted; the rows so far are kept, the same command goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
