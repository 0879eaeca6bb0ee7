"""The logits of student and teacher for one batch, and the distances between them, each computed once.

Comes in: logits [R, V] at the scored positions (in classification [B, C]). Goes out: one value per scored position.
The loss and the figures of the log share one pair, so that no softmax over a vocabulary is taken twice.

A literal example: student (0, 0), teacher (ln 3, 0), T = 1: probabilities (1/2, 1/2) and (3/4, 1/4), cross entropy
ln 2 = 0.693, KL 0.693 - 0.562 = 0.131, squared distance (ln 3)² = 1.207.

Cross entropy and KL differ by the teacher's entropy, so their gradients are the same, and KL is 0 where student and
teacher agree. As T grows, T² KL tends to the squared distance of the centred logits over 2 V. A teacher's logit may be
-inf (a cached top-k distribution): it counts as probability 0; `squared_error` has no use for one.

Source: Hinton et al. 2015 (arXiv 1503.02531), section 2 (temperature, the factor T²) and 2.1 (the limit); Tang et al.
2019 (arXiv 1903.12136), section 3.2 (squared distance of logits).
"""

from __future__ import annotations

import torch
from torch.nn import functional as F


class LogitPair:
    """Both logits of one batch, [R, V] each, or a ValueError; no gradient goes into the teacher's."""

    def __init__(self, student_logits: torch.Tensor, teacher_logits: torch.Tensor) -> None:
        check_same_shape(student_logits, teacher_logits, "logits")
        self.student_logits, self.teacher_logits = student_logits, teacher_logits.detach()
        self._softened: dict[float, tuple[torch.Tensor, torch.Tensor]] = {}
        self._kl: dict[float, torch.Tensor] = {}

    def cross_entropy(self, distill_temperature: float = 1.0) -> torch.Tensor:
        """T² H(softmax(t / T), softmax(s / T)), summed over classes, [R], nats times T²."""
        target, log_student = self._distributions(distill_temperature)
        return -(target * log_student).sum(dim=-1) * distill_temperature**2

    def kl(self, distill_temperature: float = 1.0) -> torch.Tensor:
        """T² KL(softmax(t / T) || softmax(s / T)), summed over classes, [R], nats times T².

        Differs: `F.kl_div(..., reduction="mean")`, as in the code of Sun et al. 2019, divides by the classes too.
        """
        if distill_temperature not in self._kl:
            target, log_student = self._distributions(distill_temperature)
            found = F.kl_div(log_student, target, reduction="none").sum(dim=-1) * distill_temperature**2
            self._kl[distill_temperature] = found
        return self._kl[distill_temperature]

    def squared_error(self) -> torch.Tensor:
        """|s - t|², summed over classes, [R]; a temperature would cancel: T² |s/T - t/T|² is the same.

        Differs: `F.mse_loss`, as in the code of Li et al. 2021 (Dynamic KD), divides by the classes: the weight 1/C
        does.
        """
        return (self.student_logits.float() - self.teacher_logits.float()).square().sum(dim=-1)

    def _distributions(self, distill_temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
        """The teacher's softened distribution and the student's log-distribution, [R, V] each."""
        if distill_temperature not in self._softened:
            target = (self.teacher_logits.float() / distill_temperature).softmax(dim=-1)
            log_student = (self.student_logits.float() / distill_temperature).log_softmax(dim=-1)
            self._softened[distill_temperature] = target, log_student
        return self._softened[distill_temperature]


def check_same_shape(student: torch.Tensor, teacher: torch.Tensor, what: str) -> None:
    """Refuse what torch would broadcast, tensors of two shapes, with a ValueError."""
    if student.shape != teacher.shape:
        raise ValueError(
            f"expected {what} of one shape, found {list(student.shape)} for the student and {list(teacher.shape)} for "
            "the teacher; give both the same rows"
        )
