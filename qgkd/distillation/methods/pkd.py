"""Patient knowledge distillation: logits, and the states that the head reads, layer by layer.

Comes in: the shapes of student and teacher, settings. Goes out: a list of `Objective`.

A literal example, 12 → 6 layers: `pkd(student, teacher, layers="skip")` compares layers 1:2 2:4 3:6 4:8 5:10.
"""

from __future__ import annotations

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.methods.kd import kd
from qgkd.distillation.objectives.hidden_states import HiddenStateMSE
from qgkd.distillation.objectives.layer_map import layer_map
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.positions import Positions


def pkd(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    layers: str = "skip",
    alpha: float = 0.7,
    beta: float = 500.0,
    distill_temperature: float = 10.0,
    normalised: bool = True,
    sum_form: bool = False,
    logits_loss: str = "auto",
) -> list[Objective]:
    """As `kd`, and b times the distance of the states at the scored positions of n - 1 layers.

    A scored position is what the head reads: a classifier's [CLS], as in the paper. A question generator reads no
    [CLS]; the states at its [MASK]s take its place. Both are logged as `patient_cls_mse`.

    Settings:
        layers: `skip` or `last`, the last layer left out; or written out, `1:2,2:4`, and taken as it stands.
        alpha: As in `kd`.
        beta: b, in the mean form: over scored positions, layers and columns.
        distill_temperature: As in `kd`.
        normalised: Divide each state by its length first.
        sum_form: Sum over layers and columns, as the paper's equation; b is then that many times smaller.
        logits_loss: As in `kd`.

    Source: Sun et al. 2019 (arXiv 1908.09355), section 3; the mean form is its code's, and that of its published b.
    """
    pairs = layer_map(layers, student.layers, teacher.layers, leave_out_last=True)
    weight = beta * len(pairs) * teacher.width if sum_form else beta
    found = kd(student, teacher, alpha=alpha, distill_temperature=distill_temperature, logits_loss=logits_loss)
    if weight:
        found.append(
            HiddenStateMSE(
                layers=pairs,
                positions=Positions.MASKS,
                normalised=normalised,
                weight=weight,
                name="patient_cls_mse",
            )
        )
    return found
