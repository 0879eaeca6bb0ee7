"""The trained module around a classifier.

Comes in: a batch as every objective knows it. Goes out: `DistillCapture`, its logits [B, C].

A literal example: `ClassifyingModel(bert, Needs())(**batch).logits`
"""

from __future__ import annotations

from typing import cast

import torch

from qgkd.checkpoints.masked_lm import model_inputs
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.model_input.attention_mask import padding_mask
from qgkd.model_input.batch_rows import RowBatch


class ClassifyingModel(CapturingModel):
    """A `CapturingModel` around any `AutoModelForSequenceClassification`."""

    def scored_logits(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The classifier's own logits, [B, C]."""
        input_ids, token_type_ids, position_ids, blocks, _, _, mask_positions = inputs
        batch = RowBatch(
            input_ids=input_ids,
            token_type_ids=token_type_ids,
            position_ids=position_ids,
            attention_mask=padding_mask(blocks, torch.float32),
            mask_positions=mask_positions,
            target_ids=mask_positions[:, 0],
        )
        return cast(torch.Tensor, self.model(**model_inputs(self.model, batch)).logits)
