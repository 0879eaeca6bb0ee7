"""Methods by name: plain functions that return objectives.

Comes in: both encoders' shapes and a method's settings. Goes out: a list of `Objective`.

A literal example: `all_layer(student_shape, teacher_shape)` is soft cross entropy, hidden state MSE and attention MSE,
weights 1, 1, 1, student layer i imitating teacher layer 2i.
"""

from __future__ import annotations

from typing import TypeVar

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.attention import AttentionKind, AttentionKL, AttentionMSE
from qgkd.distillation.objectives.hidden_states import HiddenStateMSE
from qgkd.distillation.objectives.layer_map import layer_map
from qgkd.distillation.objectives.logits import HardLabels, LogitMSE, SoftTargetCrossEntropy, SoftTargetKL
from qgkd.distillation.objectives.objective import Objective, check_objectives
from qgkd.distillation.objectives.positions import Positions
from qgkd.errors import UserError

_Kind = TypeVar("_Kind", Positions, AttentionKind)


def all_layer(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    logits_weight: float = 1.0,
    hidden_weight: float = 1.0,
    attention_weight: float = 1.0,
    hard_label_weight: float = 0.0,
    distill_temperature: float = 1.0,
    layers: str = "skip",
    logits_loss: str = "cross_entropy",
    attention_loss: str = "mse",
    attention_on: str = "scores",
    positions: str = "all",
    label_smoothing: float = 0.0,
) -> list[Objective]:
    """Everything at once: soft cross entropy at the [MASK]s, hidden states and attention of every student layer.

    Args:
        student: Its sizes.
        teacher: Its sizes.
        logits_weight: Of the soft cross entropy; a weight of 0 leaves a term out.
        hidden_weight: Of the hidden state MSE, a mean over the layers.
        attention_weight: Of the attention MSE, a mean over the layers.
        hard_label_weight: Of the cross entropy with the labels.
        distill_temperature: T of the soft targets.
        layers: A layer map (`qgkd.distillation.objectives.layer_map`).
        logits_loss: `cross_entropy`, `kl` or `mse`.
        attention_loss: `mse`, or `kl` of the probabilities.
        attention_on: `scores` or `probabilities`, of the MSE.
        positions: `all`, `cls` or `masks`, for hidden states and attention.
        label_smoothing: Of the hard labels.

    Raises:
        UserError: The models do not fit, or a setting is unknown.

    Source: a 2021 project report on distilling a BERT question generator, "all-layer": cross entropy with the teacher's
    answer, and for i = 1..6 MSE(H_i^S, H_2i^T) + MSE(A_i^S, A_2i^T).
    Differs: the report leaves T, the weights, padding, the kind of attention and hard labels unsaid; the defaults here
    are ours.
    """
    pairs = layer_map(layers, student.layers, teacher.layers)
    counted, kind = _choice(Positions, "positions", positions), _choice(AttentionKind, "attention_on", attention_on)
    objectives: list[Objective] = []
    if logits_weight:
        objectives.append(on_logits(logits_loss, logits_weight, distill_temperature))
    if hidden_weight:
        objectives.append(HiddenStateMSE(weight=hidden_weight, layers=pairs, positions=counted))
    if attention_weight:
        inner = tuple(pair for pair in pairs if pair.student and pair.teacher)
        if _one_of("attention_loss", attention_loss, ("mse", "kl")) == "kl":
            objectives.append(AttentionKL(weight=attention_weight, layers=inner, positions=counted))
        else:
            objectives.append(AttentionMSE(weight=attention_weight, layers=inner, positions=counted, on=kind))
    if hard_label_weight:
        objectives.append(HardLabels(weight=hard_label_weight, label_smoothing=label_smoothing))
    check_objectives(objectives, student, teacher)
    return objectives


def hinton(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    alpha: float = 1.0,
    distill_temperature: float = 1.0,
    label_smoothing: float = 0.0,
) -> list[Objective]:
    """Logits only: (1 - a) cross entropy with the labels + a T² KL with the teacher.

    Args:
        student: Its sizes.
        teacher: Its sizes.
        alpha: Share of the soft term, a; 1 is the teacher alone, as in all-layer.
        distill_temperature: T.
        label_smoothing: Of the hard labels.

    Raises:
        UserError: The models do not fit, or a setting is out of range.

    Source: Hinton et al. 2015 (arXiv 1503.02531), section 2.
    """
    if not 0 <= alpha <= 1:
        raise UserError(f"alpha: expected a share from 0 to 1, found {alpha}; correct it")
    objectives: list[Objective] = []
    if alpha:
        objectives.append(SoftTargetKL(weight=alpha, distill_temperature=distill_temperature))
    if alpha < 1:
        objectives.append(HardLabels(weight=1 - alpha, label_smoothing=label_smoothing))
    check_objectives(objectives, student, teacher)
    return objectives


def on_logits(name: str, weight: float, distill_temperature: float) -> Objective:
    """The objective of a `logits_loss`: `cross_entropy`, `kl` or `mse`.

    Raises:
        UserError: Another name.
    """
    if _one_of("logits_loss", name, ("cross_entropy", "kl", "mse")) == "mse":
        return LogitMSE(weight=weight)
    kind = SoftTargetKL if name == "kl" else SoftTargetCrossEntropy
    return kind(weight=weight, distill_temperature=distill_temperature)


def _one_of(option: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UserError(f"{option}: expected one of {list(known)}, found {value!r}")
    return value


def _choice(kind: type[_Kind], option: str, value: str) -> _Kind:
    try:
        return kind(value)
    except ValueError:
        raise UserError(f"{option}: expected one of {[str(member) for member in kind]}, found {value!r}") from None
