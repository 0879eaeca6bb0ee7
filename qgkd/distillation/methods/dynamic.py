"""Dynamic KD: the teacher, the data or the supervision chosen by how uncertain the student is.

Comes in: the shapes of student and teacher, settings. Goes out: a list of `Objective`.

A literal example: `dynamic_teacher(student, teacher, mode="hard")` takes the small teacher for the less certain half of
a batch, the large one for the rest.

The unit of the paper is a classified example. That of a question generator is a scored [MASK], whose classes are the
vocabulary; a term on the states of a row is weighted by the mean over the row's [MASK]s.
"""

from __future__ import annotations

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.methods.parts import member, on_labels, on_teacher, with_embeddings
from qgkd.distillation.objectives.hidden_states import HiddenStateMSE
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.teacher_selection import SelectedTeacher, TeacherMode
from qgkd.distillation.objectives.uncertainty import Uncertainty
from qgkd.distillation.objectives.weighted_rows import Reweighted, SelectedRows


def dynamic_teacher(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    mode: str,
    label_weight: float = 1.0,
    logits_weight: float = 1.0,
    logits_loss: str = "mse",
    distill_temperature: float = 5.0,
) -> list[Objective]:
    """Cross entropy + a term on the logits against the small or the large teacher, by the student's uncertainty.

    Settings:
        mode: `hard`, `soft` (per example) or `soft-batch`.
        label_weight: Of the cross entropy with the labels.
        logits_weight: Of the terms on the logits.
        logits_loss: As in `kd`.
        distill_temperature: T, of `kl` and `cross_entropy`.

    Source: Li et al. 2021 (arXiv 2109.11295), dynamic teacher adoption, and its code.
    """
    logits = on_teacher(student, logits_weight, logits_loss, distill_temperature)
    chosen = member(TeacherMode, "mode", mode)
    return [*on_labels(student, label_weight), *(SelectedTeacher(objective=each, mode=chosen) for each in logits)]


def dynamic_data(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    by: str = "entropy",
    ratio: float = 0.5,
    label_weight: float = 1.0,
    logits_weight: float = 1.0,
    logits_loss: str = "mse",
    distill_temperature: float = 5.0,
) -> list[Objective]:
    """Cross entropy everywhere + a term on the logits of those that the student is least sure of.

    Settings besides those of `dynamic_teacher`:
        by: `entropy`, `margin` or `least-confidence`.
        ratio: Share of a micro-batch's examples, or [MASK]s.

    Source: Li et al. 2021 (arXiv 2109.11295), dynamic data selection, and its code.
    """
    logits = on_teacher(student, logits_weight, logits_loss, distill_temperature)
    measure = member(Uncertainty, "by", by)
    selected = [SelectedRows(objective=each, by=measure, ratio=ratio) for each in logits]
    return [*on_labels(student, label_weight), *selected]


def dynamic_supervision(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    label_weight: float = 1.0,
    logits_weight: float = 1.0,
    states_weight: float = 1.0,
    logits_loss: str = "mse",
    distill_temperature: float = 5.0,
    layers: str = "skip",
) -> list[Objective]:
    """Cross entropy + (1 - u/U) of a term on the logits + u/U of the distance of normalised hidden states.

    Settings besides those of `dynamic_teacher`:
        states_weight: Of the hidden states, a sum over the embeddings and all layers.
        layers: As in `ckd`.

    Source: Li et al. 2021 (arXiv 2109.11295), dynamic supervision adjustment, and its code.
    """
    pairs = with_embeddings(layers, student, teacher)
    logits = on_teacher(student, logits_weight, logits_loss, distill_temperature)
    found = [*on_labels(student, label_weight), *(Reweighted(objective=each, certain=True) for each in logits)]
    if states_weight:
        states = HiddenStateMSE(layers=pairs, normalised=True, weight=states_weight * len(pairs))
        found.append(Reweighted(objective=states))
    return found
