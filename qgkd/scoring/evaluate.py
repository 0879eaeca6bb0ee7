"""Score a system on a file of examples: one generation pass, one or two table rows.

Comes in: a generator and examples with their questions. Goes out: `Evaluation`: what the system wrote, its scores on
all examples and, on request, on those whose articles it cannot have been trained on.

A literal example: `evaluate(RuleGenerator(), examples).rows[0].as_json()` is
`{"name": "rule", "Bleu_1": 0.43, …, "avg_score": 0.33, "seconds": 9.1, "parameters": 0, "subset": "all", "n": 3493}`.

Where the system writes no question, the empty question scores 0.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.generator import GenerationRequest, Generator
from qgkd.quiz.generate_each import generate_each
from qgkd.reading.examples import QGExample, example_record
from qgkd.scoring.answerability import QuestionScorer, answerable_each
from qgkd.scoring.diversity import copy_rate, distinct_n
from qgkd.scoring.read_back import ReadBack, read_back_each, read_back_figures
from qgkd.scoring.scores import MeteorKind, Scores, score
from qgkd.scoring.tokens import Tokenization

if TYPE_CHECKING:
    from qgkd.spans.span_model import SpanModel

REQUESTS_PER_CALL = 256
"""Examples handed to the generator together; it sorts them by length itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRow:
    """One row of the table."""

    name: str
    subset: str
    """`all`, or `new articles`."""
    scores: Scores
    seconds: float | None
    """Writing the questions, model loading and scoring not counted; None for a part of one pass."""
    parameters: int
    extra: dict[str, Any]
    """copy_rate and so on; empty unless `EvaluationOptions.extra`."""

    def as_json(self) -> dict[str, Any]:
        """The row with the agreed keys."""
        return {
            "name": self.name,
            **self.scores.as_json_keys(),
            "seconds": self.seconds,
            "parameters": self.parameters,
            **self.extra,
            "subset": self.subset,
            "n": self.scores.n,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a system wrote and what it scored."""

    examples: tuple[QGExample, ...]
    questions: tuple[str, ...]
    """One per example; empty where the system wrote none."""
    refusals: tuple[str, ...]
    """The system's reasons for examples it refused."""
    rows: tuple[EvaluationRow, ...]
    """All examples first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """How to score."""

    tokenization: Tokenization = "mixed"
    meteor: MeteorKind = "exact"
    extra: bool = False
    """Also copy rate, distinctness and, given a model for it, answerability."""
    excluded_titles: Collection[str] | None = None
    """Adds a row for the examples of articles other than these, where there are any."""


Progress = Callable[[int], None]
"""Called with the number of examples done."""


def evaluate(
    generator: Generator,
    examples: Sequence[QGExample],
    options: EvaluationOptions | None = None,
    *,
    answerability_scorer: QuestionScorer | None = None,
    reader: SpanModel | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Let a system write one question per example and score them.

    Args:
        generator: The rule or a model.
        examples: With human-written questions.
        options: How to score.
        answerability_scorer: The frozen model for answerability; None leaves it out.
        reader: The span model that answers the questions; None leaves that out.
        progress: Called with the number of examples done.

    Raises:
        UserError: No examples, or examples without questions.
    """
    options = options or EvaluationOptions()
    _check(examples)
    subsets = _subsets(examples, options.excluded_titles)
    questions, refusals, seconds = write_questions(generator, examples, progress)
    verdicts: list[bool] = []
    if options.extra and answerability_scorer is not None:
        verdicts = answerable_each(answerability_scorer, examples, questions)
    read: list[ReadBack] = []
    if options.extra and reader is not None:
        read = read_back_each(reader, examples, questions)
    rows = []
    for subset, places in subsets.items():
        chosen, written = [examples[place] for place in places], [questions[place] for place in places]
        references = [[example.question] for example in chosen]
        extra: dict[str, Any] = {}
        if options.extra:
            answerable = [verdicts[place] for place in places] if verdicts else []
            extra = _extra(chosen, written, answerable, answerability_scorer)
            if read:
                extra |= read_back_figures([read[place] for place in places])
        rows.append(
            EvaluationRow(
                name=generator.name,
                subset=subset,
                scores=score(written, references, tokenization=options.tokenization, meteor=options.meteor),
                seconds=seconds if subset == "all" else None,
                parameters=generator.parameters,
                extra=extra,
            )
        )
    return Evaluation(examples=tuple(examples), questions=tuple(questions), refusals=tuple(refusals), rows=tuple(rows))


def write_questions(
    generator: Generator, examples: Sequence[QGExample], progress: Progress | None = None
) -> tuple[list[str], list[str], float]:
    """Write one question per example.

    Returns:
        The questions, the refusals, and the seconds it took.
    """
    began = time.perf_counter()
    questions: list[str] = []
    refusals: list[str] = []
    for start in range(0, len(examples), REQUESTS_PER_CALL):
        chunk = examples[start : start + REQUESTS_PER_CALL]
        requests = [GenerationRequest(context=example.context, answer=example.answer) for example in chunk]
        for example, written in zip(chunk, generate_each(generator, requests), strict=True):
            if isinstance(written, ValueError):
                refusals.append(f"{example.example_id}: {written}")
            questions.append("" if isinstance(written, ValueError) or not written else written[0].text)
        if progress is not None:
            progress(len(questions))
    return questions, refusals, round(time.perf_counter() - began, 3)


def write_predictions(path: Path, evaluation: Evaluation) -> None:
    """Write what the system wrote as JSONL that `qgkd score` reads back to the same scores.

    Raises:
        UserError: The file cannot be written.
    """
    with write_atomically(path) as handle:
        for example, question in zip(evaluation.examples, evaluation.questions, strict=True):
            record = example_record(example)
            names = ("answer", "answer_start", "title", "context")
            row = {"id": record["id"], "hyp": question, "refs": [example.question], **{n: record[n] for n in names}}
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def _check(examples: Sequence[QGExample]) -> None:
    if not examples:
        raise UserError("expected at least one example to score on, found none; give a file with questions")
    bare = [example.example_id for example in examples if not example.question.strip()]
    if bare:
        raise UserError(
            f"expected a question with every example to compare with, found {len(bare)} without ({bare[0]} first); "
            "use `qgkd generate` where there is nothing to compare with"
        )


def _subsets(examples: Sequence[QGExample], excluded_titles: Collection[str] | None) -> dict[str, list[int]]:
    """The examples of each row, by position."""
    subsets = {"all": list(range(len(examples)))}
    if excluded_titles is not None:
        subsets["new articles"] = [place for place in subsets["all"] if examples[place].title not in excluded_titles]
    return {name: places for name, places in subsets.items() if places}


def _extra(
    examples: list[QGExample], questions: list[str], verdicts: list[bool], scorer: QuestionScorer | None
) -> dict[str, Any]:
    copied = copy_rate(questions, [example.context for example in examples])
    return {
        "copy_rate": copied.mean,
        "copy_rate_in_four_grams": copied.in_four_grams,
        "copied_whole": copied.whole,
        "distinct": distinct_n(questions),
        "empty": sum(not question.strip() for question in questions),
        "answerability": sum(verdicts) / len(verdicts) if verdicts else None,
        "answerability_model": scorer.name if scorer is not None else None,
    }
