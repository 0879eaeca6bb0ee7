"""How many questions hold a character or number that neither their passage nor common question wording has.

    qgkd evaluate --data VALIDATION.jsonl --model MODEL --predictions runs/predictions.jsonl
    python eval/strange_characters.py runs/predictions.jsonl --wording TRAIN.jsonl.gz

Comes in: predictions as `qgkd evaluate` writes them, human-written questions for training. Goes out: the count, and
each such question with what is strange in it. Common wording is each character that at least one of 200 human-written
questions has; a number is strange where the passage does not have the same digits.

A literal example: 「玄僧是誰？」 of a passage about 玄奘: 僧 is strange.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

_ONE_OF = 200
_DIGITS = re.compile(r"\d+")


def main(
    predictions: Annotated[Path, typer.Argument(help="JSONL with `hyp` and `context`.")],
    wording: Annotated[list[Path], typer.Option(help="Human-written questions.")],
    show: Annotated[int, typer.Option(help="How many to print.")] = 30,
) -> None:
    """Count them."""
    from qgkd.reading.readers import read_examples

    rows = [json.loads(line) for line in predictions.read_text("utf-8").splitlines()]
    common = common_characters([example.question for path in wording for example in read_examples(path).examples])
    found = [(strange(row["hyp"], row["context"], common), row["hyp"]) for row in rows]
    strange_rows = [(parts, question) for parts, question in found if parts]
    print(f"{len(strange_rows)} of {len(found)} questions: {len(strange_rows) / max(1, len(found)):.1%}")
    for parts, question in strange_rows[:show]:
        print(f"{' '.join(parts)}\t{question}")


def common_characters(questions: list[str]) -> set[str]:
    """Characters of at least one of so many questions."""
    counts = Counter(character for question in questions for character in set(question.lower()))
    return {character for character, count in counts.items() if count * _ONE_OF >= len(questions)}


def strange(question: str, passage: str, common: set[str]) -> list[str]:
    """What neither the passage nor common wording has, numbers whole."""
    known, numbers = set(passage.lower()) | common, set(_DIGITS.findall(passage))
    digits = [number for number in _DIGITS.findall(question) if number not in numbers]
    rest = _DIGITS.sub("", question.lower())
    return [*digits, *(c for c in dict.fromkeys(rest) if c not in known and not c.isspace())]


if __name__ == "__main__":
    typer.run(main)
