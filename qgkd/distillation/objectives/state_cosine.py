"""The objective on the direction of hidden states.

Comes in: hidden states [B, L, D] of layer pairs. Goes out: one minus the cosine per counted position.

A literal example: student (1, 0), teacher (1, 1) at one position: 1 - 1 / sqrt(2) = 0.293.

Source: Sanh et al. 2019 (DistilBERT, arXiv 1910.01108), section 3: the cosine embedding loss of the last hidden states,
over the tokens that are no padding.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from qgkd.distillation.objectives.hidden_states import OnHiddenStates
from qgkd.distillation.teachers.logit_pair import check_same_shape


@dataclass(frozen=True, kw_only=True)
class HiddenStateCosine(OnHiddenStates):
    """One minus the cosine of hidden states, the mean over layer pairs and positions."""

    name: str = "hidden_state_cosine"

    def error(self, student_states: torch.Tensor, teacher_states: torch.Tensor) -> torch.Tensor:
        """[B, L, D] of both to [B, L]."""
        check_same_shape(student_states, teacher_states, "hidden states")
        return 1 - F.cosine_similarity(student_states.float(), teacher_states.detach().float(), dim=-1)
