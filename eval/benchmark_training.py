"""Measure how many questions per second training processes, in packed rows against recurrent ones.

    python eval/benchmark_training.py                                   # 4 layers of 256, a minute on two CPU cores
    python eval/benchmark_training.py --layers 12 --hidden 768 --device cuda --precision bf16 --questions 96 --batch 32

Systems: `recurrent` (every position of a question is a row, the vocabulary head on its [MASK] alone, rows of like
length together), `recurrent-4` (four sampled positions per question), `prefix-marked` (one packed row per question),
`prefix-shared` (one packed row per passage, its questions sharing the passage's encoding). Each processes the same
questions once per round, forward, backward and AdamW, with as many rows per forward pass as `--batch` packed rows have
tokens; the systems take turns, the median counts. Weights are random: this measures speed.

So that no baseline is slow for want of tuning, `gflop_per_second` gives the multiplications each system cannot avoid
over its time, next to the machine's own matrix rate. From the packed rate follows an estimate of the hours for
bert-base-chinese on DRCD's 26,936 training questions: 82 GFLOP forward per question (12 layers, counted over DRCD),
three times that with the backward pass. `--gflops` gives the hours for a rate measured elsewhere. `--memory` counts, on
any machine, the bytes that a forward pass keeps for the backward one, and adds weights, gradients and AdamW's two
moments: an estimate of what a GPU needs, without its allocator's and kernels' own.

    python eval/benchmark_training.py --memory --layers 12 --hidden 768 --questions 4 --batch 4 --device-questions 16
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM

from qgkd.experiment.engine.figures import time_in_turns
from qgkd.model_input.input_format import Attention, InputFormat, Layout
from qgkd.model_input.source import Source
from qgkd.model_input.window import Window
from qgkd.training.batches import RowCollator
from qgkd.training.config import RowsConfig
from qgkd.training.dataset import Draw, RowDataset, Vocabulary
from qgkd.training.loss import cross_entropy_terms, mean_over_step, unit_counts
from qgkd.training.model import TrainingModel
from qgkd.training.token_store import TokenStore, build_store

VOCABULARY_TOKENS = 21128  # bert-base-chinese
ANSWER_TOKENS, QUESTION_TOKENS = 4, 23  # DRCD's mean question has 22.5 tokens and [SEP]
DRCD_TRAINING_QUESTIONS, BERT_BASE_FORWARD_GFLOP = 26_936, 82
CLS, SEP, MASK, PAD = 101, 102, 103, 0


@dataclass(frozen=True)
class System:
    """One way to train on the questions."""

    name: str
    attention: Attention
    layout: Layout
    rows: RowsConfig = field(default_factory=RowsConfig)


def systems(per_passage: int) -> list[System]:
    """The four that are compared."""
    return [
        System("recurrent", Attention.RECURRENT, Layout.MARKED),
        System("recurrent-4", Attention.RECURRENT, Layout.MARKED, RowsConfig(positions_per_question=4)),
        System("prefix-marked", Attention.PREFIX, Layout.MARKED),
        System("prefix-shared", Attention.PREFIX, Layout.SHARED, RowsConfig(answers_per_row=per_passage)),
    ]


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=4, help="of the model (default 4)")
    parser.add_argument("--hidden", type=int, default=256, help="width (default 256)")
    parser.add_argument("--source-tokens", type=int, default=300, help="passage and answer (default 300)")
    parser.add_argument("--questions", type=int, default=12, help="per round (default 12)")
    parser.add_argument("--per-passage", type=int, default=3, help="questions about one passage (DRCD: 3.4)")
    parser.add_argument("--batch", type=int, default=12, help="packed rows per forward pass (default 12)")
    parser.add_argument("--rounds", type=int, default=3, help="timings per system; the median counts (default 3)")
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's choice)")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--epochs", type=float, default=10, help="of the estimate (default 10)")
    parser.add_argument("--gflops", type=float, help="print the hours for this training rate and leave")
    parser.add_argument("--memory", action="store_true", help="count bytes instead of time")
    parser.add_argument("--device-questions", type=int, default=16, help="per forward pass, of --memory (default 16)")
    options = parser.parse_args()
    if options.gflops:
        print(estimate(options.gflops, options.epochs))
        return
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.memory:
        print(memory(options))
        return
    report(compare(options), options)


def memory(options: argparse.Namespace) -> str:
    """Estimate the memory of training on packed rows, by hooks on every tensor that autograd saves."""
    model = random_bert(options)
    parameters = sum(weight.numel() for weight in model.parameters())
    system = next(each for each in systems(options.per_passage) if each.name == "prefix-marked")
    own = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    saved: dict[int, int] = {}
    alive = []  # an address that was freed would be counted once for two tensors

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    batches = [RowCollator(PAD)(chunk) for chunk in chunks(training_items(system, options), options)]
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        for batch in batches:
            cross_entropy_terms(model(batch.inputs), batch, 0.0)
    per_question = sum(saved.values()) / options.questions
    fixed = 16 * parameters
    total = fixed + options.device_questions * per_question
    return (
        f"Estimate from counted bytes: {parameters / 1e6:.0f} M parameters in fp32 with gradients and AdamW's moments "
        f"{fixed / 1e9:.1f} GB, a packed question of {options.source_tokens + 2 * QUESTION_TOKENS} tokens keeps "
        f"{per_question / 1e9:.2f} GB in fp32: {total / 1e9:.0f} GB for {options.device_questions} questions per "
        "forward pass, in bf16 a little over half of the second part."
    )


def compare(options: argparse.Namespace) -> list[dict[str, object]]:
    """Time all systems, in turns."""
    model = random_bert(options)
    matrix_rate = matrix_gflops(options)
    runs = {system: training_run(system, model, options) for system in systems(options.per_passage)}
    taken = time_in_turns({system: run for system, (run, _) in runs.items()}, options.rounds)
    results: list[dict[str, object]] = []
    for system, (_, gflop) in runs.items():
        seconds = taken[system]
        row: dict[str, object] = {"system": system.name, "questions_per_second": round(options.questions / seconds, 3)}
        row |= {"gflop_per_question": round(gflop / options.questions, 2), "gflop_per_second": round(gflop / seconds)}
        row["share_of_matrix_rate"] = round(gflop / seconds / matrix_rate, 3)
        results.append(row)
    return results


def training_run(system: System, model: TrainingModel, options: argparse.Namespace) -> tuple[Callable[[], None], float]:
    """A function that trains on all questions once, and the GFLOP it cannot avoid."""
    items = training_items(system, options)
    batches = [RowCollator(PAD)(chunk) for chunk in chunks(items, options)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)
    autocast = torch.autocast(options.device.split(":")[0], torch.bfloat16)

    def run() -> None:
        counts = unit_counts(batches).to(options.device)
        for batch in batches:
            on_device = batch.to(options.device, non_blocking=True)
            with autocast if options.precision == "bf16" else contextlib.nullcontext():
                capture = model(on_device.inputs)
            (term,) = cross_entropy_terms(capture, on_device, 0.0)
            mean_over_step(term, on_device, counts).backward()
        optimizer.step()
        optimizer.zero_grad()
        if options.device != "cpu":
            torch.cuda.synchronize()

    lengths = [len(weighted.row) for item in items for weighted in item]
    scored = sum(len(batch.targets) for batch in batches)
    return run, training_gflop(lengths, scored, options)


def training_items(system: System, options: argparse.Namespace) -> list[list]:
    """The rows of each item of one pass over the questions."""
    input_format = InputFormat(attention=system.attention, layout=system.layout)
    ordinary = np.arange(104, VOCABULARY_TOKENS)
    vocabulary = Vocabulary(mask_id=MASK, pad_id=PAD, ordinary_ids=ordinary)
    rows = RowDataset(synthetic_store(system.layout, options), input_format, system.rows, vocabulary, seed=0)
    return [rows[Draw(0, item)] for item in range(len(rows))]


def chunks(items: list[list], options: argparse.Namespace) -> list[list[list]]:
    """Items per forward pass: as many as have the tokens of `--batch` packed rows."""
    budget = options.batch * (options.source_tokens + 2 * QUESTION_TOKENS)
    found: list[list[list]] = [[]]
    for item in items:
        tokens = sum(len(weighted.row) for each in (*found[-1], item) for weighted in each)
        if found[-1] and tokens > budget:
            found.append([])
        found[-1].append(item)
    return found


def synthetic_store(layout: Layout, options: argparse.Namespace) -> TokenStore:
    """The same questions in every layout: `per_passage` of them about each passage."""
    random = np.random.default_rng(0)
    passage_tokens = options.source_tokens - ANSWER_TOKENS - 3
    pairs = []
    for number in range(options.questions):
        if number % options.per_passage == 0:
            passage = random.integers(104, VOCABULARY_TOKENS, passage_tokens).tolist()
        start = int(random.integers(0, passage_tokens - ANSWER_TOKENS))
        answer = passage[start : start + ANSWER_TOKENS]
        shared = layout is Layout.SHARED
        types = [int(not shared and start <= place < start + ANSWER_TOKENS) for place in range(passage_tokens)]
        first = passage_tokens + 2
        positions = range(1 + start, 1 + start + ANSWER_TOKENS) if shared else range(first, first + ANSWER_TOKENS)
        closing = first if shared else first + ANSWER_TOKENS
        source = Source(
            token_ids=(CLS, *passage, SEP, *answer, SEP),
            token_types=(0, *types, 0, *[1] * (ANSWER_TOKENS + 1)),
            positions=(*range(first), *positions, closing),
            passage_length=first if shared else first + ANSWER_TOKENS + 1,
            question_position=closing + 1,
            start_chars=(), end_chars=(), window=Window(0, 0), context_was_cut=False,
        )  # fmt: skip
        question = random.integers(104, VOCABULARY_TOKENS, QUESTION_TOKENS - 1).tolist()
        pairs.append((source, (*question, SEP)))
    return build_store(pairs, {})


def random_bert(options: argparse.Namespace) -> TrainingModel:
    """Random weights, dropout on."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=VOCABULARY_TOKENS,
        hidden_size=options.hidden,
        num_hidden_layers=options.layers,
        num_attention_heads=max(1, options.hidden // 64),
        intermediate_size=4 * options.hidden,
    )
    return TrainingModel(BertForMaskedLM(config).train().to(options.device))


