"""Methods by name: plain functions that return objectives.

Comes in: the shapes of student and teacher, a method's settings. Goes out: a list of `Objective`, whose weighted sum is
the loss. Every default says where it comes from in `eval/paper_index.md`.

A literal example: `kd(student, teacher, alpha=0.7, distill_temperature=10)` is 0.3 cross entropy with the labels and
0.7 T² KL with the teacher at T = 10. Where a score is predicted instead of a class, squared distances take the place
of both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.classification.dynamic_methods import dynamic_data, dynamic_supervision, dynamic_teacher
from qgkd.classification.terms import on_labels, on_teacher, one_of, with_embeddings
from qgkd.distillation.objectives.hidden_states import HiddenStateMSE
from qgkd.distillation.objectives.layer_map import layer_map
from qgkd.distillation.objectives.layer_relations import LayerRelationAngle, LayerRelationDistance
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.positions import Positions
from qgkd.distillation.objectives.relations import Comparison, Distance
from qgkd.distillation.objectives.word_relations import WordRelationAngle, WordRelationDistance
from qgkd.errors import UserError


def fine_tune(student: EncoderShape, teacher: EncoderShape) -> list[Objective]:
    """The labels alone; the teacher is not asked."""
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

    Args:
        student: Its sizes.
        teacher: Its sizes.
        alpha: Share of the teacher's term, a.
        distill_temperature: T.
        logits_loss: `kl`, `cross_entropy` with the teacher's distribution, `mse` of the logits (the mean over classes),
            or `auto`.

    Source: Hinton et al. 2015 (arXiv 1503.02531), section 2.
    """
    if not 0 <= alpha <= 1:
        raise UserError(f"method.alpha: expected a share from 0 to 1, found {alpha}; correct it")
    return [*on_labels(student, 1 - alpha), *on_teacher(student, alpha, logits_loss, distill_temperature)]


def pkd(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    layers: str,
    alpha: float = 0.7,
    beta: float = 500.0,
    distill_temperature: float = 10.0,
    normalised: bool = True,
    sum_form: bool = False,
    logits_loss: str = "auto",
) -> list[Objective]:
    """As `kd`, and b times the distance of the [CLS] states of n - 1 layers.

    Args:
        student: Its sizes.
        teacher: Its sizes.
        layers: `skip` or `last`, the last layer left out.
        alpha: As in `kd`.
        beta: b, in the mean form: over rows, layers and columns.
        distill_temperature: As in `kd`.
        normalised: Divide each state by its length first.
        sum_form: Sum over layers and columns, as the paper's equation; b is then that many times smaller.
        logits_loss: As in `kd`.

    Source: Sun et al. 2019 (arXiv 1908.09355), section 3; the mean form is its code's, and that of its published b.
    """
    pairs = layer_map(layers, student.layers, teacher.layers, leave_out_last=True)
    weight = beta * len(pairs) * teacher.width if sum_form else beta
    first = kd(student, teacher, alpha=alpha, distill_temperature=distill_temperature, logits_loss=logits_loss)
    if not weight:
        return first
    states: dict[str, Any] = {"layers": pairs, "positions": Positions.CLS, "normalised": normalised}
    return [*first, HiddenStateMSE(**states, weight=weight, name="patient_cls_mse")]


def ckd(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    alpha: float = 0.9,
    soft_share: float = 0.9,
    distill_temperature: float = 3.0,
    word_distance_weight: float = 1.0,
    word_angle_weight: float = 10.0,
    layer_distance_weight: float = 1.0,
    layer_angle_weight: float = 10.0,
    distance: str = "cosine",
    comparison: str = "auto",
    window: int = 21,
    logits_loss: str = "auto",
) -> list[Objective]:
    """(1 - a) L_logit + a (word relations + layer-transform relations).

    Args:
        student: Its sizes.
        teacher: Its sizes.
        alpha: Share of the relations, a.
        soft_share: Of the teacher's term in L_logit; the labels have the rest.
        distill_temperature: T of that term.
        word_distance_weight: Of pairs of words; a weight of 0 leaves a term out.
        word_angle_weight: Of triples of words within the window.
        layer_distance_weight: Of pairs of a word's states.
        layer_angle_weight: Of triples of them; left out where student and embeddings make fewer than three.
        distance: `cosine` or `l2`.
        comparison: `kl` of softmaxed cosines or `mse`; `auto` is `kl` for cosines.
        window: Tokens around the vertex of a word angle, odd.
        logits_loss: As in `kd`.

    Source: Park, Kim and Yang 2021 (arXiv 2109.08359).
    """
    if not (0 <= alpha <= 1 and 0 <= soft_share <= 1):
        raise UserError(f"method.alpha and method.soft_share: expected shares from 0 to 1, found {alpha}, {soft_share}")
    pairs = with_embeddings(layer_map("skip", student.layers, teacher.layers))
    kind = one_of(Distance, "distance", distance)
    if comparison == "auto":
        comparison = "kl" if kind is Distance.COSINE else "mse"
    measures: dict[str, Any] = {"distance": kind, "comparison": one_of(Comparison, "comparison", comparison)}
    made: list[tuple[float, Callable[..., Objective], dict[str, Any]]] = [
        (word_distance_weight, WordRelationDistance, measures),
        (word_angle_weight, WordRelationAngle, {"window": window}),
        (layer_distance_weight, LayerRelationDistance, measures),
        (layer_angle_weight if len(pairs) >= 3 else 0, LayerRelationAngle, {}),
    ]
    relations = [make(layers=pairs, weight=alpha * weight, **more) for weight, make, more in made if alpha * weight]
    first = kd(student, teacher, alpha=soft_share, distill_temperature=distill_temperature, logits_loss=logits_loss)
    return [*(replace(each, weight=each.weight * (1 - alpha)) for each in first if alpha < 1), *relations]


METHODS: dict[str, Callable[..., list[Objective]]] = {
    "fine-tune": fine_tune,
    "kd": kd,
    "pkd-skip": partial(pkd, layers="skip"),
    "pkd-last": partial(pkd, layers="last"),
    "dynamic-teacher-hard": partial(dynamic_teacher, mode="hard"),
    "dynamic-teacher-soft": partial(dynamic_teacher, mode="soft"),
    "dynamic-teacher-soft-batch": partial(dynamic_teacher, mode="soft-batch"),
    "dynamic-data": dynamic_data,
    "dynamic-supervision": dynamic_supervision,
    "ckd": ckd,
}
"""By the names the command line and TOML use."""
