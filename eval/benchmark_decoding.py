"""Measure how many questions per second each decoder writes, with random weights, in one run.

    python eval/benchmark_decoding.py                 # 6 layers, 300-token sources, batch 1 and 16
    python eval/benchmark_decoding.py --full          # also 12 layers and 450-token sources
    python eval/benchmark_decoding.py --json

Systems: `recurrent` (BERT-SQG as published, made as cheap as exactness allows), `prefix-marked`, `prefix-shared` (one
passage for the whole batch of answers), `bart` (`BartForConditionalGeneration.generate`, as many encoder and decoder
layers). All of width 768 with bert-base-chinese's vocabulary size, 22 predicted tokens per question, none of them the
end before the last; the same threads; each row the median of `--rounds`, the systems taking turns.

So that the baseline is not slow for want of tuning, the run also measures the machine's matrix rate, and prints the
share of it that `recurrent` reaches on the multiplications it cannot avoid.

Weights are random, so the text means nothing: this measures speed. `--precision` adds rows of `bf16` and `int8`; these
change the arithmetic, so read them beside a trained model's scores in the same precision.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForMaskedLM,
    BertTokenizerFast,
    PreTrainedTokenizerFast,
)

from qgkd.answer import AnswerSpan
from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.precision import place
from qgkd.decoding.generator import ModelGenerator
from qgkd.decoding.settings import DecodingSettings
from qgkd.generator import GenerationRequest
from qgkd.model_input.input_format import InputFormat

VOCABULARY_TOKENS = 21128
STEPS = 22  # predicted tokens per question, the closing [SEP] among them; DRCD's mean is 23.5
ANSWER_TOKENS = 4


@dataclass(frozen=True)
class Case:
    """One row of the result."""

    system: str
    layers: int
    source_tokens: int
    batch: int
    precision: str


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also 12 layers and 450-token sources")
    parser.add_argument("--batches", default="1,16", help="questions at once (default 1,16)")
    parser.add_argument("--rounds", type=int, default=3, help="timings per row; the median counts (default 3)")
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's choice)")
    parser.add_argument("--precision", default="fp32", help="comma-separated: fp32,bf16,int8, for the prefix decoders")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true", help="print a JSON list and nothing else")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    rows = []
    sizes = [(6, 300)] + ([(12, 300), (6, 450), (12, 450)] if options.full else [])
    for layers, source_tokens in sizes:
        batches = [int(batch) for batch in options.batches.split(",")]
        rows += compare(layers, source_tokens, batches, options)
    rows += compare(6, 450, [10], options, shared_only=True)
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        report(rows)


def compare(
    layers: int, source_tokens: int, batches: list[int], options: argparse.Namespace, *, shared_only: bool = False
) -> list[dict[str, object]]:
    """Time all systems at one size, in turns."""
    tokenizer = synthetic_tokenizer()
    results = []
    bert, bart = random_bert(layers, options.device), random_bart(layers, options.device)
    for batch in batches:
        runs: dict[Case, Callable[[], int]] = {}
        for precision in options.precision.split(","):
            for system in ("prefix-shared",) if shared_only else ("prefix-marked", "prefix-shared"):
                case = Case(system, layers, source_tokens, batch, precision)
                runs[case] = qgkd_run(case, bert, tokenizer, options.device)
        if not shared_only:
            case = Case("recurrent", layers, source_tokens, batch, "fp32")
            runs[case] = qgkd_run(case, bert, tokenizer, options.device)
        case = Case("bart", layers, source_tokens, batch, "fp32")
        runs[case] = bart_run(bart, source_tokens, batch, options.device)
        matrix_rate = matrix_gflops(options.device)
        seconds = time_in_turns(runs, options.rounds)
        for case, taken in seconds.items():
            row: dict[str, object] = {**vars(case), "questions_per_second": round(batch / taken, 3)}
            row["seconds"] = round(taken, 3)
            if case.system == "recurrent":
                flop = STEPS * batch * forward_gflop(layers, source_tokens + STEPS / 2)
                row["share_of_matrix_rate"] = round(flop / taken / matrix_rate, 3)
                row["matrix_gflops"] = round(matrix_rate, 1)
            results.append(row)
            print(json.dumps(row), file=sys.stderr)
    return results


def time_in_turns(runs: dict[Case, Callable[[], int]], rounds: int) -> dict[Case, float]:
    """Return the median seconds of each: one warm-up, then every system once per round.

    A batch of `recurrent` takes minutes and needs no warm-up: it runs the same products hundreds of times.
    """
    taken: dict[Case, list[float]] = {case: [] for case in runs}
    for number in range(rounds + 1):
        for case, run in runs.items():
            if number == 0 and case.system == "recurrent" and case.batch > 1:
                continue
            started = time.perf_counter()
            steps = run()
            elapsed = time.perf_counter() - started
            assert steps == STEPS, f"{case} predicted {steps} tokens per question instead of {STEPS}"
            if number:
                taken[case].append(elapsed)
    return {case: statistics.median(values) for case, values in taken.items()}


def qgkd_run(case: Case, bert: BertForMaskedLM, tokenizer: PreTrainedTokenizerFast, device: str) -> Callable[[], int]:
    """Return a function that turns text into questions, tokenising included."""
    attention = "recurrent" if case.system == "recurrent" else "prefix"
    layout = "shared" if case.system == "prefix-shared" else "marked"
    input_format = InputFormat(attention=attention, layout=layout)
    checkpoint = Checkpoint(name=case.system, model=bert, tokenizer=tokenizer, input_format=input_format, record={})
    checkpoint = place(checkpoint, precision=case.precision, device=device)
    settings = DecodingSettings(min_question_tokens=STEPS - 1, max_question_tokens=STEPS - 1)
    # Random weights quote nothing: every draft would be wrong. `benchmark_lookup.py` measures drafts.
    generator = ModelGenerator(checkpoint, settings, max_batch_tokens=10**6, drafts=False)
    # `shared`: one passage, as many answers as the batch. The others: as many passages. Tokens per source are equal.
    context_tokens = case.source_tokens - 3 - ANSWER_TOKENS
    requests = []
    for number in range(case.batch):
        context = synthetic_passage(context_tokens, seed=0 if layout == "shared" else number)
        start = (number + 1) * (context_tokens - ANSWER_TOKENS) // (case.batch + 1)
        requests.append(
            GenerationRequest(
                context=context, answer=AnswerSpan(text=context[start : start + ANSWER_TOKENS], start_char=start)
            )
        )

    def run() -> int:
        questions = generator.generate(requests)
        lengths = {len(found[0].text) for found in questions}
        assert lengths == {STEPS - 1}, lengths
        return STEPS

    return run


def bart_run(bart: BartForConditionalGeneration, source_tokens: int, batch: int, device: str) -> Callable[[], int]:
    """Return a function that runs transformers' greedy generation with its cache."""
    torch.manual_seed(1)
    ids = torch.randint(1000, VOCABULARY_TOKENS, (batch, source_tokens), device=device)
    mask = torch.ones_like(ids)

    def run() -> int:
        with torch.inference_mode():
            out = bart.generate(
                input_ids=ids,
                attention_mask=mask,
                num_beams=1,
                do_sample=False,
                use_cache=True,
                min_new_tokens=STEPS,
                max_new_tokens=STEPS,
            )
        return int(out.shape[1]) - 1  # the decoder's start token is not predicted

    return run


