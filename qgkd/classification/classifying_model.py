"""Runs a classifier and captures the tensors that distillation compares.

Comes in: a `ModelInput`. Goes out: `DistillCapture`, its logits [B, C].

A literal example: `ClassifyingModel(bert, Needs())(batch.inputs).logits`
"""

from __future__ import annotations

from typing import cast

import torch

from qgkd.checkpoints.masked_lm import model_inputs
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.model_input.batch import ModelInput


class ClassifyingModel(CapturingModel):
    """A `CapturingModel` around any `AutoModelForSequenceClassification`."""

    def scored_logits(self, inputs: ModelInput) -> torch.Tensor:
        """The classifier's own logits, [B, C]."""
        return cast(torch.Tensor, self.model(**model_inputs(self.model, inputs)).logits)
