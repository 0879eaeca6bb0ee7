"""The trained module, capturing the inside of its encoder.

Comes in: a `ModelInput`. Goes out: `DistillCapture`.

A literal example: `CapturingModel(bert, Needs(attention=frozenset({6})))(batch.inputs).attention_scores(6)`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from qgkd.checkpoints.masked_lm import mask_logits
from qgkd.distillation.teachers.capture import SHARED_MAP, DistillCapture, Needs, States
from qgkd.distillation.teachers.hooks import recording
from qgkd.model_input.batch import ModelInput
from qgkd.training.model import TrainingModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class CapturingModel(TrainingModel):
    """A `TrainingModel` that also captures what `needs` lists.

    Projections serve the student's training: they run inside this forward, so that wrappers see their parameters, and
    are not part of `model`.

    Args:
        model: A masked language model with a BERT-type or DistilBERT encoder.
        needs: What to capture; may be changed between forwards.
        projections: For each objective that has any, student layer, or `SHARED_MAP` → linear map to the teacher's
            width.
    """

    def __init__(
        self, model: PreTrainedModel, needs: Needs, projections: Mapping[str, nn.ModuleDict] | None = None
    ) -> None:
        super().__init__(model)
        self.needs = needs
        self.projections = nn.ModuleDict(dict(projections or {}))

    def forward(self, inputs: ModelInput) -> DistillCapture:
        """As `TrainingModel.forward`."""
        with recording(self.model, self.needs) as recorded:
            logits = self.scored_logits(inputs)
        capture = recorded.capture(logits)
        if self.projections:
            capture.projected_states = self._project(capture)
        return capture

    def scored_logits(self, inputs: ModelInput) -> torch.Tensor:
        """The logits at the scored positions; a model with another head overrides this."""
        return mask_logits(self.model, inputs)

    def _project(self, capture: DistillCapture) -> dict[str, States]:
        projected: dict[str, States] = {}
        for name, maps in self.projections.items():
            by_layer = cast(nn.ModuleDict, maps)
            shared = SHARED_MAP in by_layer
            wanted = self.needs.hidden_states
            layers = wanted if shared else wanted & {*map(int, by_layer)}
            projected[name] = {
                layer: by_layer[SHARED_MAP if shared else str(layer)](capture.hidden_state(layer))
                for layer in sorted(layers)
            }
        return projected
