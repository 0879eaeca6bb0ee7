"""Files of questions to tokenised training data.

Comes in: `DataConfig`, a tokenizer and an input format. Goes out: `PreparedData`: the training questions, the
validation questions, and what was left out and why. `prepare` reads the files; `load_prepared` reads what
`prepare` wrote, also on a machine without the files.

A literal example: DRCD dev as training and 621 of its questions as validation gives 2,903 and 621: passages of
the validation file are never trained on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.files.fingerprint import file_sha256
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.source import PassageEncoder, Source, question_target
from qgkd.reading.examples import QGExample, example_record
from qgkd.training.config import DataConfig
from qgkd.training.main_process import say
from qgkd.training.token_store import TokenStore, build_store

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from qgkd.reading.readers import ReadReport

_TRAIN, _VALIDATION, _EXAMPLES = "train.npz", "validation.npz", "validation.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedData:
    """What a run trains and validates on."""

    train: TokenStore
    validation: TokenStore | None
    """Tokenised, for the loss."""
    validation_examples: tuple[QGExample, ...]
    """As text, for decoding and scoring."""

    def save(self, folder: Path) -> None:
        """Write everything that training needs."""
        folder.mkdir(parents=True, exist_ok=True)
        self.train.save(folder / _TRAIN)
        if self.validation is not None:
            self.validation.save(folder / _VALIDATION)
            with write_atomically(folder / _EXAMPLES) as file:
                for example in self.validation_examples:
                    file.write(json.dumps(example_record(example), ensure_ascii=False) + "\n")


def prepare(data: DataConfig, tokenizer: PreTrainedTokenizerFast, input_format: InputFormat) -> PreparedData:
    """Read, choose and tokenise.

    Raises:
        UserError: A file cannot be read, or nothing is left to train on.
    """
    validation = [e for e in _printed(data.validation).examples if e.question.strip()] if data.validation else []
    examples, left_out = choose(data, validation)
    stamp = _stamp(data, tokenizer, input_format)
    train = tokenise(examples, tokenizer, input_format, {**stamp, "left_out": left_out})
    if not len(train):
        raise UserError(f"{', '.join(data.train)}: expected questions to train on, found none; left out: {left_out}")
    validation_store = tokenise(validation, tokenizer, input_format, stamp) if validation else None
    return PreparedData(train=train, validation=validation_store, validation_examples=tuple(validation))


def load_prepared(
    folder: Path, data: DataConfig, tokenizer: PreTrainedTokenizerFast, input_format: InputFormat
) -> PreparedData | None:
    """Read what `PreparedData.save` wrote; None if there is nothing.

    Raises:
        UserError: It was prepared for another tokenizer, format or choice of data.
    """
    if not (folder / _TRAIN).is_file():
        return None
    train = TokenStore.load(folder / _TRAIN)
    wanted = _stamp(data, tokenizer, input_format, recorded=train.about)
    for key, value in wanted.items():
        if train.about.get(key) != value:
            raise UserError(
                f"{folder}: expected data prepared with {key} {_short(value)}, found {_short(train.about.get(key))}; "
                "delete the folder or run `qgkd train --prepare-only` again"
            )
    if not data.validation:
        return PreparedData(train=train, validation=None, validation_examples=())
    examples = tuple(_read(str(folder / _EXAMPLES)))
    return PreparedData(train=train, validation=TokenStore.load(folder / _VALIDATION), validation_examples=examples)


def choose(data: DataConfig, validation: Sequence[QGExample]) -> tuple[list[QGExample], dict[str, int]]:
    """The training questions in file order, cut to `fraction` and `limit`, and how many were left out and why.

    Records that cannot be read are reported on stderr as well.
    """
    titles = {example.title for path in data.exclude_articles_of for example in _read(path) if example.title}
    contexts = {example.context for example in validation}
    ids = set(data.exclude_ids)
    kept: list[QGExample] = []
    left_out = {"without a question": 0, "by id": 0, "by article": 0, "passage in validation": 0}
    unreadable = 0
    for path in data.train:
        report = _printed(path)
        unreadable += len(report.problems)
        for example in report.examples:
            reasons = (
                not example.question.strip(),
                example.example_id in ids,
                example.title in titles,
                example.context in contexts,
            )
            if any(reasons):
                left_out[list(left_out)[reasons.index(True)]] += 1
            else:
                kept.append(example)
    taken = int(len(kept) * data.fraction + 1e-9)
    taken = taken if data.limit is None else min(taken, data.limit)
    left_out["after the fraction or limit"] = len(kept) - taken
    if unreadable:
        left_out["cannot be read"] = unreadable
    return kept[:taken], left_out


def tokenise(
    examples: Sequence[QGExample],
    tokenizer: PreTrainedTokenizerFast,
    input_format: InputFormat,
    about: dict[str, Any],
) -> TokenStore:
    """Tokenise questions with their sources; answers the format refuses are left out and counted."""
    counts = {"questions": 0, "answers_refused": 0, "questions_cut": 0, "contexts_cut": 0}

    def pairs() -> Iterator[tuple[Source, tuple[int, ...]]]:
        encoder: PassageEncoder | None = None
        for example in examples:
            if encoder is None or encoder.tokens.text != example.context:
                encoder = PassageEncoder(tokenizer, input_format, example.context)
            try:
                source = encoder.source(example.answer_start_char, example.answer_end_char)
            except UserError:
                counts["answers_refused"] += 1
                continue
            target, was_cut = question_target(tokenizer, input_format, example.question)
            counts["questions"] += 1
            counts["questions_cut"] += was_cut
            counts["contexts_cut"] += source.context_was_cut
            yield source, target

    store = build_store(pairs(), {})
    store.about.update({**about, "counts": counts})
    return store


def _stamp(
    data: DataConfig,
    tokenizer: PreTrainedTokenizerFast,
    input_format: InputFormat,
    recorded: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What prepared data depends on; an absent file counts as unchanged."""
    files: dict[str, Any] = {}
    for path in filter(None, (*data.train, data.validation)):
        absent = recorded is not None and not Path(path).exists()
        files[path] = (recorded or {}).get("files", {}).get(path) if absent else file_sha256(path)
    chosen = {
        "fraction": data.fraction,
        "limit": data.limit,
        "exclude_ids": list(data.exclude_ids),
        "exclude_articles_of": [Path(path).name for path in data.exclude_articles_of],
    }
    vocabulary = hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode()).hexdigest()
    return {"files": files, "choice": chosen, "vocabulary": vocabulary, "format": input_format.to_json()}


def _read(path: str) -> list[QGExample]:
    return _report(path).examples


def _printed(path: str) -> ReadReport:
    """Read a file and print the records that cannot be read."""
    report = _report(path)
    for problem in report.problems:
        say(str(problem))
    return report


def _report(path: str) -> ReadReport:
    from qgkd.reading.readers import read_examples

    report = read_examples(path)
    if not report.examples:
        first = f"; the first problem: {report.problems[0]}" if report.problems else ""
        raise UserError(f"{path}: expected questions, found none that can be read{first}")
    return report


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
