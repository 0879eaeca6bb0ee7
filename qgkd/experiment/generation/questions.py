"""Draws the comparison's training and validation questions once.

Comes in: `[questions]`. Goes out: `train.jsonl`, `validation.jsonl` and `about.json` in a folder.

A literal example: of DRCD dev and CMRC with `number = 5000`, the 621 questions whose `article_in_test` is false
validate, the other 2,903 train together with 2,097 of CMRC, passages in an order drawn once.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from qgkd.errors import UserError
from qgkd.experiment.engine.figures import grouped
from qgkd.experiment.generation.settings import QuestionOptions
from qgkd.files.atomic import write_atomically
from qgkd.files.fingerprint import file_sha256
from qgkd.files.json_files import read_json, write_json
from qgkd.reading.examples import QGExample, example_record
from qgkd.training.main_process import say


def draw_questions(options: QuestionOptions, folder: Path) -> tuple[Path, Path]:
    """Write the two files, unless they were written before with the same settings.

    Returns:
        Training and validation file.

    Raises:
        UserError: A file cannot be read, or there are fewer questions than asked for.
    """
    from qgkd.model_recipe.sources import read_questions

    paths = [Path(options.folder) / name for name in options.train]
    final = Path(options.folder) / options.final
    digests = {path.name: file_sha256(path) for path in (*paths, final)}
    wanted = {"files": digests, **asdict(options), "folder": "", "train": [path.name for path in paths]}
    files = folder / "train.jsonl", folder / "validation.jsonl"
    before = read_json(folder / "about.json")
    if all(before.get(key) == value for key, value in wanted.items()) and all(path.is_file() for path in files):
        return files
    if before:
        raise UserError(f"{folder}: expected questions drawn with these settings, found others; choose another folder")
    read = read_questions(paths, [final], (), options.held_out_field)
    chosen = _drawn(read.final, read.broad, options)
    folder.mkdir(parents=True, exist_ok=True)
    for path, examples in zip(files, (chosen, read.validation), strict=True):
        with write_atomically(path) as file:
            file.writelines(json.dumps(example_record(example), ensure_ascii=False) + "\n" for example in examples)
    write_json(folder / "about.json", {**wanted, "train_questions": len(chosen), "left_out": read.left_out,
                                       "validation_questions": len(read.validation)})  # fmt: skip
    say(f"{folder}: {len(chosen):,} questions to train on, {len(read.validation):,} to validate on")
    return files


def _drawn(final: Sequence[QGExample], broad: Sequence[QGExample], options: QuestionOptions) -> list[QGExample]:
    """Choose all of `final`, then passages of `broad` at random; shuffle the passages."""
    draw = random.Random(options.seed)
    passages = _by_passage(broad)
    draw.shuffle(passages)
    number = options.number or len(final) + len(broad)
    if number > len(final) + len(broad):
        raise UserError(
            f"questions.number: expected at most the {len(final) + len(broad):,} questions of the files, found "
            f"{number:,}; lower it"
        )
    chosen = [example for passage in (*_by_passage(final), *passages) for example in passage][:number]
    order = _by_passage(chosen)
    draw.shuffle(order)
    return [example for passage in order for example in passage]


def _by_passage(examples: Iterable[QGExample]) -> list[list[QGExample]]:
    return list(grouped(examples, lambda example: example.context).values())
