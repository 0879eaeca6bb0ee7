"""Step time and memory of every classification method as a multiple of fine-tuning, measured in one run.

    python eval/benchmark_classification.py
    python eval/benchmark_classification.py --layers 6 --teacher-layers 12 --large-layers 24 --hidden 768 \
        --large-hidden 1024 --batch 16 --device cuda --precision bf16

A step is forward, backward and AdamW of the student on `--batch` rows of `--tokens` tokens, and the teachers' forward
passes that the method needs. The methods take turns; the median counts. Weights are random: this measures cost. The
larger of two teachers has twice the other's layers by default.

Memory is what a step needs at its peak beside the student's weights and Adam's two moments, plus the teachers' weights.
On the CPU the peak is the process's, which the kernel counts (Linux), on CUDA the allocator's. `layers` is a lower
bound of the time: the layers of the student's forward and backward and of the teachers' forward passes, as a multiple
of the student's alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from benchmark_distillation import peak_mib
from transformers import BertConfig, BertForSequenceClassification

from qgkd.checkpoints.encoder import encoder_shape
from qgkd.classification.classifying_model import ClassifyingModel
from qgkd.distillation.methods.by_name import METHODS
from qgkd.distillation.methods.settings import check_method, objectives_of
from qgkd.distillation.objectives.objective import loss_terms, needs_of, teacher_rows
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.teachers.row_subset import run_on_rows
from qgkd.distillation.teachers.several_teachers import SeveralTeachers
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.experiment.engine.figures import time_in_turns
from qgkd.model_input.batch import Batch, ModelInput
from qgkd.model_input.rows import Block
from qgkd.training.loss import mean_over_step, unit_counts

VOCABULARY_TOKENS = 30522  # bert-base-uncased


@dataclass(frozen=True)
class Models:
    """Student and teachers, on their device."""

    student: BertForSequenceClassification
    teacher: BertForSequenceClassification
    other: BertForSequenceClassification
    """The second teacher, for the methods that choose."""


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=2, help="of the student (default 2)")
    parser.add_argument("--teacher-layers", type=int, default=4, help="of the teacher (default 4)")
    parser.add_argument(
        "--large-layers", type=int, default=0, help="of the larger of two teachers (default: twice the other)"
    )
    parser.add_argument("--hidden", type=int, default=256, help="width of student and teacher (default 256)")
    parser.add_argument("--large-hidden", type=int, default=0, help="width of the larger teacher (default: --hidden)")
    parser.add_argument("--tokens", type=int, default=128, help="of a row (default 128)")
    parser.add_argument("--batch", type=int, default=16, help="rows per step (default 16)")
    parser.add_argument("--classes", type=int, default=2, help="of the task (default 2)")
    parser.add_argument("--rounds", type=int, default=5, help="timings per method; the median counts (default 5)")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu time is valid on a busy machine, too"
    )
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's choice)")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    rows = compare(options)
    for row in rows:
        print(json.dumps(row))
    for row in rows[1:]:
        times = f"{row['method']}: {row['time']}x the time of fine-tuning ({row['layers']}x the layers)"
        print(f"{times}, {row['memory']}x the memory", file=sys.stderr)


def compare(options: argparse.Namespace) -> list[dict[str, object]]:
    """Time all methods, in turns; then the peak of each."""
    large = options.large_layers or 2 * options.teacher_layers
    models = Models(
        student=random_bert(options.layers, options.hidden, options).train(),
        teacher=random_bert(options.teacher_layers, options.hidden, options),
        other=random_bert(large, options.large_hidden or options.hidden, options),
    )
    optimizer = torch.optim.AdamW(models.student.parameters(), lr=1e-6)
    batch = random_batch(options)
    clock = time.perf_counter if options.clock == "wall" else time.process_time
    steps = {name: step_of(name, models, optimizer, batch, options) for name in METHODS}
    seconds = time_in_turns(steps, options.rounds, clock)
    sizes = {name: weights_mib(getattr(models, name)) for name in ("student", "teacher", "other")}
    rows: list[dict[str, object]] = []
    for name, step in steps.items():
        teachers = 0 if name == "fine-tune" else sizes["teacher"]
        weights = 3 * sizes["student"] + teachers + (sizes["other"] if "teacher" in name else 0)
        milliseconds, mib = 1000 * seconds[name], peak_mib(step, options.device) + weights
        first = rows[0] if rows else {"step_ms": milliseconds, "memory_mib": mib}
        rows.append(
            {
                "method": name,
                "step_ms": round(milliseconds, 1),
                "memory_mib": round(mib),
                "time": round(milliseconds / float(str(first["step_ms"])), 2),
                "layers": layers_of(name, models, options),
                "memory": round(mib / float(str(first["memory_mib"])), 2),
            }
        )
    return rows


def step_of(
    name: str,
    models: Models,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    options: argparse.Namespace,
) -> Callable[[], None]:
    """One optimiser step, as the trainer takes it."""
    shapes = encoder_shape(models.student), encoder_shape(models.teacher)
    objectives = objectives_of(check_method({"name": name}), *shapes)
    needs = needs_of(objectives)
    model = ClassifyingModel(models.student, needs[0])
    teacher: Teacher | SeveralTeachers = Teacher(models.teacher, needs[1], ClassifyingModel)
    if "teacher" in name:
        teacher = SeveralTeachers([teacher, Teacher(models.other, Needs(logits=True), ClassifyingModel)])
    counts = unit_counts([batch]).to(options.device)

    def autocast() -> contextlib.AbstractContextManager[object]:
        if options.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(options.device.split(":")[0], torch.bfloat16)

    def step() -> None:
        with autocast():
            student = model(batch.inputs)
        rows = teacher_rows(objectives, student, batch)
        shown: DistillCapture = DistillCapture()
        with autocast():
            if rows is None:
                shown = teacher(batch)
            elif rows.any():
                shown = run_on_rows(teacher, batch, rows)
        terms = loss_terms(objectives, student, shown, batch)
        sum(term.weight * mean_over_step(term, batch, counts) for term in terms).backward()
        optimizer.step()
        optimizer.zero_grad()
        if options.device != "cpu":
            torch.cuda.synchronize()

    return step


def layers_of(name: str, models: Models, options: argparse.Namespace) -> float:
    """Count layers: forward passes of student and teachers and the backward pass (two forwards), over the student's."""

    def layers(model: BertForSequenceClassification) -> float:
        return model.config.num_hidden_layers * (model.config.hidden_size / options.hidden) ** 2

    asked: Sequence[float] = []
    if "teacher" in name:
        asked = [layers(models.teacher), layers(models.other)]
    elif name != "fine-tune":
        asked = [layers(models.teacher) * (0.5 if name == "dynamic-data" else 1)]
    return round(1 + sum(asked) / (3 * options.layers), 2)


