"""The objective on hidden states, layer pair by layer pair.

Comes in: hidden states [B, L, D] of layer pairs. Goes out: one squared distance per counted position.

A literal example: student (1, 3), teacher (1, 1) at one position: the mean over the columns is (0 + 4) / 2 = 2.

Source: Romero et al. 2015 (FitNets, arXiv 1412.6550), equation 3, for regressing on hidden layers; Jiao et al. 2020
(TinyBERT, arXiv 1909.10351), equation 8: MSE(H_S W, H_T); Sun et al. 2019 (PKD, arXiv 1908.09355), section 3, for
states divided by their length.
Differs: the student is projected only where the widths differ, with a map of its own per layer, unless the shared one
of TinyBERT's code is asked for: one map with a bias for all layers, at equal widths too. That code counts padding.
PKD's equation sums over columns and layers, which is layers x columns as much as the mean here; its code takes the
mean, and its published weights belong to that.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import nn
from torch.nn import functional as F

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.layer_map import LayerPair
from qgkd.distillation.objectives.objective import OnPositions
from qgkd.distillation.teachers.capture import SHARED_MAP, DistillCapture
from qgkd.distillation.teachers.logit_pair import check_same_shape
from qgkd.model_input.batch import Batch


def hidden_state_squared_error(student_states: torch.Tensor, teacher_states: torch.Tensor) -> torch.Tensor:
    """The mean over columns of the squared difference, [B, L, D] and [B, L, D] to [B, L]."""
    check_same_shape(student_states, teacher_states, "hidden states")
    return (student_states.float() - teacher_states.detach().float()).square().mean(dim=-1)


class Projection(StrEnum):
    """How the student's states come to the teacher's width."""

    OWN = "own"
    """A linear map for each student layer, without bias, where the widths differ."""
    SHARED = "shared"
    """One linear map with bias for the embeddings and all layers, where the widths are equal too."""


@dataclass(frozen=True, kw_only=True)
class OnHiddenStates(OnPositions):
    """What the objectives on hidden states share: where the student's come from."""

    projection: Projection = Projection.OWN
    """How they come to the teacher's width."""

    def projections(self, student: EncoderShape, teacher: EncoderShape) -> nn.ModuleDict | None:
        """Linear maps by student layer, or one by the name `SHARED_MAP`."""
        if self.projection is Projection.SHARED:
            return nn.ModuleDict({SHARED_MAP: nn.Linear(student.width, teacher.width)})
        if student.width == teacher.width:
            return None
        layers = sorted({pair.student for pair in self.layers})
        return nn.ModuleDict({str(layer): nn.Linear(student.width, teacher.width, bias=False) for layer in layers})

    def pair_error(
        self, student: DistillCapture, teacher: DistillCapture, pair: LayerPair, batch: Batch
    ) -> torch.Tensor:
        """[B, L], of the student's projected state where there is a projection."""
        projected = (student.projected_states or {}).get(self.name)
        mine = student.hidden_state(pair.student) if projected is None else projected[pair.student]
        return self.error(mine, teacher.hidden_state(pair.teacher))

    @abstractmethod
    def error(self, student_states: torch.Tensor, teacher_states: torch.Tensor) -> torch.Tensor:
        """[B, L, D] of both to [B, L]."""


@dataclass(frozen=True, kw_only=True)
class HiddenStateMSE(OnHiddenStates):
    """Mean squared error of hidden states, the mean over layer pairs, positions and columns."""

    normalised: bool = False
    """Divide each state by its length first."""
    name: str = "hidden_state_mse"

    def error(self, student_states: torch.Tensor, teacher_states: torch.Tensor) -> torch.Tensor:
        """[B, L, D] of both to [B, L]."""
        if self.normalised:
            both = (student_states, teacher_states)
            student_states, teacher_states = (F.normalize(states.float(), dim=-1) for states in both)
        return hidden_state_squared_error(student_states, teacher_states)
