"""Methods on logits and labels alone: fine-tuning, knowledge distillation.

Comes in: the shapes of student and teacher, settings. Goes out: a list of `Objective`, whose weighted sum is the loss.

A literal example: `kd(student, teacher, alpha=0.7, distill_temperature=10)` is 0.3 cross entropy with the labels and
0.7 T² KL with the teacher at T = 10. Where a score is predicted instead of a class, squared distances take the place
of both. A question generator's labels and logits are those of its [MASK]s.
"""

from __future__ import annotations

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.methods.parts import check_shares, on_labels, on_teacher
from qgkd.distillation.objectives.objective import Objective


def fine_tune(student: EncoderShape, teacher: EncoderShape) -> list[Objective]:
    """The labels alone, without a teacher."""
    return on_labels(student, 1.0)


def kd(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    alpha: float = 0.7,
    distill_temperature: float = 10.0,
    logits_loss: str = "auto",
) -> list[Objective]:
    """(1 - a) cross entropy with the labels + a T² KL with the teacher.

    Settings:
        alpha: Share of the teacher's term, a.
        distill_temperature: T of `kl` and `cross_entropy`; in `mse` it would cancel.
        logits_loss: `kl`, `cross_entropy` with the teacher's distribution, `mse` of the logits (the mean over classes),
            or `auto`: `kl`, and `mse` where a score is predicted.

    Source: Hinton et al. 2015 (arXiv 1503.02531), section 2.
    """
    check_shares(alpha=alpha)
    return [*on_labels(student, 1 - alpha), *on_teacher(student, alpha, logits_loss, distill_temperature)]


def hinton(
    student: EncoderShape, teacher: EncoderShape, *, alpha: float = 1.0, distill_temperature: float = 1.0
) -> list[Objective]:
    """As `kd` by KL, with other defaults: the teacher alone, at T = 1, as in all-layer.

    Source: Hinton et al. 2015 (arXiv 1503.02531), section 2.
    """
    check_shares(alpha=alpha)
    return [*on_teacher(student, alpha, "kl", distill_temperature), *on_labels(student, 1 - alpha)]
