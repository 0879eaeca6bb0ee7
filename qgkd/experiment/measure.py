"""What a row's model scores, measured once and kept beside it.

Comes in: a model folder (or the rule), a file of questions. Goes out: `Measured`, kept as JSON with the predictions.

A literal example: `measure(Path("…/model"), Part("validation", Path("validation.jsonl")), …)` reads
`measured-validation.json` where it was measured before with the same file and options, and decodes elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.experiment.step import file_digest
from qgkd.files.json_files import read_json, write_json
from qgkd.generator import Generator
from qgkd.quiz.load_generator import load_generator
from qgkd.reading.readers import read_examples
from qgkd.scoring.evaluate import EvaluationOptions, evaluate, write_predictions
from qgkd.training.main_process import say

KEYS = ("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "avg_score", "seconds", "parameters")


@dataclass(frozen=True, kw_only=True)
class Part:
    """Questions a model is measured on."""

    name: str
    """`validation` or `test`."""
    data: Path
    limit: int = 0
    """The first N; 0 takes all."""
    exclude_articles_of: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """Where and in which numbers."""

    device: str = "cpu"
    precision: str = "fp32"


def measure(model: Path | None, part: Part, decoding: Decoding, folder: Path) -> dict[str, Any]:
    """Score a model, or read its scores.

    Args:
        model: Its folder; None is the rule.
        part: The questions.
        decoding: How.
        folder: Where the figures are kept.

    Returns:
        `rows`, one per subset as `qgkd evaluate` has them, and `definition`.
    """
    before = kept(part, decoding, folder)
    if before:
        return before
    report = read_examples(part.data, limit=part.limit or None)
    if report.problems or not report.examples:
        first = report.problems[0] if report.problems else "it is empty"
        raise UserError(
            f"{part.data}: expected questions to measure on, all readable, found a problem: {first}; mend it"
        )
    examples = report.examples
    titles = None if part.exclude_articles_of is None else _titles(part.exclude_articles_of)
    generator = generator_of(model, decoding)
    say(f"{folder.name}: writing {len(examples):,} questions of {part.name}")
    evaluation = evaluate(generator, examples, EvaluationOptions(excluded_titles=titles))
    folder.mkdir(parents=True, exist_ok=True)
    write_predictions(folder / f"predictions-{part.name}.jsonl", evaluation)
    from qgkd.training.lineage import checkout_commit

    measured = {
        "key": _key(part, decoding),
        "rows": [row.as_json() for row in evaluation.rows],
        "definition": evaluation.rows[0].scores.definition,
        "part": {"name": part.name, "data": part.data.name, "limit": part.limit},
        "decoding": asdict(decoding),
        "refused": len(evaluation.refusals),
        "commit": checkout_commit(),
    }
    write_json(_path(part, folder), measured)
    return measured


def kept(part: Part, decoding: Decoding, folder: Path) -> dict[str, Any]:
    """What was measured before on the same questions in the same way; {} where nothing was."""
    found = read_json(_path(part, folder))
    return found if found and found["key"] == _key(part, decoding) else {}


def generator_of(model: Path | None, decoding: Decoding) -> Generator:
    """The system, greedy; the same batches for every model on a device."""
    if model is None:
        return load_generator(system="rule")
    tokens = 8192 if decoding.device == "cpu" else 65_536
    return load_generator(
        model=str(model), device=decoding.device, precision=decoding.precision, max_batch_tokens=tokens
    )


def score_of_first(folder: Path, part: str, count: int) -> float | None:
    """The avg_score of the first questions alone, from what the system wrote; None where it was not measured."""
    from qgkd.scoring import score

    path = folder / f"predictions-{part}.jsonl"
    if not path.is_file():
        return None
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()][:count]
    return float(score([row["hyp"] for row in rows], [row["refs"] for row in rows]).as_json_keys()["avg_score"])


def _titles(path: Path) -> frozenset[str]:
    return frozenset(example.title for example in read_examples(path).examples if example.title)


def settled_device(asked: str) -> str:
    """`auto` is cuda where there is one."""
    if asked != "auto":
        return asked
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _path(part: Part, folder: Path) -> Path:
    return folder / f"measured-{part.name}.json"


def _key(part: Part, decoding: Decoding) -> str:
    excluded = part.exclude_articles_of
    values = [
        file_digest(str(part.data)),
        part.limit,
        None if excluded is None else file_digest(str(excluded)),
        asdict(decoding),
    ]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
