"""Step time and memory of distillation as a multiple of plain training, the same batch, one run.

    python eval/benchmark_distillation.py                                   # 4 → 2 layers of 256, seconds on two cores
    python eval/benchmark_distillation.py --teacher-layers 12 --layers 6 --hidden 768 --batch 32 --device cuda \
        --precision bf16

Systems: `labels` (plain training of the student), `hinton` (the teacher's logits), `all-layer` (logits, hidden states,
attention scores). A step is forward, backward and AdamW on `--batch` packed rows; the systems take turns, the median
counts. Weights are random: this measures cost.

Memory is what a step needs at its peak beside the student's weights and Adam's two moments, plus the teacher's weights
where there is one. On the CPU the peak is the process's, which the kernel counts (Linux), on CUDA the allocator's.
`floor` is a lower bound of the time, counted in layers: the student's forward and backward and the teacher's forward.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import BertConfig, BertForMaskedLM

from qgkd.checkpoints.encoder import encoder_shape
from qgkd.distillation.methods.all_layer import all_layer
from qgkd.distillation.methods.kd import hinton
from qgkd.distillation.objectives.objective import Objective, loss_terms, needs_of
from qgkd.distillation.teachers.capture import Needs
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.experiment.engine.figures import time_in_turns
from qgkd.model_input.batch import Batch, ModelInput
from qgkd.model_input.rows import Block
from qgkd.training.loss import cross_entropy_terms, mean_over_step, unit_counts

VOCABULARY_TOKENS = 21128  # bert-base-chinese
QUESTION_TOKENS = 23  # DRCD's mean, [SEP] included
MASK = 103


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher-layers", type=int, default=4, help="of the teacher (default 4)")
    parser.add_argument("--layers", type=int, default=2, help="of the student (default 2)")
    parser.add_argument("--hidden", type=int, default=256, help="width (default 256)")
    parser.add_argument("--source-tokens", type=int, default=300, help="passage and answer (default 300)")
    parser.add_argument("--batch", type=int, default=4, help="packed rows per step (default 4)")
    parser.add_argument("--rounds", type=int, default=3, help="timings per system; the median counts (default 3)")
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's choice)")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    results = compare(options)
    for row in results:
        print(json.dumps(row))
    plain = results[0]
    for row in results[1:]:
        times, memory = (float(str(row[key])) / float(str(plain[key])) for key in ("step_ms", "memory_mib"))
        print(f"{row['system']}: {times:.2f}x the time, {memory:.2f}x the memory of plain training", file=sys.stderr)


def compare(options: argparse.Namespace) -> list[dict[str, object]]:
    """Time all systems, in turns; then the peak of each."""
    teacher, student = random_bert(options.teacher_layers, options), random_bert(options.layers, options).train()
    shapes = encoder_shape(student), encoder_shape(teacher)
    asked = Teacher(teacher, Needs())
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-6)
    batch = packed_batch(options)
    lists: dict[str, list[Objective]] = {"labels": [], "hinton": hinton(*shapes), "all-layer": all_layer(*shapes)}
    steps = {name: step_of(each, student, asked, optimizer, batch, options) for name, each in lists.items()}
    seconds = time_in_turns(steps, options.rounds)
    weights = [sum(each.numel() for each in model.parameters()) * 4 / 2**20 for model in (student, teacher)]
    results: list[dict[str, object]] = []
    for name, step in steps.items():
        memory = peak_mib(step, options.device) + 3 * weights[0] + (weights[1] if lists[name] else 0)
        row: dict[str, object] = {"system": name, "step_ms": round(1000 * seconds[name], 1)}
        row |= {"memory_mib": round(memory), "floor": 1.0}
        if lists[name]:
            row["floor"] = round(1 + options.teacher_layers / (3 * options.layers), 2)
        results.append(row)
    return results


def step_of(
    objectives: list[Objective],
    student: BertForMaskedLM,
    teacher: Teacher,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    options: argparse.Namespace,
) -> Callable[[], None]:
    """One optimiser step; without objectives on the labels alone."""
    student_needs, teacher_needs = needs_of(objectives)
    model = CapturingModel(student, student_needs)
    counts = unit_counts([batch]).to(options.device)

    def autocast() -> contextlib.AbstractContextManager[object]:
        if options.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(options.device.split(":")[0], torch.bfloat16)

    def step() -> None:
        with autocast():
            capture = model(batch.inputs)
            if objectives:
                teacher.needs = teacher_needs
                terms = loss_terms(objectives, capture, teacher(batch), batch)
            else:
                terms = cross_entropy_terms(capture, batch, 0.0)
        sum(term.weight * mean_over_step(term, batch, counts) for term in terms).backward()
        optimizer.step()
        optimizer.zero_grad()
        if options.device != "cpu":
            torch.cuda.synchronize()

    return step


def packed_batch(options: argparse.Namespace) -> Batch:
    """Rows of source, question and [MASK]s, as the collator makes them of questions of one length."""
    torch.manual_seed(0)
    rows, source, asked = options.batch, options.source_tokens, QUESTION_TOKENS
    length = source + 2 * asked
    ids = torch.randint(104, VOCABULARY_TOKENS, (rows, length))
    targets = ids[:, source : source + asked].clone()
    ids[:, source + asked :] = MASK
    blocks = torch.tensor([Block.PASSAGE] * source + [Block.TARGET] * asked + [Block.PSEUDO] * asked)
    question = torch.arange(1, asked + 1)
    steps = torch.cat([torch.zeros(source, dtype=torch.long), question, question])
    places = torch.cat([torch.arange(source), source - 1 + question, source - 1 + question])
    masks = torch.arange(source + asked, length).repeat(rows)
    found = Batch(
        inputs=ModelInput(
            input_ids=ids,
            token_type_ids=torch.zeros_like(ids),
            position_ids=places.repeat(rows, 1),
            blocks=blocks.repeat(rows, 1),
            steps=steps.repeat(rows, 1),
            groups=(steps > 0).long().repeat(rows, 1),
            scored_positions=torch.stack([torch.arange(rows).repeat_interleave(asked), masks], dim=1),
        ),
        targets=targets.flatten(),
        row_weights=torch.ones(rows),
    )
    return found.to(options.device)


def random_bert(layers: int, options: argparse.Namespace) -> BertForMaskedLM:
    """Random weights."""
    torch.manual_seed(layers)
    config = BertConfig(
        vocab_size=VOCABULARY_TOKENS,
        hidden_size=options.hidden,
        num_hidden_layers=layers,
        num_attention_heads=max(1, options.hidden // 64),
        intermediate_size=4 * options.hidden,
    )
    return BertForMaskedLM(config).to(options.device)


def peak_mib(step: Callable[[], None], device: str) -> float:
    """Return the peak memory of a step, in MiB above the memory in use before it."""
    gc.collect()
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before_mib = process_mib("VmRSS")
    step()
    return process_mib("VmHWM") - before_mib


def process_mib(name: str) -> float:
    """Return a memory figure of this process, in MiB as the kernel counts it."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
