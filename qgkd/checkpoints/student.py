"""Makes a student from a teacher: chooses the layers to keep and copies their weights.

Comes in: a teacher and a number of layers. Goes out: a model of the same class with copies of the teacher's embeddings,
head and chosen layers; a plain `save_pretrained` folder with its lineage in `qgkd.json`.

A literal example, 12 → 6 layers, the kept ones counted from 1:

    top             1 2 3 4 5 6         the default
    bottom          7 8 9 10 11 12
    alternate-odd   2 4 6 8 10 12       odd layers are dropped
    alternate-even  1 3 5 7 9 11
    symmetric       1 2 3 10 11 12
    1,3,5,8,10,12   1 3 5 8 10 12       as written: those of DistilBERT's code

Source: Sajjad et al. 2023 (Poor Man's BERT, arXiv 2004.03844), section 3. The names say what is dropped.
Differs: any depth. Alternate dropping begins at the top, as in the paper; where more than every other layer must go, it
is repeated on the remaining layers, renumbered. Of an odd number, `symmetric` keeps one more at the bottom.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.encoder import encoder_layers, layers_name, set_dropout
from qgkd.checkpoints.record import RECORD_NAME
from qgkd.errors import UserError
from qgkd.files.folders import write_folder
from qgkd.files.json_files import write_json

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Drop(StrEnum):
    """Which of the teacher's layers are dropped."""

    TOP = "top"
    """The last layers: the student is the teacher's lower part."""
    BOTTOM = "bottom"
    """The first layers."""
    ALTERNATE_ODD = "alternate-odd"
    """Every other layer, the odd ones first, from the top."""
    ALTERNATE_EVEN = "alternate-even"
    """Every other layer, the even ones first, from the top."""
    SYMMETRIC = "symmetric"
    """The middle layers."""
    CONTRIBUTION = "contribution"
    """The layers that change their input least."""


def is_layer_list(drop: str) -> bool:
    """Whether a choice of layers is written out, as `1,3,5`."""
    return re.fullmatch(r"\d+(,\d+)*", drop) is not None


def kept_layers(
    teacher_layers: int, student_layers: int, drop: str, similarities: Sequence[float] | None = None
) -> tuple[int, ...]:
    """Choose the teacher's layers that the student keeps: by a `Drop`, or written out as `1,3,5`.

    For `contribution`, the choice needs the similarity of each layer's input and output, layer 1 first.

    Returns:
        Their numbers from 1, ascending.

    Raises:
        UserError: More layers than the teacher has, or a list of others than asked for.
    """
    if is_layer_list(drop):
        return _listed_layers(drop, teacher_layers, student_layers)
    if not 1 <= student_layers <= teacher_layers:
        raise UserError(
            f"--layers: expected a number from 1 to the teacher's {teacher_layers} layers, found {student_layers}"
        )
    layers, excess = list(range(1, teacher_layers + 1)), teacher_layers - student_layers
    if drop == Drop.TOP:
        return tuple(layers[:student_layers])
    if drop == Drop.BOTTOM:
        return tuple(layers[excess:])
    if drop == Drop.SYMMETRIC:
        top = student_layers // 2
        return tuple(layers[: student_layers - top] + layers[teacher_layers - top :])
    if drop == Drop.CONTRIBUTION:
        if similarities is None or len(similarities) != teacher_layers:
            raise ValueError(f"expected a similarity for each of {teacher_layers} layers, found {similarities}")
        least_useful_first = sorted(layers, key=lambda layer: (-similarities[layer - 1], -layer))
        return tuple(sorted(least_useful_first[excess:]))
    while excess:
        alternate = layers[1 if drop == Drop.ALTERNATE_EVEN else 0 :: 2]
        dropped = alternate[-excess:]
        layers = [layer for layer in layers if layer not in dropped]
        excess -= len(dropped)
    return tuple(layers)


def _listed_layers(written: str, teacher_layers: int, student_layers: int) -> tuple[int, ...]:
    layers = [int(layer) for layer in written.split(",")]
    rising = all(lower < upper for lower, upper in itertools.pairwise([0, *layers]))
    if not rising or layers[-1] > teacher_layers or len(layers) != student_layers:
        raise UserError(
            f"layers to keep: expected {student_layers} different ones of the teacher's {teacher_layers}, from the "
            f"lowest, found {written}; correct the list or the number of layers"
        )
    return tuple(layers)


def make_student(teacher: PreTrainedModel, kept: Sequence[int], *, dropout: float | None = None) -> PreTrainedModel:
    """Build a new model from some of the teacher's layers.

    Args:
        teacher: Any model with a BERT-type or DistilBERT encoder; it is not changed.
        kept: Teacher layers from 1, ascending.
        dropout: Hidden and attention dropout of the student; None keeps the teacher's.

    Returns:
        The student in eval mode, with a config of its own, on the teacher's device and in its dtype.
    """
    name = layers_name(teacher)
    config: Any = copy.deepcopy(teacher.config)  # a shared config would change the teacher's depth too
    config.num_hidden_layers = len(kept)
    model_class: Any = type(teacher)
    with torch.device(teacher.device):
        student: Any = model_class(config).to(teacher.dtype)
    student_layer = {layer - 1: index for index, layer in enumerate(kept)}
    weights = {}
    for key, value in teacher.state_dict().items():
        inside = re.fullmatch(rf"{re.escape(name)}\.(\d+)\.(.+)", key)
        if inside is None:
            weights[key] = value
        elif int(inside[1]) in student_layer:
            weights[f"{name}.{student_layer[int(inside[1])]}.{inside[2]}"] = value
    student.load_state_dict(weights)
    if dropout is not None:
        set_dropout(student, dropout)
    return cast("PreTrainedModel", student.eval())


def student_record(
    teacher: Checkpoint, kept: Sequence[int], *, drop: str, digest: str, dropout: float | None
) -> dict[str, Any]:
    """The student's `qgkd.json`: the teacher's format, if any, and under `base` the origin of the weights.

    The digest is the teacher's `qgkd.files.fingerprint.model_sha256`; dropout is given where it differs from the
    teacher's.
    """
    inherited: dict[str, Any] = {name: teacher.record[name] for name in ("format", "script") if name in teacher.record}
    earlier = {name: teacher.record[name] for name in ("trained_on", "base", "step") if name in teacher.record}
    lineage = {
        "name": teacher.name,
        "sha256": digest,
        "layers": len(encoder_layers(teacher.model)),
        "layers_kept": list(kept),
        "dropped": str(drop),
        **({} if dropout is None else {"dropout": dropout}),
    }
    return {**inherited, "base": {**lineage, **earlier}}


def save_student(folder: Path, student: PreTrainedModel, tokenizer: Any, record: dict[str, Any]) -> None:
    """Write a plain model folder with its record, whole or not at all; what stands there is replaced.

    Raises:
        UserError: The folder cannot be written to.
    """
    try:
        with write_folder(folder) as partial:
            student.save_pretrained(partial)
            tokenizer.save_pretrained(partial)
            write_json(partial / RECORD_NAME, record)
    except OSError as error:
        raise UserError(f"{folder}: expected a folder to write to, but: {error.strerror}; choose another") from error
