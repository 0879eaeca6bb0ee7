"""The trainer: `transformers.Trainer` with question rows, an exact token mean, and plain checkpoints.

Comes in: a `TrainingModel`, a `RowDataset`, `TrainingArguments`. Goes out: checkpoints from which a run resumes
exactly, each a plain `save_pretrained` folder with its `qgkd.json`; the best model in the run folder's
`model`.

A literal example: `QGTrainer(model=TrainingModel(bert), args=arguments, train_dataset=rows, ...).train()`

Another training method is a subclass that overrides `loss_terms`; a `TrainingModel` subclass may output more than
logits. Reduction, logging of each term, accumulation and processes stay here.
"""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from accelerate.data_loader import DataLoaderShard
from torch.utils.data import DataLoader
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainingArguments

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.record import save_record
from qgkd.files.folders import partial_folder, write_folder
from qgkd.model_input.batch import Batch
from qgkd.training.batches import AsDict, RowCollator, StepSampler, step_sampler
from qgkd.training.callbacks import RunClock, RunLog, StopWhenFlat
from qgkd.training.checkpoints import inner_state, load_weights
from qgkd.training.dataset import RowDataset
from qgkd.training.loss import LossTerm, cross_entropy_terms, mean_over_step, unit_counts
from qgkd.training.model import Capture, TrainingModel
from qgkd.training.term_sums import TermSums
from qgkd.training.validation import Validator

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Lineage = Callable[[], dict[str, Any]]
"""Gives the fields of `qgkd.json` beside the format."""


