"""How time and memory grow with the length of a passage, the number of passages, of questions, and of rows in a batch.

    python eval/benchmark_cost.py                                     # rule and the package's model
    python eval/benchmark_cost.py --systems rule --most-characters 1000000

Comes in: the sample passages, strung together. Goes out: `cost.json` and `cost.png` (needs matplotlib) in
`eval/results`: per point the seconds of the process on one core, which other programs disturb little, and the
most memory in use beyond what it was before; per curve the steepest growth: 1 is linear, 2 quadratic. Exit code 1
where a curve is steeper than linear. Linux only.

A literal example of a point: `{"x": 1000, "questions": 10, "cpu_seconds": 0.31, "megabytes": 4.2}`
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import math
import multiprocessing
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from qgkd.generator import Generator
from qgkd.quiz.file_run import generate_file
from qgkd.quiz.load_generator import load_generator
from qgkd.quiz.make import make_quiz
from qgkd.quiz.question_rows import BatchOptions
from qgkd.reading.readers import read_passages

REPOSITORY = Path(__file__).resolve().parent.parent
STEEPEST = 1.2
"""A steeper growth than this counts as worse than linear; measuring alone moves a point by some percent."""
SHORTEST_SECONDS = 0.2
"""Shorter points say nothing about growth."""


def main() -> int:
    """Parse the command line, measure, write the JSON and the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", default="rule,model")
    parser.add_argument("--model", help="a model folder (default: the package's own)")
    parser.add_argument("--most-characters", type=int, default=100_000)
    parser.add_argument("--most-passages", type=int, default=1000)
    parser.add_argument("--most-questions", type=int, default=100)
    parser.add_argument("--most-rows", type=int, default=64, help="passages in a batch (default 64)")
    parser.add_argument("--seconds", type=float, default=60, help="a curve ends at the first point above (default 60)")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "eval" / "results" / "cost", help="without suffix")
    options = parser.parse_args()
    torch.set_num_threads(1)  # also: a process with OpenMP threads must not be forked
    curves = []
    for system in options.systems.split(","):
        generator = load_generator(system=system, model=options.model if system == "model" else None)
        make_quiz(generator, text(0, 300), count=2)  # loads dictionaries, fills caches
        for name, most, fixed, point in (
            ("characters", options.most_characters, "10 questions", _characters),
            ("questions", options.most_questions, "10,000 characters", _questions),
            ("passages", options.most_passages, "300 characters, 3 questions each", _passages),
            ("rows in a batch", options.most_rows, "64 passages of 300 characters, 3 questions each", _rows),
        ):
            first = 100 if name == "characters" else 1
            curve: dict[str, Any] = {"system": generator.name, "curve": name, "fixed": fixed, "points": []}
            for x in steps(first, most, base=4 if name == "rows in a batch" else 10):
                curve["points"].append({"x": x, **measured(point, generator, x)})
                if curve["points"][-1]["cpu_seconds"] > options.seconds:
                    break
            curve["steepest"] = steepest([(each["x"], each["cpu_seconds"]) for each in curve["points"]])
            curves.append(curve)
            print(json.dumps(curve), flush=True)
    found = {"machine": platform.processor() or platform.machine(), "threads": 1, "curves": curves}
    options.output.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(curves, options.output.with_suffix(".png"))
    steep = [curve for curve in curves if curve["steepest"] is not None and curve["steepest"] > STEEPEST]
    for curve in steep:
        print(f"{curve['system']}, {curve['curve']}: grows by the power {curve['steepest']}", file=sys.stderr)
    return int(bool(steep))


def steps(first: int, most: int, *, base: int) -> Iterator[int]:
    """`first` times the powers of `base`, and `most`."""
    while first < most:
        yield first
        first *= base
    yield most


@functools.cache
def _sentences() -> list[str]:
    """Those of the sample passages."""
    return [
        sentence + "。"
        for file in sorted((REPOSITORY / "data" / "passages").glob("*.txt"))
        for sentence in file.read_text("utf-8").replace("\n", "").split("。")
        if sentence.strip()
    ]


def text(begin: int, chars: int) -> str:
    """So many characters of the sample passages, from the sentence `begin` on; each time round they are numbered."""
    parts, length = [], 0
    while length < chars:
        again, place = divmod(begin, len(_sentences()))
        parts.append(f"第{again}次，{_sentences()[place]}" if again else _sentences()[place])
        length, begin = length + len(parts[-1]), begin + 1
    return "".join(parts)[:chars]


def measured(point: Callable[[Generator, int], int], generator: Generator, x: int) -> dict[str, float]:
    """Run a point in a process of its own, where the most memory is that of this point."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender, point, generator, x))
    process.start()
    sender.close()
    found: dict[str, float] = receiver.recv()
    process.join()
    return found


def _run(sender: Any, point: Callable[[Generator, int], int], generator: Generator, x: int) -> None:
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    questions = point(generator, x)
    seconds, after = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sender.send(
        {"questions": questions, "cpu_seconds": round(seconds, 3), "megabytes": round((after - before) / 1024, 1)}
    )


def _characters(generator: Generator, chars: int) -> int:
    return len(make_quiz(generator, text(0, chars), count=10).items)


def _questions(generator: Generator, count: int) -> int:
    return len(make_quiz(generator, text(0, 10_000), count=count).items)


def _passages(generator: Generator, passages: int) -> int:
    return _file(generator, passages, BatchOptions(questions_per_passage=3))


def _rows(generator: Generator, rows: int) -> int:
    return _file(generator, 64, BatchOptions(questions_per_passage=3, rows_per_batch=rows))


def _file(generator: Generator, passages: int, wanted: BatchOptions) -> int:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.jsonl")
        with source.open("w", encoding="utf-8") as handle:
            for n in range(passages):
                handle.write(json.dumps({"id": f"p{n}", "context": text(n, 300)}, ensure_ascii=False) + "\n")
        return generate_file(generator, read_passages(str(source)), Path(folder, "out.jsonl"), wanted).questions


def steepest(points: list[tuple[int, float]]) -> float | None:
    """The power of the steepest growth between neighbours that take long enough; None where there are none."""
    long = [(x, seconds) for x, seconds in points if seconds >= SHORTEST_SECONDS]
    powers = [
        math.log(later / before) / math.log(x / x_before) for (x_before, before), (x, later) in itertools.pairwise(long)
    ]
    return round(max(powers), 2) if powers else None


def draw(curves: list[dict[str, Any]], path: Path) -> None:
    """Seconds above, memory below; a panel per curve, a line per system, dotted what is linear."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(dict.fromkeys(curve["curve"] for curve in curves))
    figure, axes = pyplot.subplots(2, len(names), figsize=(4 * len(names), 7), squeeze=False)
    for column, name in enumerate(names):
        for curve in (each for each in curves if each["curve"] == name):
            xs = [point["x"] for point in curve["points"]]
            for row, key in enumerate(("cpu_seconds", "megabytes")):
                axes[row][column].plot(xs, [point[key] for point in curve["points"]], "o-", label=curve["system"])
            last = curve["points"][-1]
            linear = [last["cpu_seconds"] * x / last["x"] for x in xs]
            if name != "rows in a batch":
                axes[0][column].plot(xs, linear, ":", color="grey", linewidth=1)
            axes[0][column].set_title(f"{name}\n({curve['fixed']})", fontsize=9)
        axes[0][column].set(xscale="log", yscale="log", ylabel="seconds on one core")
        axes[1][column].set(xscale="log", xlabel=name, ylabel="MB beyond the start")
        axes[1][column].set_ylim(bottom=0)
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


if __name__ == "__main__":
    sys.exit(main())