def training_gflop(lengths: list[int], scored: int, options: argparse.Namespace) -> float:
    """Multiplications and additions, forward and twice that backward: projections, feed-forward, attention, head."""
    hidden, layers = options.hidden, options.layers
    per_token = 2 * layers * 12 * hidden**2
    attention = sum(4 * layers * hidden * length**2 for length in lengths)
    head = scored * 2 * (hidden**2 + hidden * VOCABULARY_TOKENS)
    return 3 * (sum(lengths) * per_token + attention + head) / 1e9


def matrix_gflops(options: argparse.Namespace) -> float:
    """The rate of [4096, hidden] by [hidden, 4 hidden] in the precision trained in."""
    dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32
    left = torch.randn(4096, options.hidden, device=options.device, dtype=dtype)
    right = torch.randn(options.hidden, 4 * options.hidden, device=options.device, dtype=dtype)
    rates = []
    for _ in range(6):
        started = time.perf_counter()
        for _ in range(10):
            left @ right
        if options.device != "cpu":
            torch.cuda.synchronize()
        rates.append(10 * 2 * 4096 * 4 * options.hidden**2 / (time.perf_counter() - started) / 1e9)
    return statistics.median(rates)


def estimate(rate_gflops: float, epochs: float) -> str:
    """Hours for bert-base-chinese on DRCD's training file at a rate."""
    gflop = DRCD_TRAINING_QUESTIONS * 3 * BERT_BASE_FORWARD_GFLOP * epochs
    return (
        f"Estimate, not a measurement: at {rate_gflops:,.0f} GFLOP/s, bert-base-chinese takes "
        f"{gflop / rate_gflops / 3600:,.1f} hours for {epochs:g} epochs of DRCD's {DRCD_TRAINING_QUESTIONS:,} training "
        "questions in packed rows, evaluations not counted."
    )


def report(results: list[dict[str, object]], options: argparse.Namespace) -> None:
    """One JSON line per system, then what they say."""
    for row in results:
        print(json.dumps(row))
    rate = {str(row["system"]): float(str(row["questions_per_second"])) for row in results}
    for name in ("prefix-marked", "prefix-shared"):
        print(f"{name} processes {rate[name] / rate['recurrent']:.1f}x the questions of recurrent", file=sys.stderr)
    packed = next(row for row in results if row["system"] == "prefix-marked")
    print(estimate(float(str(packed["gflop_per_second"])), options.epochs), file=sys.stderr)


if __name__ == "__main__":
    main()
