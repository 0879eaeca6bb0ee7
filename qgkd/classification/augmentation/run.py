"""Writes a transfer set: a task's texts, their variants, and what a teacher says of each.

Comes in: an `AugmentRun`, a folder. Goes out: a transfer set there (`qgkd.classification.tasks.transfer_set`).

A literal example: 999 training and 8,000 unlabelled texts become 9,000 times at most 21 rows. Examples are done block
by block beside the folder; an interrupted command, given again, goes on with the next block.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qgkd.checkpoints.record import read_record
from qgkd.classification.augmentation.config import AugmentRun
from qgkd.classification.augmentation.masked_lm_changes import MaskedLMChanges
from qgkd.classification.augmentation.variants import Changes, variants
from qgkd.classification.augmentation.word_changes import word_changes
from qgkd.classification.models import load_tokenizer_of, load_trained
from qgkd.classification.prediction import Predictor
from qgkd.classification.tasks.data import TaskData, load_task
from qgkd.classification.tasks.examples import ClassificationExample
from qgkd.classification.tasks.prepared import file_digests
from qgkd.classification.tasks.store import tokenise_examples
from qgkd.classification.tasks.task import TRAIN, TRANSFER, ClassificationTask
from qgkd.classification.tasks.transfer_set import ABOUT, is_transfer_set, join_parts, write_part
from qgkd.classification.tasks.words import LANGUAGES, language_of
from qgkd.errors import UserError
from qgkd.files.fingerprint import model_sha256
from qgkd.files.json_files import read_json, write_json

_BLOCK_EXAMPLES = 500
_MOST_TOKENS = 512

Judge = Callable[[Sequence[ClassificationExample]], NDArray[np.float32]]
"""A teacher: logits [N, C] of N examples."""
TextRow = tuple[int, str, str | None]
"""The place of an example, and its texts or a variant's."""


def write_augmented(run: AugmentRun, folder: Path, *, force: bool = False) -> Path:
    """Write the set; one that is there already, made the same way, is kept.

    Args:
        run: What is changed, and how.
        folder: Where the set is written.
        force: Replace a set made in another way.

    Returns:
        The folder.

    Raises:
        UserError: Something else is there, the task cannot be read, or teacher or model do not fit.
    """
    run = _settled(run)
    if folders := [path for path in run.task.transfer if Path(path).is_dir()]:
        raise UserError(
            f"task.transfer: expected files to change the texts of, found the folder {folders[0]}; leave it out"
        )
    about, parts = _about(run), folder.with_name(f".{folder.name}.parts")
    if force:
        shutil.rmtree(parts, ignore_errors=True)
    if folder.exists() and not (force and is_transfer_set(folder)):
        if is_transfer_set(folder) and _is_same(folder, about):
            return folder
        raise UserError(
            f"{folder}: expected no folder, or a transfer set of this config, found another; replace a set by --force, "
            "or choose another --out"
        )
    if not _is_same(parts, about):
        shutil.rmtree(parts, ignore_errors=True)
        parts.mkdir(parents=True)
        write_json(parts / ABOUT, about)
    data = load_task(run.task)
    for problem in data.problems:
        print(problem, file=sys.stderr)
    examples = list(dict.fromkeys(_without_labels([*data.examples(TRAIN), *data.examples(TRANSFER)])))
    done = _write_blocks(run, data, examples, parts)
    classes = {"task": data.task.name, "labels": data.task.labels, "pair": data.task.pair, "examples": len(examples)}
    join_parts(done, folder, {**about, **classes})
    shutil.rmtree(parts)
    return folder


def _write_blocks(
    run: AugmentRun, data: TaskData, examples: Sequence[ClassificationExample], parts: Path
) -> list[Path]:
    """Write the blocks that are not there."""
    starts = range(0, len(examples), _BLOCK_EXAMPLES)
    folders = [parts / f"{start:09d}" for start in starts]
    if all(folder.is_dir() for folder in folders):
        return folders
    changes, judge = _changes(run, examples), _judge(run, data.task)
    for start, folder in zip(starts, folders, strict=True):
        if folder.is_dir():
            continue
        rows = [
            row for place, example in enumerate(examples[start : start + _BLOCK_EXAMPLES], start)
            for row in _rows(place, example, changes, run)
        ]  # fmt: skip
        texts = [ClassificationExample(example_id="", text_a=text_a, text_b=text_b) for _, text_a, text_b in rows]
        write_part(folder, rows, judge(texts) if judge and rows else None)
        done = min(start + _BLOCK_EXAMPLES, len(examples))
        print(f"{done:,} of {len(examples):,} examples", file=sys.stderr, flush=True)
    return folders


