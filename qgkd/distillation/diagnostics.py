"""Checks of a running distillation: figures for the log, and warnings.

Comes in: the logits of student and teacher, the terms' parts of the loss. Goes out: terms of weight 0, figures,
sentences.

A literal example of what is logged: `teacher_agreement` 0.71 (student and teacher put the same token first at 71 % of
the [MASK]s), `share_of_hidden_state_mse` 0.32 of the loss that can still be learnt; once, before the first step,
`teacher_accuracy` 0.58.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch

from qgkd.distillation.teachers.logit_pair import LogitPair
from qgkd.model_input.batch import Batch
from qgkd.training.callbacks import SHARE
from qgkd.training.loss import LossTerm, Unit

LOW_ACCURACY = 0.3
"""Our choice: a trained generator predicts half of the tokens or more; on rows of another format, few."""
DOMINANT_SHARE = 0.95
_ENTROPIC, _SOFTENED = "soft_target_cross_entropy", "soft_target_kl"


def watched_terms(logits: LogitPair, distill_temperature: float = 1.0) -> list[LossTerm]:
    """Terms of weight 0: agreement with the teacher's first choices, KL to it at T = 1 and at the loss's T."""
    same = (logits.student_logits.argmax(dim=-1) == logits.teacher_logits.argmax(dim=-1)).float()
    found = {"teacher_agreement": same, "kl_to_teacher": logits.kl().detach()}
    if distill_temperature != 1:
        found[_SOFTENED] = logits.kl(distill_temperature).detach()
    return [LossTerm(name=name, values=values, unit=Unit.TOKENS, weight=0.0) for name, values in found.items()]


@dataclass(frozen=True, slots=True)
class TeacherCheck:
    """The teacher's accuracy on one batch."""

    accuracy: float
    """Share of the scored positions at which its first choice is the label."""
    commonest: float
    """Share of the most frequent label, which a constant would get right."""

    @property
    def warning(self) -> str:
        """A sentence where the accuracy is low; else empty."""
        if self.accuracy >= LOW_ACCURACY and self.accuracy > self.commonest:
            return ""
        return (
            f"the teacher has {self.accuracy:.0%} of the first batch's tokens right, the commonest token alone "
            f"{self.commonest:.0%}: expected {LOW_ACCURACY:.0%} and more; is it trained, and for these rows?"
        )

    @classmethod
    def of(cls, teacher_logits: torch.Tensor, batch: Batch) -> Self:
        """From the logits [R, V] and the batch's targets [R], token ids or classes."""
        right = (teacher_logits.argmax(dim=-1) == batch.targets).float().mean()
        return cls(float(right), float(batch.targets.bincount().max()) / len(batch.targets))


def reducible_parts(means: Mapping[str, float], parts: Mapping[str, float]) -> dict[str, float]:
    """The terms' parts of the loss; a soft cross entropy without the teacher's entropy, which no student can lower.

    Args:
        means: Of each term since the last log, `watched_terms` among them.
        parts: The same with weights; terms that are only watched are not in it.
    """
    found = dict(parts)
    if means.get(_ENTROPIC) and _ENTROPIC in parts:
        above = means.get(_SOFTENED, means.get("kl_to_teacher", means[_ENTROPIC]))
        found[_ENTROPIC] *= min(1.0, above / means[_ENTROPIC])
    return found


def shares(parts: Mapping[str, float]) -> dict[str, float]:
    """Each term's share of the loss; empty for a single term or a loss of 0."""
    total = sum(parts.values())
    if len(parts) < 2 or not total:
        return {}
    return {SHARE + name: part / total for name, part in parts.items()}


def balance_warnings(parts: Mapping[str, float]) -> dict[str, str]:
    """A warning for each term that is 0 or dominates the others, by its subject."""
    found = {}
    for name, part in parts.items():
        if part == 0:
            found[f"zero {name}"] = f"{name} is 0: student and teacher are equal in it, or it compares nothing"
        share = shares(parts).get(SHARE + name, 0.0)
        if share > DOMINANT_SHARE:
            found[f"dominant {name}"] = (
                f"{name} is {share:.1%} of the loss: the other terms hardly count; lower its weight or raise theirs"
            )
    return found
