"""The training method of a run: plain training on labels here; distillation is a subclass.

Comes in: a `TrainConfig`. Goes out: the weights a run starts from, its rows, its trainer, its record.

A literal example: `run_training(config, method=TrainingMethod(config))` is `qgkd train`.
"""

from __future__ import annotations

from typing import Any

from transformers import TrainingArguments

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.training.config import TrainConfig
from qgkd.training.data import PreparedData
from qgkd.training.dataset import RowDataset, Vocabulary
from qgkd.training.model import TrainingModel, starting_checkpoint
from qgkd.training.trainer import QGTrainer


class TrainingMethod:
    """Plain training."""

    fixed_sections: tuple[str, ...] = ("model", "data", "rows")
    """What a resumed run may not change."""

    def __init__(self, config: TrainConfig) -> None:
        self.config = config

    def sections(self) -> dict[str, Any]:
        """The resolved config, as it is written to the run folder and to the model's record."""
        return self.config.to_json()

    def checkpoint(self) -> Checkpoint:
        """The weights the run starts from."""
        return starting_checkpoint(self.config)

    def lineage(self) -> dict[str, Any]:
        """Fields of the model's record beside base, data and config."""
        return {}

    def summary(self) -> str:
        """A sentence about the method for the log; may be empty."""
        return ""

    def dataset(
        self, arguments: TrainingArguments, checkpoint: Checkpoint, prepared: PreparedData, vocabulary: Vocabulary
    ) -> RowDataset:
        """The training rows."""
        seed = arguments.seed if arguments.data_seed is None else arguments.data_seed
        return RowDataset(prepared.train, checkpoint.input_format, self.config.rows, vocabulary, seed)

    def trainer(self, checkpoint: Checkpoint, **options: Any) -> QGTrainer:
        """The trainer; options are `QGTrainer`'s own."""
        options["label_smoothing"] = self.config.rows.label_smoothing
        return QGTrainer(model=TrainingModel(checkpoint.model), checkpoint=checkpoint, **options)