def random_batch(options: argparse.Namespace) -> Batch:
    """Rows of half to all of the length, the longest first, as a real batch is padded."""
    torch.manual_seed(0)
    rows, length = options.batch, options.tokens
    lengths = torch.linspace(length, length / 2, rows).long()
    real = torch.arange(length) < lengths[:, None]
    ids = torch.randint(1000, VOCABULARY_TOKENS, (rows, length)).masked_fill(~real, 0)
    found = Batch(
        inputs=ModelInput(
            input_ids=ids,
            token_type_ids=torch.zeros_like(ids),
            position_ids=torch.arange(length).repeat(rows, 1).masked_fill(~real, 0),
            blocks=real.long() * int(Block.PASSAGE),
            scored_positions=torch.stack([torch.arange(rows), torch.zeros(rows, dtype=torch.long)], dim=1),
        ),
        targets=torch.arange(rows) % options.classes,
        row_weights=torch.ones(rows),
    )
    return found.to(options.device)


def random_bert(layers: int, hidden: int, options: argparse.Namespace) -> BertForSequenceClassification:
    """Random weights."""
    torch.manual_seed(layers)
    config = BertConfig(
        vocab_size=VOCABULARY_TOKENS,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=max(1, hidden // 64),
        intermediate_size=4 * hidden,
        num_labels=options.classes,
    )
    return BertForSequenceClassification(config).to(options.device)


def weights_mib(model: BertForSequenceClassification) -> float:
    """Megabytes of its weights in fp32."""
    return sum(each.numel() for each in model.parameters()) * 4 / 2**20


if __name__ == "__main__":
    main()
