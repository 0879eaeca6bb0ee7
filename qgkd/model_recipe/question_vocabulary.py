"""Learns question vocabulary: the characters that people use in questions though the passage lacks them.

Comes in: human-written training questions. Goes out: these characters, the most frequent first, for the record of a
model; `qgkd.decoding.faithful` takes all else from the passage.

A literal example: `question_vocabulary(examples)` is `"？麼什哪誰何裡個是少候些多時幾…"`.

Words are not learnt: a token is one character, and which characters stand together is the model's to choose.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from qgkd.checkpoints.record import RECORD_NAME, read_record
from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.reading.examples import QGExample

FILE = "question_vocabulary.txt"
_ONE_OF = 600
"""A character is question wording where one of so many questions has it, …"""
_ONE_OF_LACKING = 2000
"""… and one of so many has it though its passage lacks it. Of the 621 validation questions a student's were closer to
people's with these bounds than with 200 and 500, which leave out question wording that people do use."""


def question_vocabulary(examples: Iterable[QGExample]) -> str:
    """The characters of question vocabulary; no digits, no Latin letters, no spaces."""
    used: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    count = 0
    for example in examples:
        count += 1
        characters, passage = set(example.question.lower()), set(example.context.lower())
        used.update(characters)
        lacking.update(characters - passage)
    chosen = [
        character
        for character, times in sorted(lacking.items(), key=lambda item: (-item[1], item[0]))
        if times * _ONE_OF_LACKING >= count and used[character] * _ONE_OF >= count
    ]
    return "".join(c for c in chosen if not c.isspace() and not c.isdecimal() and not (c.isalnum() and c.isascii()))


def save_vocabulary(folder: Path, vocabulary: str) -> None:
    """Write the characters beside other prepared data."""
    with write_atomically(folder / FILE) as file:
        file.write(vocabulary + "\n")


def load_vocabulary(folder: Path) -> str:
    """Read them back; empty where data was prepared by an earlier version."""
    path = folder / FILE
    return path.read_text("utf-8").strip() if path.is_file() else ""


def put_into_record(model: Path, vocabulary: str) -> None:
    """Put question vocabulary into the record of a model folder, in place of what is there.

    Raises:
        UserError: The folder has no record.
    """
    record = read_record(str(model))
    if not record:
        raise UserError(f"{model}: expected a model folder with {RECORD_NAME}, found none; give the model's own folder")
    with write_atomically(model / RECORD_NAME) as file:
        json.dump({**record, "question_vocabulary": vocabulary}, file, ensure_ascii=False, indent=1)
        file.write("\n")
