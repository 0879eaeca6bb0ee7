"""Layer maps: which teacher layer each student layer imitates.

Comes in: a map's name and both depths. Goes out: `LayerPair`s, bottom up; layers count from 1, 0 is the embeddings.

A literal example, 12 → 6 layers: `skip` 1:2 2:4 3:6 4:8 5:10 6:12 · `last` 1:7 2:8 3:9 4:10 5:11 6:12 · `top` 6:12 ·
`1,3,5,8,10,12` 1:1 2:3 3:5 4:8 5:10 6:12.

Source: Sun et al. 2019 (PKD, arXiv 1908.09355), section 3: skip and last over n-1 layers, the last left out.
Differs: all n layers unless `leave_out_last`; any depths: student layer i of M takes teacher layer round(i N / M),
halves rounded up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from qgkd.errors import UserError


class LayerPair(NamedTuple):
    """One student layer and the teacher layer it imitates."""

    student: int
    teacher: int


LayerMap = tuple[LayerPair, ...]


def layer_map(name: str, student_layers: int, teacher_layers: int, *, leave_out_last: bool = False) -> LayerMap:
    """A map by its name, `skip`, `last` or `top`, or written out.

    Written out it is pairs, `1:2,2:4,6:12`, or a teacher layer for each student layer, `2,4,6`. `leave_out_last` leaves
    the student's last layer out of a named map, as PKD does; what is written out is taken as it stands.

    Raises:
        UserError: An unknown map, or layers that do not exist.
    """
    named = {"skip": skip, "last": last, "top": top}
    if name in named:
        pairs = named[name](student_layers, teacher_layers)
        if leave_out_last:
            pairs = tuple(pair for pair in pairs if pair.student < student_layers)
    elif re.fullmatch(r"\d+:\d+(,\d+:\d+)*", name):
        written = [tuple(map(int, pair.split(":"))) for pair in name.split(",")]
        pairs = explicit([(student, teacher) for student, teacher in written], student_layers, teacher_layers)
    elif re.fullmatch(r"\d+(,\d+)*", name):
        listed = [int(layer) for layer in name.split(",")]
        if len(listed) != student_layers:
            raise UserError(
                f"layer map {name!r}: expected a teacher layer for each of the student's {student_layers}, found "
                f"{len(listed)}; complete the list, or write pairs such as 1:2,2:4"
            )
        pairs = explicit(list(enumerate(listed, start=1)), student_layers, teacher_layers)
    else:
        raise UserError(f"layer map: expected one of {list(named)} or pairs such as 1:2,2:4, found {name!r}")
    if not pairs:
        raise UserError(
            f"layer map {name!r}: leaves no pair for a student of {student_layers} layers; take another map or keep "
            "the last layer"
        )
    return pairs


def skip(student_layers: int, teacher_layers: int) -> LayerMap:
    """Teacher layers evenly spread, the last among them: student i takes round(i N / M), halves up."""
    _check_depths(student_layers, teacher_layers)
    return tuple(
        LayerPair(layer, (2 * layer * teacher_layers + student_layers) // (2 * student_layers))
        for layer in range(1, student_layers + 1)
    )


def last(student_layers: int, teacher_layers: int) -> LayerMap:
    """The teacher's last M layers."""
    _check_depths(student_layers, teacher_layers)
    dropped = teacher_layers - student_layers
    return tuple(LayerPair(layer, layer + dropped) for layer in range(1, student_layers + 1))


def top(student_layers: int, teacher_layers: int) -> LayerMap:
    """One pair, the topmost layers of both."""
    return (LayerPair(student_layers, teacher_layers),)


def explicit(pairs: Sequence[tuple[int, int]], student_layers: int, teacher_layers: int) -> LayerMap:
    """Pairs as given, in the order of the student's layers.

    Raises:
        UserError: A layer that does not exist, or a pair given twice.
    """
    found = tuple(LayerPair(*pair) for pair in sorted(pairs))
    for pair in found:
        if not (0 <= pair.student <= student_layers and 0 <= pair.teacher <= teacher_layers):
            raise UserError(
                f"layer map: expected student layers 0 to {student_layers} and teacher layers 0 to {teacher_layers}, "
                f"found {pair.student}:{pair.teacher}; correct the pair"
            )
    if len(set(found)) < len(found):
        raise UserError(f"layer map: expected every pair once, found {show(found)}; leave the repeated one out")
    return found


def show(pairs: LayerMap) -> str:
    """As `layer_map` reads it: `1:2,2:4`."""
    return ",".join(f"{pair.student}:{pair.teacher}" for pair in pairs)


def _check_depths(student_layers: int, teacher_layers: int) -> None:
    if not 1 <= student_layers <= teacher_layers:
        raise UserError(
            f"layer map: expected a teacher at least as deep as the student's {student_layers} layers, found "
            f"{teacher_layers}; write the pairs out, e.g. 1:1,2:1"
        )
