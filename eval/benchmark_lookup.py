"""Measure what drafts from the passage (`qgkd.decoding.lookup`) save a trained model, and that they change no question.

Comes in: a trained model of attention mode `prefix`, passages with answers. Goes out: a JSON row per size of a batch:
passes and seconds per question without and with drafts, in turns, and how many questions have the same tokens. Seconds
of the clock and, for a busy machine, of the process's threads on the CPU.

A literal example: `python eval/benchmark_lookup.py --model runs/student/model --data data/sample_questions.json`
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from typing import Any

from qgkd.checkpoints.checkpoint import Checkpoint, load_checkpoint
from qgkd.checkpoints.precision import place
from qgkd.decoding.generator import ModelGenerator
from qgkd.decoding.greedy import Hypothesis
from qgkd.decoding.settings import DecodingSettings, decoding_of
from qgkd.generator import GenerationRequest
from qgkd.reading.readers import read_examples


class Watched(ModelGenerator):
    """Keeps the tokens that were chosen, and counts the passes: the vocabulary head runs once in each."""

    def __init__(self, checkpoint: Checkpoint, settings: DecodingSettings, *, drafts: bool) -> None:
        super().__init__(checkpoint, settings, max_batch_tokens=10**6, drafts=drafts)
        self.passes = 0
        self.questions: list[tuple[int, ...]] = []
        head: Any = checkpoint.model.cls
        head.predictions.transform.LayerNorm.register_forward_hook(self._count)
        self._runs = False

    def _count(self, *_: Any) -> None:
        self.passes += self._runs

    def _decode(self, batch: list[Any], width: int) -> list[list[Hypothesis]]:
        self._runs = True
        found = super()._decode(batch, width)
        self._runs = False
        self.questions += [row[0].token_ids if row else () for row in found]
        return found


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a folder that `qgkd train`, `distill` or `student` wrote")
    parser.add_argument("--data", required=True, help="passages with answers")
    parser.add_argument("--questions", type=int, default=60, help="spread over the file (default 60)")
    parser.add_argument("--batches", default="1,16", help="questions at once (default 1,16)")
    parser.add_argument("--rounds", type=int, default=3, help="timings per row; the median counts (default 3)")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    checkpoint = place(load_checkpoint(options.model, lean=True), precision="fp32", device=options.device)
    examples = read_examples(options.data).examples
    chosen = examples[:: max(1, len(examples) // options.questions)][: options.questions]
    requests = [GenerationRequest(context=example.context, answer=example.answer) for example in chosen]
    for batch in options.batches.split(","):
        row = {"model": options.model, **compare(checkpoint, requests, int(batch), options.rounds)}
        print(json.dumps(row), flush=True)


def compare(
    checkpoint: Checkpoint, requests: Sequence[GenerationRequest], batch: int, rounds: int
) -> dict[str, int | float]:
    """Write all questions without and with drafts, in turns."""
    settings = decoding_of(checkpoint, {"num_beams": 1})
    greedy, drafted = (Watched(checkpoint, settings, drafts=drafts) for drafts in (False, True))
    taken: dict[Watched, list[tuple[float, float]]] = {greedy: [], drafted: []}
    for _ in range(rounds):
        for generator, seconds in taken.items():
            generator.passes, generator.questions = 0, []
            started = time.perf_counter(), time.process_time()
            for first in range(0, len(requests), batch):
                generator.generate(requests[first : first + batch])
            ended = time.perf_counter(), time.process_time()
            seconds.append((ended[0] - started[0], ended[1] - started[1]))
    batches = -(-len(requests) // batch)
    same = sum(one == other for one, other in zip(greedy.questions, drafted.questions, strict=True))
    (wall, cpu), (wall_drafted, cpu_drafted) = (
        [statistics.median(each) / len(requests) for each in zip(*seconds, strict=True)] for seconds in taken.values()
    )
    return {
        "batch": batch,
        "questions": len(requests),
        "tokens_per_question": round(statistics.mean(map(len, greedy.questions)), 2),
        "same_tokens": same,
        "passes_per_batch": round(greedy.passes / batches, 2),
        "passes_per_batch_with_drafts": round(drafted.passes / batches, 2),
        "seconds_per_question": round(wall, 4),
        "seconds_per_question_with_drafts": round(wall_drafted, 4),
        "cpu_seconds_per_question": round(cpu, 4),
        "cpu_seconds_per_question_with_drafts": round(cpu_drafted, 4),
    }


if __name__ == "__main__":
    main()
