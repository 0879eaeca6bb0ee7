"""Callbacks of the trainer: progress lines, the log file, early stopping.

Comes in: the Trainer's events. Goes out: a line per log on stderr, `log.jsonl` in the run folder, a stop signal.

A literal example of a line:

    step 500/8,416  epoch 0.95  loss 2.3142  lr 6.1e-05  412.3 questions/s  1.9 h left
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from qgkd.files.atomic import write_atomically

SHARE = "share_of_"
"""Prefix of the key of a term's share in the loss."""
_RATE = "_per_second"


class RunClock(TrainerCallback):
    """Questions, or what is counted, per second since the last log, without evaluations; hours left, with them."""

    def __init__(self, questions_per_step: float, counted: str = "questions") -> None:
        self._questions_per_step, self._counted = questions_per_step, counted
        self._began = self._marked = time.perf_counter()
        self._first_step = self.marked_step = 0
        self._paused_s = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start counting where the run starts or resumes."""
        self._began = self._marked = time.perf_counter()
        self._first_step = self.marked_step = state.global_step

    def pause(self, seconds: float) -> None:
        """Leave out time that was not spent on training."""
        self._paused_s += seconds

    def figures(self, state: TrainerState) -> dict[str, float]:
        """Figures to log; starts the next interval."""
        now = time.perf_counter()
        seconds = max(1e-9, now - self._marked - self._paused_s)
        rate = (state.global_step - self.marked_step) * self._questions_per_step / seconds
        per_step_s = (now - self._began) / max(1, state.global_step - self._first_step)
        self._marked, self.marked_step, self._paused_s = now, state.global_step, 0.0
        hours_left = (state.max_steps - state.global_step) * per_step_s / 3600
        return {f"{self._counted}_per_second": round(rate, 2), "hours_left": round(hours_left, 6)}


class RunLog(TrainerCallback):
    """A line per log on stderr, a bar where stderr is a terminal, and the whole history in `log.jsonl`."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Open the bar."""
        if state.is_world_process_zero and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

            columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._bar.add_task("", total=state.max_steps, completed=state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Log at every save, so that a resumed run logs over the same steps."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=state.global_step)
        if control.should_save and args.logging_strategy != "no":
            control.should_log = True
        return control

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Print the line."""
        if not state.is_world_process_zero or not logs:
            return
        line = progress_line(logs, state)
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Write the history."""
        if state.is_world_process_zero:
            with write_atomically(Path(str(args.output_dir)) / "log.jsonl") as file:
                file.writelines(json.dumps(entry) + "\n" for entry in state.log_history)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Write the history and close the bar."""
        self.on_save(args, state, control)
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class StopWhenFlat(TrainerCallback):
    """Stop after `patience` evaluations in a row without a new best.

    Counted from the log history, which checkpoints hold, so a resumed run counts on.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Count."""
        key = f"eval_{args.metric_for_best_model}"
        values = [entry[key] for entry in state.log_history if key in entry]
        best = max(values) if args.greater_is_better else min(values)
        if len(values) - 1 - values.index(best) >= self._patience:
            control.should_training_stop = True
        return control


def progress_line(logs: dict[str, Any], state: TrainerState) -> str:
    """One log entry as a line of text."""
    parts = [f"step {state.global_step:,}/{state.max_steps:,}", f"epoch {logs.get('epoch', 0):.2f}"]
    if "train_runtime" in logs:
        return "  ".join([*parts, f"trained for {logs['train_runtime'] / 3600:.2f} h"])
    for name, value in logs.items():
        if name in ("epoch", "hours_left", "learning_rate", "grad_norm") or name.endswith(_RATE):
            continue
        if name.startswith(SHARE) or (name != "loss" and value == logs.get("loss")):  # the only term of the loss
            continue
        share = f" ({logs[SHARE + name]:.0%})" if SHARE + name in logs else ""
        parts.append(f"{name.replace('eval_', 'validation ', 1)} {value:.4f}{share}")
    if "learning_rate" in logs:
        parts.append(f"lr {logs['learning_rate']:.3g}")
    for name in (name for name in logs if name.endswith(_RATE)):
        parts += [f"{logs[name]:.1f} {name.removesuffix(_RATE)}/s", f"{logs['hours_left']:.2f} h left"]
    return "  ".join(parts)
