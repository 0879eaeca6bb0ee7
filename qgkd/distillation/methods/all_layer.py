"""All-layer distillation: logits, hidden states and attention, at once or in stages.

Comes in: the shapes of student and teacher, settings. Goes out: a list of `Objective`.

A literal example: `all_layer(student, teacher)` is soft cross entropy, hidden state MSE and attention MSE, weights
1, 1, 1, student layer i imitating teacher layer 2i.
"""

from __future__ import annotations

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.methods.parts import known_word, member, on_labels, on_teacher
from qgkd.distillation.objectives.attention import AttentionKind, AttentionKL, AttentionMSE
from qgkd.distillation.objectives.hidden_states import HiddenStateMSE
from qgkd.distillation.objectives.layer_map import layer_map
from qgkd.distillation.objectives.objective import Objective, imitating_layers
from qgkd.distillation.objectives.positions import Positions
from qgkd.distillation.objectives.schedule import Schedule, stage_weights


def all_layer(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    logits_weight: float = 1.0,
    logits_loss: str = "cross_entropy",
    hidden_weight: float = 1.0,
    attention_weight: float = 1.0,
    attention_loss: str = "mse",
    attention_on: str = "scores",
    hard_label_weight: float = 0.0,
    layers: str = "skip",
    hidden_layers: str | None = None,
    attention_layers: str | None = None,
    positions: str = "all",
    distill_temperature: float = 1.0,
    schedule: str = "all-layer",
    stage_ends: tuple[float, ...] | None = None,
) -> list[Objective]:
    """Soft cross entropy, hidden states and attention of every student layer, at once or in stages.

    Settings:
        logits_weight: Of the term on the logits; a weight of 0 leaves a term out.
        logits_loss: As in `kd`.
        hidden_weight: Of the hidden state MSE, the mean over the layers.
        attention_weight: Of the attention term, the mean over the layers.
        attention_loss: `mse`, or `kl` of the probabilities.
        attention_on: `scores` before the softmax or `probabilities`, of the MSE.
        hard_label_weight: Of the cross entropy with the labels.
        layers: A layer map: `skip`, `last`, `top`, or pairs such as `1:2,2:4,6:12`.
        hidden_layers: Another map for the hidden states.
        attention_layers: Another map for attention; pairs with the embeddings are left out.
        positions: `all` real tokens, `cls`, or the scored `masks` (in classification [CLS]), for states and attention.
        distill_temperature: T of the logits' term.
        schedule: Which terms are active when: `all-layer`, `layer-adding` or `layer-by-layer`; the trainer follows it.
        stage_ends: Where each stage of a schedule ends, as rising shares of the steps, the last 1; equal stages by
            default.

    Raises:
        UserError: A setting is unknown or does not fit the models.

    Source: a 2021 project report on distilling a BERT question generator, "all-layer": cross entropy with the teacher's
    answer, and for i = 1..6 MSE(H_i^S, H_2i^T) + MSE(A_i^S, A_2i^T).
    Differs: the report leaves T, the weights, padding, the kind of attention and hard labels open; the defaults here
    are ours.
    """
    known_word("attention_loss", attention_loss, ("mse", "kl"))
    counted = member(Positions, "positions", positions)
    kind = member(AttentionKind, "attention_on", attention_on)
    states, attention = (
        layer_map(own or layers, student.layers, teacher.layers) for own in (hidden_layers, attention_layers)
    )
    found = on_teacher(student, logits_weight, logits_loss, distill_temperature)
    if hidden_weight:
        found.append(HiddenStateMSE(weight=hidden_weight, layers=states, positions=counted))
    if attention_weight:
        inner = tuple(pair for pair in attention if pair.student and pair.teacher)
        if attention_loss == "kl":
            found.append(AttentionKL(weight=attention_weight, layers=inner, positions=counted))
        else:
            found.append(AttentionMSE(weight=attention_weight, layers=inner, positions=counted, on=kind))
    found += on_labels(student, hard_label_weight)
    # Complains about stages now, not at the first step.
    stage_weights(member(Schedule, "schedule", schedule), 0.0, imitating_layers(found), stage_ends=stage_ends)
    return found
