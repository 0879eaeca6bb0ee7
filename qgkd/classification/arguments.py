"""Turns the `[train]` section of a classification run into transformers' `TrainingArguments`.

Comes in: a `ClassificationConfig`, the metric that chooses the model. Goes out: `TrainingArguments`.

A literal example: with nothing but the folder in `[train]`, 3 epochs of batches of 32 at 2e-5, a checkpoint and an
evaluation after each.
"""

from __future__ import annotations

from typing import Any

from transformers import TrainingArguments

from qgkd.classification.config import ClassificationConfig
from qgkd.training.arguments import DEFAULTS, ELSEWHERE, build_arguments

_DEFAULTS: dict[str, Any] = {
    **DEFAULTS,
    "learning_rate": 2e-5,  # Li et al. 2021, scripts
    "num_train_epochs": 3,
    "per_device_train_batch_size": 32,  # likewise
    "per_device_eval_batch_size": 64,
    "save_strategy": "epoch",
    "save_total_limit": 1,
    "train_sampling_strategy": "random",  # Dynamic KD chooses among the rows of a batch
    "warmup_steps": 0.1,  # share of the steps; Li et al. 2021, scripts
}
_ELSEWHERE = {
    **ELSEWHERE,
    "do_eval": "the validation split is always evaluated",
    "do_predict": "the test split is measured once at the end",
    "do_train": "use `qgkd glue run`",
    "greater_is_better": "every metric of a task is better when greater",
    "label_names": "rows have labels of their own",
    "label_smoothing_factor": "the methods' papers train on plain labels",
    "load_best_model_at_end": "set evaluation.keep instead",
    "metric_for_best_model": "set task.metrics instead",
}


def classification_arguments(config: ClassificationConfig, main_metric: str) -> TrainingArguments:
    """Build the arguments; `main_metric` chooses the model, empty where there is no validation split.

    Raises:
        UserError: An unknown key, one that belongs to another section, or values transformers refuses.
    """
    watched: dict[str, Any] = {}
    if main_metric:
        steps = config.evaluation.every_steps
        watched = {"eval_strategy": "steps", "eval_steps": steps} if steps else {"eval_strategy": "epoch"}
        watched |= {"metric_for_best_model": main_metric, "greater_is_better": True}
    return build_arguments({**_DEFAULTS, **config.train}, watched, _ELSEWHERE)
