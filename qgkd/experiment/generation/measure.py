"""Scores a model on a file of questions once, and stores the scores beside the model.

Comes in: a model folder (or the rule), a file of questions. Goes out: the scores, as JSON, and the predictions.

A literal example: `measure(Path("…/model"), Part("validation", Path("validation.jsonl")), …)` reads
`measured-validation.json` where that was written with the same file and options, and decodes otherwise.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.experiment.engine.figures import time_in_turns
from qgkd.experiment.recipe.training_step import file_digest
from qgkd.files.json_files import read_json, write_json
from qgkd.generator import Generator
from qgkd.quiz.load_generator import load_generator
from qgkd.reading.readers import read_examples
from qgkd.scoring.evaluate import EvaluationOptions, evaluate, write_predictions, write_questions
from qgkd.training.lineage import checkout_commit
from qgkd.training.main_process import say

KEYS = ("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "avg_score", "seconds", "parameters")


@dataclass(frozen=True, kw_only=True)
class Part:
    """Questions a model is scored on."""

    name: str
    """`validation` or `test`."""
    data: Path
    limit: int = 0
    """The first N; 0 takes all."""
    exclude_articles_of: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """Device and precision of decoding."""

    device: str = "cpu"
    precision: str = "fp32"


def measure(model: Path | None, part: Part, decoding: Decoding, folder: Path) -> dict[str, Any]:
    """Score a model (None is the rule), or read its scores in `folder`.

    Returns:
        `rows`, one per subset as `qgkd evaluate` has them, and `definition`.
    """
    before = measured_before(part, decoding, folder)
    if before:
        return before
    report = read_examples(part.data, limit=part.limit or None)
    if report.problems or not report.examples:
        first = report.problems[0] if report.problems else "it is empty"
        raise UserError(f"{part.data}: expected readable questions to measure on, found a problem: {first}; correct it")
    examples, excluded = report.examples, part.exclude_articles_of
    titles = None if excluded is None else frozenset(e.title for e in read_examples(excluded).examples if e.title)
    generator = generator_of(model, decoding)
    say(f"{folder.name}: writing {len(examples):,} questions of {part.name}")
    evaluation = evaluate(generator, examples, EvaluationOptions(excluded_titles=titles))
    folder.mkdir(parents=True, exist_ok=True)
    write_predictions(folder / f"predictions-{part.name}.jsonl", evaluation)
    measured = {
        "key": _key(part, decoding),
        "rows": [row.as_json() for row in evaluation.rows],
        "definition": evaluation.rows[0].scores.definition,
        "part": {"name": part.name, "data": part.data.name, "limit": part.limit},
        "decoding": asdict(decoding),
        "refused": len(evaluation.refusals),
        "commit": checkout_commit(),
    }
    write_json(folder / f"measured-{part.name}.json", measured)
    return measured


def measured_before(part: Part, decoding: Decoding, folder: Path) -> dict[str, Any]:
    """Return the scores on the same questions with the same decoding; {} where there are none."""
    found = read_json(folder / f"measured-{part.name}.json")
    return found if found and found["key"] == _key(part, decoding) else {}


def generator_of(model: Path | None, decoding: Decoding) -> Generator:
    """Load the system for greedy search, with the same batch size for every model on a device."""
    if model is None:
        return load_generator(system="rule")
    tokens = 8192 if decoding.device == "cpu" else 65_536
    return load_generator(model=str(model), **asdict(decoding), max_batch_tokens=tokens)


def score_of_first(folder: Path, part: str, count: int) -> float | None:
    """Score the first `count` stored predictions alone: avg_score; None where there are none."""
    from qgkd.scoring import score

    path = folder / f"predictions-{part}.jsonl"
    if not path.is_file():
        return None
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()][:count]
    return float(score([row["hyp"] for row in rows], [row["refs"] for row in rows]).as_json_keys()["avg_score"])


def time_pair(
    teacher: Path, student: Path, data: Path, decoding: Decoding, *, questions: int, rounds: int
) -> dict[str, Any]:
    """Time teacher and student in turns on the first questions of a file, after a warm-up on one question.

    Returns:
        The median seconds of each over the rounds, and their ratio.
    """
    examples = read_examples(data, limit=questions).examples
    generators = {name: generator_of(path, decoding) for name, path in (("teacher", teacher), ("student", student))}
    for generator in generators.values():
        write_questions(generator, examples[:1])
    runs = {name: partial(write_questions, generator, examples) for name, generator in generators.items()}
    medians = {name: round(each, 3) for name, each in time_in_turns(runs, rounds, warm_up=False).items()}
    return {
        "teacher_seconds": medians["teacher"], "student_seconds": medians["student"],
        "ratio": medians["student"] / medians["teacher"],
        "teacher_parameters": generators["teacher"].parameters,
        "student_parameters": generators["student"].parameters,
        "questions": len(examples), "rounds": rounds, "device": decoding.device, "precision": decoding.precision,
    }  # fmt: skip


def _key(part: Part, decoding: Decoding) -> str:
    excluded = part.exclude_articles_of
    excluded_digest = None if excluded is None else file_digest(str(excluded))
    values = [file_digest(str(part.data)), part.limit, excluded_digest, asdict(decoding)]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
