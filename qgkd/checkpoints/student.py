"""A shallower copy of a model: which layers stay, and the weights of those.

Comes in: a teacher and a number of layers. Goes out: a model of the same kind with the teacher's embeddings, head and
chosen layers, sharing nothing with it; a plain `save_pretrained` folder with its lineage in `qgkd.json`.

A literal example, 12 → 6 layers, those that stay (from 1):

    top             1 2 3 4 5 6         the default
    bottom          7 8 9 10 11 12
    alternate-odd   2 4 6 8 10 12       odd layers are dropped
    alternate-even  1 3 5 7 9 11
    symmetric       1 2 3 10 11 12

Source: Sajjad et al. 2023 (Poor Man's BERT, arXiv 2004.03844), section 3. Names say what is dropped.
Differs: any depth. Alternate dropping begins at the top, as the paper's; where more than every other layer has to go,
it goes on with those that are left, counted anew. `symmetric` keeps one more at the bottom of an odd number.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.encoder import encoder_layers, layers_name, set_dropout
from qgkd.checkpoints.record import RECORD_NAME
from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Drop(StrEnum):
    """Which layers of the teacher are left out."""

    TOP = "top"
    """The last ones: the student is the teacher's lower part."""
    BOTTOM = "bottom"
    """The first ones."""
    ALTERNATE_ODD = "alternate-odd"
    """Every other one, the odd ones first, from the top."""
    ALTERNATE_EVEN = "alternate-even"
    """Every other one, the even ones first, from the top."""
    SYMMETRIC = "symmetric"
    """Those in the middle."""
    CONTRIBUTION = "contribution"
    """Those that change their input least."""


def kept_layers(
    teacher_layers: int, student_layers: int, drop: Drop, similarities: Sequence[float] | None = None
) -> tuple[int, ...]:
    """The teacher's layers that stay.

    Args:
        teacher_layers: N.
        student_layers: How many stay, 1 to N.
        drop: Which go.
        similarities: For `contribution`, how alike each layer's input and output are, layer 1 first.

    Returns:
        Ascending, from 1.

    Raises:
        UserError: More layers asked for than there are.
    """
    if not 1 <= student_layers <= teacher_layers:
        raise UserError(
            f"--layers: expected a number from 1 to the teacher's {teacher_layers} layers, found {student_layers}"
        )
    layers, excess = list(range(1, teacher_layers + 1)), teacher_layers - student_layers
    if drop is Drop.TOP:
        return tuple(layers[:student_layers])
    if drop is Drop.BOTTOM:
        return tuple(layers[excess:])
    if drop is Drop.SYMMETRIC:
        top = student_layers // 2
        return tuple(layers[: student_layers - top] + layers[teacher_layers - top :])
    if drop is Drop.CONTRIBUTION:
        if similarities is None or len(similarities) != teacher_layers:
            raise ValueError(f"expected a similarity for each of {teacher_layers} layers, found {similarities}")
        alike = sorted(layers, key=lambda layer: (-similarities[layer - 1], -layer))
        return tuple(sorted(alike[excess:]))
    while excess:
        places = range(1 if drop is Drop.ALTERNATE_EVEN else 0, len(layers), 2)
        gone = set(list(places)[-excess:])
        layers = [layer for place, layer in enumerate(layers) if place not in gone]
        excess -= len(gone)
    return tuple(layers)


def make_student(teacher: PreTrainedModel, kept: Sequence[int], *, dropout: float | None = None) -> PreTrainedModel:
    """A new model with these layers of the teacher's.

    Args:
        teacher: Any model with a BERT-type or DistilBERT encoder; it stays as it is.
        kept: Teacher layers from 1, ascending.
        dropout: Hidden and attention dropout of the student; the teacher's where None.

    Returns:
        In eval mode, with a config of its own, on the teacher's device and in its dtype.
    """
    name = layers_name(teacher)
    config: Any = copy.deepcopy(teacher.config)  # a shared one would change the teacher's depth, too
    config.num_hidden_layers = len(kept)
    kind: Any = type(teacher)
    with torch.device(teacher.device):
        student: Any = kind(config).to(teacher.dtype)
    place_of = {layer - 1: place for place, layer in enumerate(kept)}
    weights = {}
    for key, value in teacher.state_dict().items():
        inside = re.fullmatch(rf"{re.escape(name)}\.(\d+)\.(.+)", key)
        if inside is None:
            weights[key] = value
        elif int(inside[1]) in place_of:
            weights[f"{name}.{place_of[int(inside[1])]}.{inside[2]}"] = value
    student.load_state_dict(weights)
    if dropout is not None:
        set_dropout(student, dropout)
    return cast("PreTrainedModel", student.eval())


def student_record(
    teacher: Checkpoint, kept: Sequence[int], *, drop: Drop, digest: str, dropout: float | None
) -> dict[str, Any]:
    """What `qgkd.json` says of a student: the teacher's format, and as `base` where its weights come from.

    Args:
        teacher: With its record; one without a format gives the student none.
        kept: Teacher layers.
        drop: How they were chosen.
        digest: `qgkd.files.fingerprint.model_sha256` of the teacher.
        dropout: As given.
    """
    held: dict[str, Any] = {name: teacher.record[name] for name in ("format", "script") if name in teacher.record}
    earlier = {name: teacher.record[name] for name in ("trained_on", "base", "step") if name in teacher.record}
    lineage = {
        "name": teacher.name,
        "sha256": digest,
        "layers": len(encoder_layers(teacher.model)),
        "layers_kept": list(kept),
        "dropped": str(drop),
        **({} if dropout is None else {"dropout": dropout}),
    }
    return {**held, "base": {**lineage, **earlier}}


def save_student(folder: Path, student: PreTrainedModel, tokenizer: Any, record: dict[str, Any]) -> None:
    """Write a plain model folder with its record, whole or not at all; what stands there is replaced.

    Raises:
        UserError: The folder cannot be written to.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        student.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        with write_atomically(partial / RECORD_NAME) as file:
            json.dump(record, file, ensure_ascii=False, indent=1)
            file.write("\n")
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise UserError(f"{folder}: expected a folder to write to, but: {error.strerror}; choose another") from error
