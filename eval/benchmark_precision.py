"""Measure a model in every precision, in turns: how fast it writes here, and whether its questions stay as good.

Comes in: a model, passages with answers. Goes out: a JSON row per size of a batch and precision: seconds per question,
its ratio to fp32 in the same round (the median of the rounds), how many questions are those of fp32, avg_score.
Seconds are those of the clock and, for a busy machine, those of the process on the CPU; the ratio is of the latter.

A literal example: `python eval/benchmark_precision.py --model runs/student/model --data data/sample_questions.json`

`qgkd.checkpoints.precision.resolve_precision` follows what this says of a processor.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence

import torch

from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.checkpoints.precision import place
from qgkd.decoding.generator import ModelGenerator
from qgkd.decoding.settings import decoding_of
from qgkd.generator import GenerationRequest
from qgkd.reading.readers import read_examples
from qgkd.scoring.scores import score


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a folder that `qgkd train`, `distill` or `student` wrote")
    parser.add_argument("--data", required=True, help="passages with answers")
    parser.add_argument("--precision", default="fp32,bf16,int8", help="the first is what the others are compared with")
    parser.add_argument("--questions", type=int, default=64, help="spread over the file (default 64)")
    parser.add_argument("--batches", default="1,16", help="questions at once (default 1,16)")
    parser.add_argument("--rounds", type=int, default=3, help="timings per row (default 3)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    examples = read_examples(options.data).examples
    chosen = examples[:: max(1, len(examples) // options.questions)][: options.questions]
    requests = [GenerationRequest(context=example.context, answer=example.answer) for example in chosen]
    generators = {}
    for precision in options.precision.split(","):
        checkpoint = place(load_checkpoint(options.model, lean=True), precision=precision, device=options.device)
        generators[precision] = ModelGenerator(checkpoint, decoding_of(checkpoint, {}), max_batch_tokens=10**6)
    for batch in map(int, options.batches.split(",")):
        rounds: dict[str, list[tuple[float, float]]] = {precision: [] for precision in generators}
        written: dict[str, list[str]] = {}
        for _ in range(options.rounds):
            for precision, generator in generators.items():
                began = time.perf_counter(), time.process_time()
                written[precision] = _write(generator, requests, batch)
                ended = time.perf_counter(), time.process_time()
                rounds[precision].append((ended[0] - began[0], ended[1] - began[1]))
        first, *_ = generators
        for precision, seconds in rounds.items():
            wall, cpu = (statistics.median(each) / len(requests) for each in zip(*seconds, strict=True))
            ratios = [mine[1] / other[1] for mine, other in zip(seconds, rounds[first], strict=True)]
            same = sum(one == other for one, other in zip(written[precision], written[first], strict=True))
            scores = score(written[precision], [[example.question] for example in chosen])
            row = {
                "model": options.model, "batch": batch, "precision": precision, "questions": len(requests),
                "seconds_per_question": round(wall, 4), "cpu_seconds_per_question": round(cpu, 4),
                f"x {first}": round(statistics.median(ratios), 3), f"same as {first}": same,
                "avg_score": round(scores.avg_score, 4),
            }  # fmt: skip
            print(json.dumps(row), flush=True)


def _write(generator: ModelGenerator, requests: Sequence[GenerationRequest], batch: int) -> list[str]:
    """The question of each request, "" where there is none."""
    found = [
        questions
        for first in range(0, len(requests), batch)
        for questions in generator.generate(requests[first : first + batch])
    ]
    return [questions[0].text if questions else "" for questions in found]


if __name__ == "__main__":
    main()
