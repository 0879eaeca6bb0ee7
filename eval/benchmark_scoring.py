"""Measure the time to score a file of predictions: `python eval/benchmark_scoring.py PREDICTIONS.jsonl [--json]`.

Comes in: a JSONL with `hyp` and `refs`, as `qgkd evaluate --predictions` writes. Goes out: questions, seconds (best of
`--repeats`, reading the file and imports not counted) and questions per second, for both tokenisations.

    {"tokenization": "mixed", "questions": 3493, "seconds": 2.3, "questions_per_second": 1500}
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import get_args

from qgkd.errors import UserError
from qgkd.scoring import Tokenization, score
from qgkd.scoring.pairs import read_jsonl_pairs


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Seconds to score a file of predictions.")
    parser.add_argument("predictions", type=Path, help="JSONL with hyp and refs")
    parser.add_argument("--repeats", type=int, default=3, help="runs; the fastest counts (default 3)")
    parser.add_argument("--json", action="store_true", help="one JSON list on stdout")
    arguments = parser.parse_args()
    try:
        pairs = read_jsonl_pairs(str(arguments.predictions))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    score(pairs.hypotheses[:1], pairs.references[:1])  # nltk and rouge_score are imported on first use
    rows = []
    for tokenization in get_args(Tokenization):
        times = []
        for _ in range(arguments.repeats):
            start = time.perf_counter()
            score(pairs.hypotheses, pairs.references, tokenization=tokenization)
            times.append(time.perf_counter() - start)
        questions = len(pairs.hypotheses)
        rows.append(
            {
                "tokenization": tokenization,
                "questions": questions,
                "seconds": round(min(times), 2),
                "questions_per_second": round(questions / min(times)),
            }
        )
    if arguments.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(*(f"{name} {value}" for name, value in row.items()), sep="  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
