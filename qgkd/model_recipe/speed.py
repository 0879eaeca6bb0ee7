"""Measures how long an optimiser step takes on this machine.

Comes in: a model and rows. Goes out: seconds per step, rows built as in training.

A literal example: 0.8 s for 32 rows of 96 tokens, 4 layers of 256, two CPU cores.
"""

from __future__ import annotations

import copy
import time
from typing import Any, cast

import torch
from transformers import TrainingArguments

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.training.batches import RowCollator, StepSampler
from qgkd.training.loss import cross_entropy_terms
from qgkd.training.model import TrainingModel

_WARM_UP_STEPS = 3
_FEW_THREADS = 4
_SHARE_OF_LINEAR_SPEED_UP = 0.9


def step_seconds(checkpoint: Checkpoint, dataset: Any, arguments: TrainingArguments, budget_s: float) -> float:
    """Measure the seconds of an optimiser step, on a copy of the model.

    On a GPU, or with many threads, this is wall-clock time. With few threads it is the CPU time of one thread, divided
    among the threads, so that other programs on the machine do not shorten the schedule.
    It takes `budget_s` or a little longer.
    """
    threads = torch.get_num_threads()
    by_work = arguments.device.type == "cpu" and threads <= _FEW_THREADS
    if not by_work:
        return _measure(checkpoint, dataset, arguments, budget_s, time.perf_counter)
    torch.set_num_threads(1)
    try:
        seconds = _measure(checkpoint, dataset, arguments, budget_s, time.process_time)
    finally:
        torch.set_num_threads(threads)
    return seconds / max(1.0, threads * _SHARE_OF_LINEAR_SPEED_UP)


def _measure(checkpoint: Checkpoint, dataset: Any, arguments: TrainingArguments, budget_s: float, clock: Any) -> float:
    device = arguments.device
    model = TrainingModel(copy.deepcopy(checkpoint.model)).to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    size = arguments.per_device_train_batch_size
    batches = torch.utils.data.DataLoader(
        dataset,
        batch_sampler=StepSampler(dataset.lengths, micro_batch_items=size, strategy="random"),
        collate_fn=RowCollator(int(cast(Any, checkpoint.tokenizer).pad_token_id)),
        num_workers=arguments.dataloader_num_workers,
        generator=torch.Generator(),
    )
    began, count, seconds = 0.0, 0, 0.0
    for number, batch in enumerate(batches):
        if number == _WARM_UP_STEPS:
            began = clock()
        on_device = batch.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=bool(arguments.bf16)):
            capture = model(on_device.inputs)
            loss = sum(term.values.mean() for term in cross_entropy_terms(capture, on_device, 0.0))
        cast(torch.Tensor, loss).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        cast(torch.Tensor, loss).item()  # waits for the device
        count, seconds = number + 1 - _WARM_UP_STEPS, clock() - began
        if count > 0 and seconds > budget_s:
            break
    return seconds / max(1, count) * arguments.gradient_accumulation_steps
