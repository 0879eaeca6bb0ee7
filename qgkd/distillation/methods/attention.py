"""Attention alone, layer by layer, beside the labels.

Comes in: the shapes of student and teacher, settings. Goes out: a list of `Objective`.

A literal example, 12 → 6 layers: `attention(student, teacher, loss="kl")` compares the attention of 1:2 2:4 ... 6:12.
"""

from __future__ import annotations

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.methods.parts import known_word, member, on_labels
from qgkd.distillation.objectives.attention import AttentionKind, AttentionKL, AttentionMSE
from qgkd.distillation.objectives.layer_map import layer_map
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.positions import Positions


def attention(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    loss: str,
    attention_on: str = "scores",
    layers: str = "skip",
    positions: str = "all",
    attention_weight: float = 1.0,
    label_weight: float = 1.0,
) -> list[Objective]:
    """Cross entropy with the labels + the attention of all layers, by MSE or KL.

    Settings:
        loss: `mse`, or `kl` of the probabilities.
        attention_on: `scores` before the softmax or `probabilities`, of the MSE.
        layers: A layer map.
        positions: Queries: `all` real tokens, `cls`, or the scored `masks` (in classification [CLS]).
        attention_weight: Of the attention term, the mean over the layers.
        label_weight: Of the labels.

    Source: the terms of Jiao et al. 2020 (TinyBERT, arXiv 1909.10351), equation 7, and Wang et al. 2020 (MiniLM, arXiv
    2002.10957), equation 2.
    """
    pairs, counted = layer_map(layers, student.layers, teacher.layers), member(Positions, "positions", positions)
    on = member(AttentionKind, "attention_on", attention_on)
    found = on_labels(student, label_weight)
    if not attention_weight:
        return found
    if known_word("loss", loss, ("mse", "kl")) == "kl":
        return [*found, AttentionKL(layers=pairs, weight=attention_weight, positions=counted)]
    return [*found, AttentionMSE(layers=pairs, weight=attention_weight, positions=counted, on=on)]
