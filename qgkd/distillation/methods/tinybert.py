"""TinyBERT: embeddings, hidden states and attention first, then the logits; in one run, or in two.

Comes in: the shapes of student and teacher, settings. Goes out: a list of `Objective`.

A literal example, 12 → 4 layers: `tinybert_layers(student, teacher)` compares hidden states 0:0 1:3 2:6 3:9 4:12 and
attention 1:3 2:6 3:9 4:12; a second run with `tinybert-prediction`, whose base is the first's model, has the logits.
"""

from __future__ import annotations

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.methods.parts import member, on_labels, on_teacher, with_embeddings
from qgkd.distillation.objectives.attention import AttentionKind, AttentionMSE
from qgkd.distillation.objectives.hidden_states import HiddenStateMSE, Projection
from qgkd.distillation.objectives.objective import Objective, imitating_layers
from qgkd.distillation.objectives.schedule import Schedule, stage_weights


def tinybert(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    hidden_weight: float = 1.0,
    attention_weight: float = 1.0,
    attention_on: str = "scores",
    layers: str = "skip",
    projection: str = "own",
    logits_weight: float = 1.0,
    logits_loss: str = "auto",
    distill_temperature: float = 1.0,
    label_weight: float = 0.0,
    schedule: str = "layers-first",
    stage_ends: tuple[float, ...] | None = None,
) -> list[Objective]:
    """Embeddings, hidden states and attention; then, in the last quarter of the steps, the logits.

    Settings besides those of `tinybert-layers` and `tinybert-prediction`:
        schedule: `layers-first`, or `all-layer` for everything at once.
        stage_ends: Where the two stages end, as shares of the steps; 0.75 and 1 by default.

    Source: Jiao et al. 2020 (TinyBERT, arXiv 1909.10351), equations 7 to 11.
    Differs: the paper trains twice, each stage with a learning rate of its own: `tinybert-layers`, then
    `tinybert-prediction`.
    """
    first = {"hidden_weight": hidden_weight, "attention_weight": attention_weight}
    shapes = {"attention_on": attention_on, "layers": layers, "projection": projection}
    second = {"logits_weight": logits_weight, "distill_temperature": distill_temperature, "label_weight": label_weight}
    found = [
        *tinybert_layers(student, teacher, **first, **shapes),  # type: ignore[arg-type]
        *tinybert_prediction(student, teacher, **second, logits_loss=logits_loss),  # type: ignore[arg-type]
    ]
    # Complains about stages now, not at the first step.
    stage_weights(member(Schedule, "schedule", schedule), 0.0, imitating_layers(found), stage_ends=stage_ends)
    return found


def tinybert_layers(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    hidden_weight: float = 1.0,
    attention_weight: float = 1.0,
    attention_on: str = "scores",
    layers: str = "skip",
    projection: str = "own",
) -> list[Objective]:
    """TinyBERT's first stage, without logits and labels: the head learns nothing yet.

    Settings:
        hidden_weight: Of each layer's hidden state MSE, the embeddings' too; their sum is the term.
        attention_weight: Of each layer's attention MSE; likewise.
        attention_on: `scores` before the softmax or `probabilities`.
        layers: A layer map, to which the embeddings are added; or pairs such as `0:0,2:6,4:12`, taken as they stand.
        projection: `own`: a map for each layer where the widths differ; `shared`: one with bias for all, as in the
            authors' code, which has it at equal widths too.

    Source: Jiao et al. 2020 (TinyBERT, arXiv 1909.10351), equations 7 to 9.
    """
    pairs = with_embeddings(layers, student, teacher)
    inner = tuple(pair for pair in pairs if pair.student and pair.teacher)
    maps, on = member(Projection, "projection", projection), member(AttentionKind, "attention_on", attention_on)
    found: list[Objective] = []
    if hidden_weight:
        found.append(HiddenStateMSE(layers=pairs, weight=hidden_weight * len(pairs), projection=maps))
    if attention_weight and inner:
        found.append(AttentionMSE(layers=inner, weight=attention_weight * len(inner), on=on))
    return found


def tinybert_prediction(
    student: EncoderShape,
    teacher: EncoderShape,
    *,
    logits_weight: float = 1.0,
    logits_loss: str = "auto",
    distill_temperature: float = 1.0,
    label_weight: float = 0.0,
) -> list[Objective]:
    """TinyBERT's second stage: cross entropy with the teacher's distribution.

    Settings:
        logits_weight: Of the term on the logits.
        logits_loss: `kl`, `cross_entropy`, `mse`, or `auto`: cross entropy, and for scores the squared error to the
            label, as in the authors' code.
        distill_temperature: T.
        label_weight: Of the labels.

    Source: Jiao et al. 2020 (TinyBERT, arXiv 1909.10351), equation 10.
    """
    if logits_loss == "auto" and student.outputs == 1:
        return on_labels(student, logits_weight + label_weight)
    loss = "cross_entropy" if logits_loss == "auto" else logits_loss
    return [
        *on_teacher(student, logits_weight, loss, distill_temperature),
        *on_labels(student, label_weight),
    ]
