"""Prepares the data once: everything that needs the files, before training.

Comes in: `SpanSettings`. Goes out: a folder:

    vocabulary/        the tokenizer
    questions.npz      questions with a window each, with an answer and without
    passages.npz       passages with their candidates, and which of them people asked about
    validation.jsonl   the questions that are not trained on
    prepared.json      the settings and files that it was made from, and counts

A literal example: `prepare_spans(settings, Path("runs/spans/prepared"))` finds unchanged data prepared and returns.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.checkpoints.transplant import usable_tokens
from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.files.fingerprint import file_sha256
from qgkd.files.json_files import read_json, write_json
from qgkd.model_recipe.parallel import chunks_of, in_parallel
from qgkd.model_recipe.prepared_record import RECORD, vocabulary_sha256
from qgkd.model_recipe.sources import Questions, read_questions
from qgkd.model_recipe.vocabulary import save_tokenizer
from qgkd.reading.examples import QGExample, example_record
from qgkd.span_training.settings import SpanSettings
from qgkd.span_training.store import PassageStore, QuestionStore, save_store
from qgkd.span_training.tokenise import Passage, passage_chunk, question_chunk
from qgkd.span_training.unanswerable import UnanswerableQuestions
from qgkd.training.main_process import say

_PER_CHUNK = 100


def prepare_spans(settings: SpanSettings, folder: Path) -> dict[str, Any]:
    """Make the prepared data, unless it is there and made of the same; returns the contents of `prepared.json`.

    Raises:
        UserError: A file cannot be read, or no question is left for validation.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # processes are the parallelism here
    data, model = settings.data, settings.model
    if not data.folder and not all(Path(name).exists() for name in data.final_questions):
        raise UserError("data.folder must name the folder of the data files; add data.folder=... to the command")
    ids: dict[str, int] = load_tokenizer(model.base or model.vocabulary).get_vocab()
    tokens = sorted(ids, key=ids.__getitem__)
    tokens = tokens if model.base else usable_tokens(tokens)
    names = (*data.questions, *data.final_questions, *data.never)
    files = {name: file_sha256(path) for name, path in zip(names, settings.paths(names), strict=True)}
    wanted = {**prepared_settings(settings), "files": files, "vocabulary": vocabulary_sha256(tokens)}
    record = read_json(folder / RECORD)
    if record.get("from") == wanted:
        return record
    folder.mkdir(parents=True, exist_ok=True)
    save_tokenizer(tokens, folder / "vocabulary")
    questions = read_questions(
        settings.paths(data.questions), settings.paths(data.final_questions), settings.paths(data.never),
        data.held_out_field,
    )  # fmt: skip
    counts = {**_make_questions(settings, questions, folder), **_make_passages(settings, questions, folder)}
    with write_atomically(folder / "validation.jsonl") as file:
        file.writelines(json.dumps(example_record(e), ensure_ascii=False) + "\n" for e in questions.validation)
    record = {"from": wanted, "counts": {**counts, "validation": len(questions.validation)}}
    write_json(folder / RECORD, record)
    say("prepared: " + ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in record["counts"].items()))
    return record


def prepared_settings(settings: SpanSettings) -> dict[str, Any]:
    """What the prepared data depends on besides files and tokens."""
    of_training = ("passage_readings", "answers_weight")
    rows = {name: value for name, value in vars(settings.rows).items() if name not in of_training}
    return {
        "rows": rows,
        "format": settings.model.span_format().to_json(),
        "held_out_field": settings.data.held_out_field,
        "seed": settings.seed,
    }


def check_prepared(settings: SpanSettings, folder: Path) -> dict[str, Any]:
    """Read `prepared.json` of a folder that was prepared elsewhere.

    Raises:
        UserError: There is none, or it was made with other settings.
    """
    record = read_json(folder / RECORD)
    made_from = record.get("from", {})
    wanted = prepared_settings(settings)
    if {name: made_from.get(name) for name in wanted} != wanted:
        raise UserError(
            f"{folder}: expected data prepared with this config's settings, found {'others' if record else 'none'}; "
            "run `qgkd spans train ... --prepare-only` where the data is"
        )
    return record


def _make_questions(settings: SpanSettings, questions: Questions, folder: Path) -> dict[str, int]:
    examples = [*questions.broad, *questions.final]
    unanswerable = list(UnanswerableQuestions(examples, settings.rows, Random(settings.seed)))
    rest = (str(folder / "vocabulary"), settings.model.span_format(), settings.seed)
    rows: list[list[Any]] = [_rows(settings, question_chunk, each, *rest) for each in (examples, unanswerable)]
    save_store(QuestionStore.of([row for part in rows for row in part]), folder / "questions.npz")
    return {"questions": len(rows[0]), "questions_without_answer": len(rows[1]), "left_out": questions.left_out}


def _make_passages(settings: SpanSettings, questions: Questions, folder: Path) -> dict[str, int]:
    passages = passages_of([*questions.broad, *questions.final])
    rest = (str(folder / "vocabulary"), settings.model.span_format())
    made = _rows(settings, passage_chunk, passages, *rest)
    save_store(PassageStore.of(made), folder / "passages.npz")
    chosen = sum(int(each.is_chosen.sum()) for each in made)
    candidates = sum(len(each.spans) for each in made)
    answers = sum(len(answers) for _, answers in passages)
    return {"passages": len(made), "candidates": candidates, "answers_among_them": chosen, "answers": answers}


def passages_of(examples: Sequence[QGExample]) -> list[Passage]:
    """Each passage once, with people's answers."""
    found: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for example in examples:
        found[example.context].add((example.answer_start_char, example.answer_end_char))
    return [(context, frozenset(answers)) for context, answers in found.items()]


def _rows(settings: SpanSettings, make: Callable[..., list[Any]], items: Sequence[Any], *rest: Any) -> list[Any]:
    """Make rows of items, in several processes."""
    parts = in_parallel(make, chunks_of(items, _PER_CHUNK), settings.data.processes, *rest)
    return [row for part in parts for row in part]
