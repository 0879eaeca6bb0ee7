"""A classifier's logits for tokenised examples.

Comes in: a model, an `ExampleStore`. Goes out: logits [N, C] in the order of the examples.

A literal example: `predict(bert, store)` of 277 examples is [277, 2].
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qgkd.classification.classifying_model import ClassifyingModel
from qgkd.classification.tasks.rows import example_inputs, example_row
from qgkd.classification.tasks.store import ExampleStore
from qgkd.distillation.teachers.capture import Needs
from qgkd.model_input.batch import ModelInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """How examples are run."""

    pad_id: int
    batch_examples: int = 64
    bf16: bool = False
    """Whether in bf16 mixed precision, as the training."""

    @torch.no_grad()
    def logits(self, model: Any, store: ExampleStore, places: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Run a classifier, on its device and put into eval mode, on the examples at these places, or on all.

        The logits are [N, C], in the order of `places`.
        """
        chosen = np.arange(len(store)) if places is None else places
        capturing = ClassifyingModel(model.eval(), Needs()).eval()
        found = np.zeros((len(chosen), model.config.num_labels), np.float32)
        for among, inputs in self._batches(store, chosen):
            with torch.autocast(model.device.type, torch.bfloat16, enabled=self.bf16):
                found[among] = capturing(inputs.to(model.device)).logits.float().cpu().numpy()
        return found

    def ms_per_example(self, model: Any, store: ExampleStore, repeats: int = 3) -> float:
        """Milliseconds per example, the median of several runs over all examples, the batches' making included."""
        taken = []
        for _ in range(repeats):
            began = time.perf_counter()
            self.logits(model, store)
            taken.append(time.perf_counter() - began)
        return 1000 * float(np.median(taken)) / len(store)

    def _batches(
        self, store: ExampleStore, places: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], ModelInput]]:
        """Batches of similar lengths, with the examples' places among the chosen."""
        order = np.argsort(-store.lengths[places], kind="stable")
        for start in range(0, len(order), self.batch_examples):
            among = order[start : start + self.batch_examples]
            yield among, example_inputs([example_row(store, int(places[place])) for place in among], self.pad_id)


def predictions_of(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Classes [N] of the largest logits; of one column the scores themselves."""
    if logits.shape[1] == 1:
        return logits[:, 0].astype(np.float64)
    return logits.argmax(axis=1).astype(np.float64)
