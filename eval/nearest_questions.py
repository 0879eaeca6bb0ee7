"""Choose, of the questions that a teacher wrote, those nearest to people's: for its student to learn from.

    qgkd evaluate --data runs/human.jsonl --model TEACHER --predictions runs/written.jsonl
    python eval/nearest_questions.py runs/written.jsonl --share 0.75 --out runs/nearest.jsonl

Comes in: the predictions of `qgkd evaluate`, each with the question that a person wrote about the same answer. Goes
out: training rows with the teacher's question, in random order. Rows are ranked by ROUGE-L (F1, by characters) against
the person's question; those that a quiz would hold back are ranked lower by .15.

A literal example: of the two lines

    {"hyp": "燈塔由誰設計？", "refs": ["誰設計了燈塔？"], "answer": "林文海", "context": "…", …}
    {"hyp": "由誰由誰？", "refs": ["燈塔是誰設計的？"], "answer": "林文海", "context": "…", …}

a share of .5 keeps the first.

Source: a student that learns from what its teacher writes, Kim & Rush 2016 (arXiv 1606.07947), section 3.2; keeping the
outputs nearest to the reference is their section 3.3 with the teacher's single output for its beam.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import Tokenizer

from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.rule.doubtful import is_doubtful
from qgkd.rule.mixed_sentences import mixes_sentences
from qgkd.text.sentences import split_sentences

_HELD_BACK_COSTS = 0.15


class Characters(Tokenizer):  # type: ignore[misc]
    """Every character but white space and question marks is a token."""

    def tokenize(self, text: str) -> list[str]:
        """Cut a text."""
        return [character for character in text.lower() if not character.isspace() and character not in "?？"]


def main(
    predictions: Annotated[list[Path], typer.Argument(help="JSONL of `qgkd evaluate --predictions`.")],
    out: Annotated[Path, typer.Option(help="The JSONL file.")],
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="How much of them is kept.")] = 0.75,
    seed: Annotated[int, typer.Option(help="Of the order.")] = 42,
) -> None:
    """Choose the nearest."""
    scorer = RougeScorer(["rougeL"], tokenizer=Characters())
    rows = [json.loads(line) for path in predictions for line in path.read_text("utf-8").splitlines()]
    written = [row for row in rows if row["hyp"]]
    kept = sorted(written, key=lambda row: -_nearness(row, scorer))[: round(share * len(written))]
    Random(seed).shuffle(kept)
    with write_atomically(out) as file:
        for row in kept:
            example = {key: row[key] for key in ("id", "context", "answer", "answer_start")}
            file.write(json.dumps({**example, "question": row["hyp"]}, ensure_ascii=False) + "\n")
    print(f"{out}: {len(kept):,} of {len(rows):,} questions")


def _nearness(row: dict[str, Any], scorer: RougeScorer) -> float:
    score: float = max(scorer.score(reference, row["hyp"])["rougeL"].fmeasure for reference in row["refs"])
    start_char, end_char = row["answer_start"], row["answer_start"] + len(row["answer"])
    touched = [at for at in split_sentences(row["context"]) if at[0] < end_char and start_char < at[1]]
    sentence = row["context"][touched[0][0] : touched[-1][1]]
    held_back = is_doubtful(row["hyp"], row["answer"]) or mixes_sentences(
        row["hyp"], sentence, row["answer"], row["context"]
    )
    return score - _HELD_BACK_COSTS * held_back


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(str(error)) from None
