"""DistilBERT's triple loss: the teacher's distribution, the labels, the direction of the last hidden states.

Comes in: the shapes of student and teacher, settings. Goes out: a list of `Objective`.

A literal example, 12 → 6 layers: `distilbert(student, teacher)` is 5 T² KL at T = 2, 2 cross entropy, 1 cosine of 6:12.
"""

from __future__ import annotations

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.methods.parts import on_labels, on_teacher
from qgkd.distillation.objectives.layer_map import layer_map
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.state_cosine import HiddenStateCosine


def distilbert(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    logits_weight: float = 5.0,
    label_weight: float = 2.0,
    cosine_weight: float = 1.0,
    distill_temperature: float = 2.0,
    logits_loss: str = "auto",
    layers: str = "top",
) -> list[Objective]:
    """The teacher's distribution + the labels + one minus the cosine of the last hidden states.

    Settings:
        logits_weight: Of the term on the logits.
        label_weight: Of the labels: masked words in the general stage, classes in a task.
        cosine_weight: Of the hidden states, over all real tokens.
        distill_temperature: T.
        logits_loss: As in `kd`.
        layers: A layer map of the hidden states.

    Source: Sanh et al. 2019 (DistilBERT, arXiv 1910.01108), section 3; the weights are those of the code's README.
    """
    found = [
        *on_teacher(student, logits_weight, logits_loss, distill_temperature),
        *on_labels(student, label_weight),
    ]
    if cosine_weight:
        pairs = layer_map(layers, student.layers, teacher.layers)
        found.append(HiddenStateCosine(layers=pairs, weight=cosine_weight))
    return found
