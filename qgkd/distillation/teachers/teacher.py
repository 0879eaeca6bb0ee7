"""A frozen model whose outputs a student imitates.

Comes in: a model and a batch. Goes out: `DistillCapture` without gradients, and without dropout.

A literal example: `Teacher(bert, needs)(batch).logits`

It is no `nn.Module`, so that a trainer neither puts it into training mode nor saves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.model_input.batch import Batch, ModelInput

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Teacher:
    """A frozen model.

    Args:
        model: Its weights are frozen; it must not be the student.
        needs: What to capture; may be changed.
        kind: Where its logits are taken: at the [MASK]s, or as a subclass defines.
    """

    def __init__(self, model: PreTrainedModel, needs: Needs, kind: type[CapturingModel] = CapturingModel) -> None:
        model.requires_grad_(False)
        self._capturing = kind(model, needs).eval()

    @property
    def model(self) -> PreTrainedModel:
        """The model itself."""
        return self._capturing.model

    @property
    def needs(self) -> Needs:
        """What is captured."""
        return self._capturing.needs

    @needs.setter
    def needs(self, needs: Needs) -> None:
        self._capturing.needs = needs

    def to(self, device: torch.device | str) -> Teacher:
        """Move it."""
        cast(Any, self.model).to(device)
        return self

    def __call__(self, batch: Batch) -> DistillCapture:
        """Run it on a batch."""
        return self.read(batch.inputs)

    @torch.no_grad()
    def read(self, inputs: ModelInput) -> DistillCapture:
        """Run it on rows."""
        self._capturing.eval()  # a trainer may have changed the mode
        return cast(DistillCapture, self._capturing(inputs))