class QGTrainer(Trainer):
    """Trains one model on question rows.

    Args:
        model: The wrapped model.
        checkpoint: Tokenizer, format and record saved with it.
        args: Of transformers.
        train_dataset: Rows.
        pad_id: The tokenizer's [PAD].
        label_smoothing: See `RowsConfig`.
        validator: None trains without evaluations.
        patience: Evaluations without a new best before stopping; 0 never stops.
        lineage: The fields of `qgkd.json` beside the format.
    """

    counted = "questions"
    """Name of the items per second in the log."""
    loss_is_scaled_for_ga = True  # `compute_loss` divides by the whole step's tokens

    def __init__(
        self,
        *,
        model: TrainingModel,
        checkpoint: Checkpoint,
        args: TrainingArguments,
        train_dataset: RowDataset,
        pad_id: int,
        label_smoothing: float = 0.0,
        validator: Validator | None = None,
        patience: int = 0,
        lineage: Lineage = dict,
    ) -> None:
        use_cache = getattr(model.config, "use_cache", None)
        super().__init__(
            model=model,
            args=args,
            data_collator=AsDict(RowCollator(pad_id)),
            train_dataset=train_dataset,
            eval_dataset=None if validator is None else validator.dataset,
        )
        self.collate = RowCollator(pad_id)
        """Items to a `Batch`; a subclass may set another."""
        if use_cache is not None:  # Trainer sets it in every model's config; a saved encoder keeps its own
            model.config.use_cache = use_cache
        self._checkpoint, self._validator, self._lineage = checkpoint, validator, lineage
        self._label_smoothing = label_smoothing
        self._terms = TermSums()
        self._figures: dict[str, float] = {}
        questions = sum(len(item) for item in train_dataset.items)
        self._clock = RunClock(questions / max(1, len(self._sampler().steps(0))), self.counted)
        for unwanted in (ProgressCallback, PrinterCallback):
            self.remove_callback(unwanted)
        for callback in (self._clock, RunLog(), *([StopWhenFlat(patience)] if patience else [])):
            self.add_callback(callback)

    # Loss

    def loss_terms(self, capture: Capture, batch: Batch) -> list[LossTerm]:
        """The parts of the loss, not reduced; one of weight 0 is only logged. Other methods override this."""
        return cross_entropy_terms(capture, batch, self._label_smoothing)

    def term_figures(self, means: dict[str, float], parts: dict[str, float]) -> dict[str, float]:
        """Further figures to log, from each term's mean and its part of the loss since the last log."""
        return {}

    def training_batch(self, batch: Batch) -> Batch:
        """The batch to train on: the loaded one; other methods override this."""
        return batch

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor | Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Each term's mean over the whole optimiser step, all micro-batches and processes; their weighted sum."""
        batch = self.training_batch(cast(Batch, inputs["batch"]))
        capture = model(batch.inputs)
        counts = num_items_in_batch if torch.is_tensor(num_items_in_batch) else unit_counts([batch])
        # Wrappers average gradients over processes; each process holds its part of the sum.
        processes = self.accelerator.num_processes
        loss = torch.zeros((), device=batch.row_weights.device)
        for term in self.loss_terms(capture, batch):
            mean = mean_over_step(term, batch, counts) * processes
            loss = loss + term.weight * mean if term.weight else loss
            self._terms.add(term, mean)
        return (loss, capture) if return_outputs else loss

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> torch.Tensor | int | None:
        """`unit_counts` of the whole optimiser step, over every process; the Trainer hands it to `compute_loss`."""
        if not batch_samples:
            return None
        counts = unit_counts([inputs["batch"] for inputs in batch_samples]).to(device)
        return cast(torch.Tensor, self.accelerator.reduce(counts, reduction="sum"))

    # Data

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches of this process, whose order depends on the seed and the epoch."""
        names = ("num_workers", "pin_memory", "persistent_workers", "prefetch_factor")
        options: dict[str, Any] = {name: getattr(self.args, f"dataloader_{name}") for name in names}
        return cast(
            "DataLoader[Any]",
            DataLoaderShard(
                self.train_dataset,
                device=self.accelerator.device,
                batch_sampler=self._sampler(),
                collate_fn=AsDict(self.collate),
                generator=torch.Generator(),  # or every epoch would draw from the generator that dropout draws from
                **options,
            ),
        )

    def _sampler(self) -> StepSampler:
        return step_sampler(self.args, cast(RowDataset, self.train_dataset).lengths)

    # Logging and evaluation

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add each term's mean since the last log, the speed, and the hours left."""
        if "loss" in logs:
            steps = max(1, self.state.global_step - self._clock.marked_step)
            means, parts = self._terms.take(self.accelerator, steps)
            logs |= means | self.term_figures(means, parts) | self._clock.figures(self.state)
        super().log(logs, start_time)

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Measure the bare model on the validation questions."""
        began = time.perf_counter()
        assert self._validator is not None
        process, processes = (0, 1) if self._is_sharded else (self.args.process_index, self.args.world_size)
        self._figures = self._validator.figures(self.bare_model(), process=process, processes=processes)
        seconds = time.perf_counter() - began
        self._clock.pause(seconds)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in self._figures.items()}
        self.log({**metrics, f"{metric_key_prefix}_seconds": round(seconds, 3)})
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:
        is_new_best = super()._determine_best_metric(metrics, trial)
        if is_new_best:
            self.keep_model()
        return is_new_best

    # Models on disk

    @property
    def _is_sharded(self) -> bool:
        """Whether the model is spread over processes."""
        plugin = getattr(self.accelerator.state, "deepspeed_plugin", None)
        return bool(self.is_fsdp_enabled or (plugin is not None and plugin.zero_stage == 3))

    def bare_model(self) -> PreTrainedModel | None:
        """The inner model; where it is sharded, a whole copy on the main process and None on the others."""
        inner = cast(TrainingModel, self.accelerator.unwrap_model(self.model, keep_torch_compile=False)).model
        if not self._is_sharded:
            return inner
        state = self.accelerator.get_state_dict(self.deepspeed or self.model)
        if not self.accelerator.is_main_process:
            return None
        whole: Any = type(inner)(copy.deepcopy(inner.config))
        whole.load_state_dict(inner_state(state), strict=False)
        whole.tie_weights()
        return cast("PreTrainedModel", whole.to(self.args.device))

    def keep_model(self) -> None:
        """Save the model as it is now as the run folder's `model`; every process must call this."""
        target = Path(str(self.args.output_dir)) / "model"
        saves = self.args.should_save
        with write_folder(target) if saves else contextlib.nullcontext(partial_folder(target)) as partial:
            self.save_model(str(partial), _internal_call=True)

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        if not self.args.should_save:
            return
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        inner = cast(TrainingModel, self.accelerator.unwrap_model(self.model, keep_torch_compile=False)).model
        inner.save_pretrained(folder, state_dict=None if state_dict is None else inner_state(state_dict))
        self._checkpoint.tokenizer.save_pretrained(folder)
        record = {"step": self.state.global_step, "figures": {"validation": self._figures}}
        self.write_record(folder, {**self._lineage(), **record})

    def write_record(self, folder: Path, record: dict[str, Any]) -> None:
        """Write `qgkd.json`; a model of another kind overrides this."""
        save_record(folder, self._checkpoint.input_format, **record)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: torch.nn.Module | None = None) -> None:
        weights = Path(resume_from_checkpoint) / "model.safetensors"
        if self.is_fsdp_enabled or not weights.is_file():
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        load_weights(cast(TrainingModel, self.model).model, weights)
