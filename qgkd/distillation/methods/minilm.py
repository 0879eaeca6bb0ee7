"""MiniLM: attention and the relations of values, of the last layer alone.

Comes in: the shapes of student and teacher, settings. Goes out: a list of `Objective`.

A literal example, 12 → 6 layers: `minilm(student, teacher)` is the KL of the attention of 6:12, that of the value
relations of 6:12, and the labels. Widths may differ, the number of heads may not. A teacher assistant (of the teacher's
depth and the student's width) is a run before: its model is the teacher of the next.
"""

from __future__ import annotations

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.methods.parts import on_labels
from qgkd.distillation.objectives.attention import AttentionKL
from qgkd.distillation.objectives.layer_map import layer_map
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.value_relations import ValueRelationKL


def minilm(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    attention_weight: float = 1.0,
    value_weight: float = 1.0,
    label_weight: float = 1.0,
    layers: str = "top",
) -> list[Objective]:
    """KL of the last layer's attention and value relations + cross entropy with the labels.

    Settings:
        attention_weight: Of the attention term.
        value_weight: Of the value relations.
        label_weight: Of the labels; 0 in the general stage, as in the paper.
        layers: A layer map.

    Source: Wang et al. 2020 (MiniLM, arXiv 2002.10957), section 3.
    Differs: the paper has no labels and fine-tunes afterwards; with them one run makes a classifier.
    """
    pairs = layer_map(layers, student.layers, teacher.layers)
    found: list[Objective] = []
    if attention_weight:
        found.append(AttentionKL(layers=pairs, weight=attention_weight))
    if value_weight:
        found.append(ValueRelationKL(layers=pairs, weight=value_weight))
    return [*found, *on_labels(student, label_weight)]