def random_bert(layers: int, device: str) -> BertForMaskedLM:
    """bert-base-chinese's shape, `layers` deep."""
    torch.manual_seed(0)
    return BertForMaskedLM(BertConfig(vocab_size=VOCABULARY_TOKENS, num_hidden_layers=layers)).eval().to(device)


def random_bart(layers: int, device: str) -> BartForConditionalGeneration:
    """Width 768, `layers` encoder and `layers` decoder layers, the same vocabulary size."""
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=VOCABULARY_TOKENS,
        d_model=768,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_ffn_dim=3072,
        decoder_ffn_dim=3072,
        encoder_attention_heads=12,
        decoder_attention_heads=12,
        forced_eos_token_id=None,
    )
    return BartForConditionalGeneration(config).eval().to(device)


def synthetic_tokenizer() -> BertTokenizerFast:
    """One token per CJK character, as many as bert-base-chinese has tokens."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = special + [chr(0x4E00 + number) for number in range(VOCABULARY_TOKENS - len(special) - 200)]
    vocabulary += [chr(0x3400 + number) for number in range(VOCABULARY_TOKENS - len(vocabulary))]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
        tokenizer = BertTokenizerFast.from_pretrained(folder)
    assert len(tokenizer) == VOCABULARY_TOKENS
    return tokenizer


def synthetic_passage(tokens: int, *, seed: int) -> str:
    """Random CJK characters."""
    generator = torch.Generator().manual_seed(seed)
    return "".join(chr(0x4E00 + int(number)) for number in torch.randint(0, 20000, (tokens,), generator=generator))


def forward_gflop(layers: int, tokens: float) -> float:
    """Multiplications and additions of one forward pass, head on one position: projections, attention, feed-forward."""
    projections = 2 * tokens * (4 * 768 * 768 + 2 * 768 * 3072)
    attention = 2 * 2 * tokens * tokens * 768
    head = 2 * 768 * (768 + VOCABULARY_TOKENS)
    return (layers * (projections + attention) + head) / 1e9


def matrix_gflops(device: str) -> float:
    """Measure the rate of the dominant matrix product, [4800, 768] by [768, 3072] in float32."""
    left, right = torch.randn(4800, 768, device=device), torch.randn(768, 3072, device=device)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        left @ right
        if device != "cpu":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return 2 * 4800 * 768 * 3072 / best / 1e9


def report(rows: list[dict[str, object]]) -> None:
    """A table with the ratios against `recurrent` and `bart` of the same size."""
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {STEPS} predicted tokens per question")
    print("| system | layers | source tokens | batch | precision | questions/s | x recurrent | x BART |")
    print("|---|---|---|---|---|---|---|---|")
    rates = {
        (row["system"], row["layers"], row["source_tokens"], row["batch"]): float(str(row["questions_per_second"]))
        for row in rows
        if row["precision"] == "fp32"
    }
    for row in rows:
        size = (row["layers"], row["source_tokens"], row["batch"])
        rate = float(str(row["questions_per_second"]))
        ratios = [
            f"{rate / rates[(base, *size)]:.2f}" if (base, *size) in rates else "" for base in ("recurrent", "bart")
        ]
        print(
            f"| {row['system']} | {row['layers']} | {row['source_tokens']} | {row['batch']} | {row['precision']} "
            f"| {rate:.2f} | {ratios[0]} | {ratios[1]} |"
        )
    for row in rows:
        if "share_of_matrix_rate" in row:
            print(
                f"recurrent, {row['layers']} layers, batch {row['batch']}: {row['share_of_matrix_rate']} of the "
                f"machine's {row['matrix_gflops']} GFLOP/s"
            )


if __name__ == "__main__":
    main()
