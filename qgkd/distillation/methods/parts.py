"""What methods are built of: a term on the labels, a term on the logits, a layer map with the embeddings.

Comes in: the student's shape, a weight. Goes out: objectives, none at a weight of 0.

A literal example: `on_teacher(student, 0.7, "kl", 10.0)` is 0.7 T² KL with the teacher at T = 10.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.layer_map import LayerMap, LayerPair, layer_map
from qgkd.distillation.objectives.logits import HardLabels, LogitMSE, ScoreMSE, SoftTargetCrossEntropy, SoftTargetKL
from qgkd.distillation.objectives.objective import Objective
from qgkd.errors import UserError

_Kind = TypeVar("_Kind", bound=StrEnum)


def on_labels(student: EncoderShape, weight: float) -> list[Objective]:
    """Cross entropy with the token or class, or the squared distance to the score; nothing at a weight of 0."""
    if not weight:
        return []
    return [ScoreMSE(weight=weight) if student.outputs == 1 else HardLabels(weight=weight)]


def on_teacher(student: EncoderShape, weight: float, logits_loss: str, distill_temperature: float) -> list[Objective]:
    """The term on both logits; nothing at a weight of 0.

    `logits_loss` is `kl`, `cross_entropy`, `mse` (the mean over classes), or `auto`: `kl`, and `mse` for scores.
    """
    known_word("logits_loss", logits_loss, ("auto", "kl", "cross_entropy", "mse"))
    if not weight:
        return []
    if logits_loss == "mse" or (logits_loss == "auto" and student.outputs == 1):
        return [LogitMSE(weight=weight / student.outputs)]
    kind = SoftTargetCrossEntropy if logits_loss == "cross_entropy" else SoftTargetKL
    return [kind(weight=weight, distill_temperature=distill_temperature)]


def with_embeddings(layers: str, student: EncoderShape, teacher: EncoderShape) -> LayerMap:
    """A layer map with the embeddings' pair before the layers'; pairs that are written out are taken as they stand."""
    pairs = layer_map(layers, student.layers, teacher.layers)
    return pairs if ":" in layers else (LayerPair(0, 0), *pairs)


def check_shares(**shares: float) -> None:
    """Refuse a share outside 0 to 1 with a UserError."""
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise UserError(f"{name}: expected a share from 0 to 1, found {share}; correct it")


def known_word(option: str, value: str, known: tuple[str, ...]) -> str:
    """A setting's value, one of a few words; a UserError for another one."""
    if value not in known:
        raise UserError(f"{option}: expected one of {list(known)}, found {value!r}; correct it")
    return value


def member(kind: type[_Kind], option: str, value: str) -> _Kind:
    """The member of an enumeration that a setting names; errors as `known_word`'s."""
    return kind(known_word(option, value, tuple(map(str, kind))))