def _rows(place: int, example: ClassificationExample, changes: Changes, run: AugmentRun) -> Iterator[TextRow]:
    if run.augment.originals:
        yield place, example.text_a, example.text_b
    for text_a, text_b in variants(example, changes, run.augment):
        yield place, text_a, text_b


def _without_labels(examples: Sequence[ClassificationExample]) -> Iterator[ClassificationExample]:
    """The texts alone, so that equal ones are equal."""
    yield from (replace(example, example_id="", label=None) for example in examples)


def _changes(run: AugmentRun, examples: Sequence[ClassificationExample]) -> Changes:
    texts = [text for example in examples for text in (example.text_a, example.text_b) if text is not None]
    settings = run.augment
    if settings.method == "words":
        language = language_of(texts) if settings.language not in LANGUAGES else settings.language
        return word_changes(settings, language, texts)
    model, tokenizer, limit = _masked_lm(settings.model)
    return MaskedLMChanges(settings, model, tokenizer, limit)


def _masked_lm(name: str) -> tuple[Any, Any, int]:
    """A masked language model on its device, its tokenizer, and how many tokens it reads."""
    from transformers import AutoModelForMaskedLM
    from transformers.utils import logging

    from qgkd.checkpoints.hub_files import cache_only

    tokenizer = load_tokenizer_of(name)
    logging.disable_progress_bar()
    try:
        model, report = AutoModelForMaskedLM.from_pretrained(
            name, dtype="float32", local_files_only=cache_only(name), output_loading_info=True
        )
    except Exception as error:  # of several libraries: damaged weights, another architecture, no network
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"augment.model: expected a masked language model, {name} does not load: {reason}") from error
    if report["missing_keys"]:  # they would be random
        raise UserError(
            f"augment.model: expected a masked language model with its head, found none for "
            f"{sorted(report['missing_keys'])[0]} in {name}; give the pretrained model itself"
        )
    # RoBERTa's positions begin at 2: of its 514 it uses 512.
    limit = min(int(getattr(model.config, "max_position_embeddings", _MOST_TOKENS)), _MOST_TOKENS)
    return model.eval().to(_device()), tokenizer, limit


def _judge(run: AugmentRun, task: ClassificationTask) -> Judge | None:
    if not run.augment.teacher:
        return None
    teacher: Any = load_trained(Path(run.augment.teacher), task)
    model, predictor = teacher.model.to(_device()), Predictor(pad_id=int(teacher.tokenizer.pad_token_id))

    def logits(examples: Sequence[ClassificationExample]) -> NDArray[np.float32]:
        return predictor.logits(model, tokenise_examples(examples, teacher.tokenizer, run.task.max_tokens))

    return logits


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _settled(run: AugmentRun) -> AugmentRun:
    """Convert texts for a teacher, or else a masked language model, that knows only one script."""
    names = [name for name in (run.augment.teacher, run.augment.model) if name and Path(name).is_dir()]
    scripts = [script for name in names if (script := str(read_record(name).get("script", "")))]
    if run.task.script or not scripts:
        return run
    return replace(run, task=replace(run.task, script=scripts[0]))


def _about(run: AugmentRun) -> dict[str, Any]:
    """What a set depends on."""
    found = {
        "augment": asdict(run.augment),
        "config": asdict(run.task),
        "files": file_digests(run.task),
        "models": {name: model_sha256(name) for name in (run.augment.teacher, run.augment.model) if name},
        "script": run.task.script,
        "teacher": model_sha256(run.augment.teacher) if run.augment.teacher else "",
    }
    return dict(json.loads(json.dumps(found)))


def _is_same(folder: Path, about: dict[str, Any]) -> bool:
    recorded = read_json(folder / ABOUT)
    return all(recorded.get(key) == value for key, value in about.items())
