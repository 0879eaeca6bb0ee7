"""Contextual knowledge distillation: relations among the words of a row, and among a word's states over the layers.

Comes in: the shapes of student and teacher, settings. Goes out: a list of `Objective`.

A literal example: `ckd(student, teacher, alpha=0.9)` is 0.1 of `kd`'s loss and 0.9 of the relations'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.methods.kd import kd
from qgkd.distillation.methods.parts import check_shares, member, with_embeddings
from qgkd.distillation.objectives.layer_relations import LayerRelationAngle, LayerRelationDistance
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.relations import Comparison, Distance
from qgkd.distillation.objectives.word_relations import WordRelationAngle, WordRelationDistance


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
    layers: str = "skip",
) -> list[Objective]:
    """(1 - a) L_logit + a (word relations + layer-transform relations).

    The words are a row's real tokens: a question generator's passage, answer, question and [MASK]s alike.

    Settings:
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
        layers: A layer map, to which the embeddings are added; or pairs such as `0:0,2:6,4:12`, taken as they stand.

    Source: Park, Kim and Yang 2021 (arXiv 2109.08359).
    """
    check_shares(alpha=alpha, soft_share=soft_share)
    pairs = with_embeddings(layers, student, teacher)
    kind = member(Distance, "distance", distance)
    if comparison == "auto":
        comparison = "kl" if kind is Distance.COSINE else "mse"
    measures: dict[str, Any] = {"distance": kind, "comparison": member(Comparison, "comparison", comparison)}
    made: list[tuple[float, Callable[..., Objective], dict[str, Any]]] = [
        (word_distance_weight, WordRelationDistance, measures),
        (word_angle_weight, WordRelationAngle, {"window": window}),
        (layer_distance_weight, LayerRelationDistance, measures),
        (layer_angle_weight if len(pairs) >= 3 else 0, LayerRelationAngle, {}),
    ]
    relations = [make(layers=pairs, weight=alpha * weight, **more) for weight, make, more in made if alpha * weight]
    first = kd(student, teacher, alpha=soft_share, distill_temperature=distill_temperature, logits_loss=logits_loss)
    return [*(replace(each, weight=each.weight * (1 - alpha)) for each in first if alpha < 1), *relations]
