"""Turns the `[train]` section of a config into transformers' `TrainingArguments`.

Comes in: a `TrainConfig`. Goes out: `TrainingArguments` with the section's keys as they are, what other sections decide
put in, and `bf16 = "auto"` settled.

A literal example: `[train] bf16 = "auto"` is true on an H100 and on a CPU with AVX512-BF16 or AMX, false on one with
AVX2 alone, where bf16 matrices are two orders of magnitude slower than float32.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import torch
from transformers import TrainingArguments

from qgkd.errors import UserError, how_to_install
from qgkd.files.toml_values import nearest
from qgkd.training.config import TrainConfig

DEFAULTS: dict[str, Any] = {
    "bf16": "auto",
    "dataloader_num_workers": 0,
    "ddp_find_unused_parameters": False,  # every weight takes part in every step
    "logging_steps": 50,
    "lr_scheduler_type": "linear",
    "report_to": "auto",
    "save_steps": 500,
    "save_total_limit": 2,
    "train_sampling_strategy": "group_by_length",
    "log_level": "error",
}
"""What differs from TrainingArguments' own defaults."""

ELSEWHERE = {
    "average_tokens_across_devices": "the loss is always the mean over the tokens of all processes",
    "do_eval": "set data.validation instead",
    "do_predict": "use `qgkd evaluate`",
    "do_train": "use `qgkd train`",
    "eval_steps": "set evaluation.every_steps instead",
    "eval_strategy": "set evaluation.every_steps instead",
    "greater_is_better": "set evaluation.metric instead",
    "label_names": "rows have targets of their own",
    "label_smoothing_factor": "set rows.label_smoothing instead",
    "length_column_name": "lengths are known",
    "load_best_model_at_end": "the best model is always kept in the run folder's `model`",
    "metric_for_best_model": "set evaluation.metric instead",
    "remove_unused_columns": "rows have no unused columns",
    "resume_from_checkpoint": "use --resume",
}
"""Keys that another part of the config decides."""


def training_arguments(config: TrainConfig) -> TrainingArguments:
    """Build the arguments.

    Raises:
        UserError: An unknown key, one that belongs to another section, or values transformers refuses.
    """
    watched = {}
    if config.data.validation:
        watched = {
            "eval_strategy": "steps",
            "eval_steps": config.evaluation.every_steps,
            "metric_for_best_model": config.evaluation.metric,
            "greater_is_better": config.evaluation.metric != "loss",
        }
    return build_arguments({**DEFAULTS, **config.train}, watched, ELSEWHERE)


def build_arguments(given: dict[str, Any], watched: dict[str, Any], elsewhere: Mapping[str, str]) -> TrainingArguments:
    """Build the arguments from the section's keys over the defaults; errors as `training_arguments`.

    `watched` is how the run is evaluated, empty for not at all; `elsewhere` are keys that another part of the config
    decides, and which.
    """
    known = {field.name for field in fields(TrainingArguments)}
    for key in given:
        if key in elsewhere:
            raise UserError(f"train.{key} is not set here: {elsewhere[key]}; remove it")
        if key not in known:
            raise UserError(f"train.{key} is unknown{nearest(key, known - set(elsewhere), 'train')}")
    if given["train_sampling_strategy"] == "batch_rebalance":
        raise UserError("train.train_sampling_strategy must be group_by_length, random or sequential; correct it")
    on_cpu = bool(given.get("use_cpu")) or not (torch.cuda.is_available() or torch.backends.mps.is_available())
    given["use_cpu"] = on_cpu
    given["bf16"] = settle_bf16(given["bf16"], on_cpu=on_cpu, fp16=bool(given.get("fp16")))
    given["report_to"] = _report_to(given["report_to"])
    given.setdefault("dataloader_pin_memory", not on_cpu)
    given = {**given, **watched}
    try:
        arguments = TrainingArguments(**given, remove_unused_columns=False)
        count = arguments.n_gpu
    except (TypeError, ValueError, ImportError, RuntimeError) as error:
        raise UserError(f"[train]: transformers refuses these values: {error}") from error
    if count > 1:
        print(
            f"This machine has {count} GPUs and one is used; `torchrun --nproc_per_node {count} -m qgkd train ...` "
            "uses all.",
            file=sys.stderr,
        )
        arguments._n_gpu = 1
    return arguments


def settle_bf16(setting: bool | str, *, on_cpu: bool, fp16: bool = False) -> bool:
    """Whether to train in bf16 mixed precision; fp16 rules it out under `auto`.

    `True` on a CPU without bf16 instructions stays true, with a warning on stderr.
    """
    if setting not in (True, False, "auto"):
        raise UserError(f"train.bf16 must be true, false or 'auto', was {setting!r}; correct it")
    if setting == "auto":
        return not fp16 and (cpu_has_bf16() if on_cpu else torch.cuda.is_available() and torch.cuda.is_bf16_supported())
    if setting and on_cpu and not cpu_has_bf16():
        print(
            "train.bf16 is on, but this CPU has neither AVX512-BF16 nor AMX: expect it to be many times slower than "
            "float32; train.bf16=auto decides.",
            file=sys.stderr,
        )
    return bool(setting)


def cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bf16 matrices in hardware (x86: AVX512-BF16 or AMX; ARM: bf16)."""
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    if any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16")):
        return True
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", bool)())


def _report_to(setting: Any) -> Any:
    """`auto` is TensorBoard where it is installed; nothing is sent to an account by default."""
    from transformers.integrations import is_tensorboard_available

    available = is_tensorboard_available()
    if setting == "auto":
        return ["tensorboard"] if available else []
    if "tensorboard" in setting and not available:
        raise UserError(f"train.report_to names tensorboard, which is not installed; {how_to_install('train')}")
    return setting
