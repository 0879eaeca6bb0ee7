"""Moves a model to a device and converts it to bf16 or int8.

Comes in: a `Checkpoint` in float32 on the CPU. Goes out: the same in bf16, or with int8 linear layers, on a device.

`auto` is the fastest precision in which questions stay as good on this machine, by `eval/benchmark_precision.py`: bf16
on a CPU that multiplies in it, else fp32. int8 is faster than either and its questions are worse.

In int8 the activations are scaled per batch, so a question may change with the batch it is decoded in.

A literal example: `place(checkpoint, precision="bf16", device="cuda")`
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from typing import Any, cast

import torch

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.errors import UserError

PRECISIONS = ("fp32", "bf16", "int8")
AUTO = "auto"


def resolve_precision(precision: str, device: str) -> str:
    """Decide what `auto` is on this machine; any other precision is returned as it is.

    Processors with AMX have AVX512-BF16 as well. Without it a CPU converts to float32 and back at every product. On a
    GPU nothing has been measured yet: fp32.
    """
    if precision != AUTO:
        return precision
    has_bf16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)  # torch has no public question for it
    return "bf16" if device.startswith("cpu") and has_bf16() else "fp32"


def place(checkpoint: Checkpoint, *, precision: str, device: str) -> Checkpoint:
    """Move and convert a checkpoint's model; `auto` as `resolve_precision` decides.

    Raises:
        UserError: An unknown precision or device, or int8 on something other than the CPU.
    """
    precision = resolve_precision(precision, device)
    if precision not in PRECISIONS:
        raise UserError(f"--precision: expected one of {[AUTO, *PRECISIONS]}, found {precision!r}")
    try:
        target = torch.device(device)
        torch.zeros(1, device=target)
    except (RuntimeError, AssertionError) as error:
        first_line = str(error).splitlines()[0]
        raise UserError(f"--device: {device!r} cannot be used here ({first_line}); use --device cpu") from None
    model: Any = checkpoint.model.to(target)  # type: ignore[arg-type]
    if precision == "bf16":
        model = model.to(torch.bfloat16)
    if precision == "int8":
        if target.type != "cpu":
            raise UserError(f"--precision int8 runs on the CPU only, found --device {device}; use bf16 there")
        with warnings.catch_warnings():  # deprecated in torch, without a successor in torch itself
            warnings.simplefilter("ignore")
            model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    return replace(checkpoint, model=model)


def parameter_count(model: torch.nn.Module) -> int:
    """Count the weights, tied ones once; int8 layers hide theirs, so there the architecture is counted."""
    if any(type(module).__module__.startswith("torch.ao.nn.quantized") for module in model.modules()):
        config = copy.deepcopy(cast(Any, model).config)
        with torch.device("meta"):
            model = type(model)(config)
    return sum(weights.numel() for weights in model.parameters())
