"""Put question vocabulary into the record of a model that was made without: from then on it writes faithfully.

    python eval/question_vocabulary.py runs/model/model --questions data/qg/cmrc2018_train.jsonl.gz

Comes in: a model folder; human-written questions, or with `--final` the files of which some rows are held out. Goes
out: `question_vocabulary` in its `qgkd.json`. `qgkd model` writes it by itself.

A literal example: `{"script": "traditional", "question_vocabulary": "？麼什哪誰何…"}`
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def main(
    model: Annotated[Path, typer.Argument(help="A model folder; its qgkd.json is written anew.")],
    questions: Annotated[list[Path], typer.Option(help="Human-written questions, used whole.")],
    final: Annotated[list[Path], typer.Option(help="Files whose held-out rows are left out.")],
    held_out_field: Annotated[str, typer.Option(help="The field that is false in held-out rows.")] = "article_in_test",
) -> None:
    """Learn it and write it."""
    from qgkd.model_recipe.question_vocabulary import put_into_record, question_vocabulary
    from qgkd.model_recipe.sources import read_questions

    read = read_questions(questions, final, [], held_out_field)
    vocabulary = question_vocabulary((*read.broad, *read.final))
    put_into_record(model, vocabulary)
    print(f"{model}: {len(vocabulary)} characters of {len(read.broad) + len(read.final):,} questions", file=sys.stderr)


if __name__ == "__main__":
    typer.run(main)
