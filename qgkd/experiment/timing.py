"""How long the student takes against its teacher: same questions, mode, batches, device, in turns.

Comes in: two model folders and questions. Goes out: the median seconds of each, and their ratio.

A literal example: `{"teacher_seconds": 41.2, "student_seconds": 22.9, "ratio": 0.556, "questions": 64, "rounds": 3}`
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from qgkd.experiment.measure import Decoding, generator_of
from qgkd.reading.readers import read_examples
from qgkd.scoring.evaluate import write_questions


def time_pair(
    teacher: Path, student: Path, data: Path, decoding: Decoding, *, questions: int, rounds: int
) -> dict[str, Any]:
    """Time both.

    Args:
        teacher: Model folder.
        student: Model folder.
        data: File of questions.
        decoding: Where and in which numbers.
        questions: The first N.
        rounds: How often each writes them all; each warms up on one first.
    """
    examples = read_examples(data, limit=questions).examples
    generators = {name: generator_of(path, decoding) for name, path in (("teacher", teacher), ("student", student))}
    seconds: dict[str, list[float]] = {name: [] for name in generators}
    for generator in generators.values():
        write_questions(generator, examples[:1])
    for _ in range(rounds):
        for name, generator in generators.items():
            seconds[name].append(write_questions(generator, examples)[2])
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "teacher_seconds": medians["teacher"],
        "student_seconds": medians["student"],
        "ratio": medians["student"] / medians["teacher"],
        "teacher_parameters": generators["teacher"].parameters,
        "student_parameters": generators["student"].parameters,
        "questions": len(examples),
        "rounds": rounds,
        "device": decoding.device,
        "precision": decoding.precision,
    }
