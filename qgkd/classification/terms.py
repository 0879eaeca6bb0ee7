"""What the methods are made of: a term on the labels, a term on the logits, a map with the embeddings.

Comes in: the student's shape, a weight. Goes out: objectives, none at a weight of 0.

A literal example: `on_teacher(student, 0.7, "kl", 10.0)` is 0.7 T² KL with the teacher at T = 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.layer_map import LayerMap, LayerPair
from qgkd.distillation.objectives.logits import HardLabels, LogitMSE, ScoreMSE, SoftTargetCrossEntropy, SoftTargetKL
from qgkd.distillation.objectives.objective import Objective
from qgkd.errors import UserError

_Kind = TypeVar("_Kind", bound=StrEnum)
LOGIT_LOSSES = ("auto", "kl", "cross_entropy", "mse")
"""`auto` is `kl`, and `mse` where a score is predicted."""


def on_labels(student: EncoderShape, weight: float) -> list[Objective]:
    """Cross entropy with the class, or the squared distance to the score; nothing at a weight of 0."""
    if not weight:
        return []
    return [ScoreMSE(weight=weight) if student.outputs == 1 else HardLabels(weight=weight)]


def on_teacher(student: EncoderShape, weight: float, logits_loss: str, distill_temperature: float) -> list[Objective]:
    """The term on both logits; nothing at a weight of 0.

    Raises:
        UserError: An unknown loss, or a distribution where a score is predicted.
    """
    if logits_loss not in LOGIT_LOSSES:
        raise UserError(f"method.logits_loss: expected one of {list(LOGIT_LOSSES)}, found {logits_loss!r}")
    if not weight:
        return []
    regression = student.outputs == 1
    if logits_loss == "mse" or (logits_loss == "auto" and regression):
        return [LogitMSE(weight=weight / student.outputs)]  # the mean over classes
    if regression:
        raise UserError(
            f"method.logits_loss: expected mse where a score is predicted, found {logits_loss}, which compares "
            "distributions over classes"
        )
    kind = SoftTargetCrossEntropy if logits_loss == "cross_entropy" else SoftTargetKL
    return [kind(weight=weight, distill_temperature=distill_temperature)]


def with_embeddings(pairs: LayerMap) -> LayerMap:
    """The embeddings' pair before the layers'."""
    return (LayerPair(0, 0), *pairs)


def one_of(kind: type[_Kind], option: str, value: str) -> _Kind:
    """The member of an enumeration that a setting names.

    Raises:
        UserError: It names none.
    """
    try:
        return kind(value)
    except ValueError:
        members: Sequence[str] = [str(member) for member in kind]
        raise UserError(f"method.{option}: expected one of {members}, found {value!r}") from None
