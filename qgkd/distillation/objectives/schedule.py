"""Schedules: which terms are active when.

Comes in: a schedule's name, the share of steps done, the student layers that imitate. Goes out: `StageWeights`.

A literal example: six student layers make seven stages of 1/7 of the steps each. At 0.3 of the steps, in the third
stage, `layer-adding` has layers 1 to 3 active and `layer-by-layer` layer 3 alone; in the last stage the former has
everything, the latter the logits alone.

Source: the names and the drawings of a 2021 project report on distilling a BERT question generator, which does not
define them. Our reading: stage k of n + 1 belongs to student layer k, bottom up, the last to the logits. An active
layer weighs what it weighs in all-layer (1/n of its term), so the end of layer-adding is all-layer. `layers-first` is
TinyBERT's (Jiao et al. 2020, arXiv 1909.10351, section 3): all layers, then the prediction.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from qgkd.errors import UserError


class Schedule(StrEnum):
    """The order in which terms become active."""

    ALL_LAYER = "all-layer"
    """Everything from the first step."""
    LAYER_ADDING = "layer-adding"
    """Terms join one after the other, bottom up, the logits last."""
    LAYER_BY_LAYER = "layer-by-layer"
    """One term at a time, bottom up, the logits last."""
    LAYERS_FIRST = "layers-first"
    """Two stages: all layers, then the logits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWeights:
    """What each part of the loss is multiplied by at one moment."""

    logits: float = 1.0
    """Of every term on logits, hard labels included."""
    layers: Mapping[int, float] | None = None
    """Of the pairs of each student layer; None: 1 for each."""

    def of_layer(self, layer: int) -> float:
        """The weight of a student layer's pairs; a ValueError for a layer that is not in the schedule."""
        if self.layers is None:
            return 1.0
        if layer not in self.layers:
            raise ValueError(f"expected a schedule with student layer {layer}, found one for {sorted(self.layers)}")
        return self.layers[layer]


EVERYTHING = StageWeights()


def stage_weights(
    schedule: Schedule, progress: float, layers: Sequence[int], *, stage_ends: Sequence[float] | None = None
) -> StageWeights:
    """The weights where a share `progress` of the optimiser steps is done, from 0 to 1.

    The n `layers` that imitate, bottom up (`objective.imitating_layers`), make n + 1 stages; `stage_ends` are the
    shares of the steps where each ends, the last 1. None makes equal stages, of `layers-first` 3/4 and 1/4.

    Raises:
        UserError: Ends that do not rise to 1.
    """
    if not 0 <= progress <= 1:
        raise ValueError(f"expected a progress from 0 to 1, found {progress}")
    if schedule is Schedule.ALL_LAYER:
        return StageWeights(logits=1.0, layers=dict.fromkeys(layers, 1.0))
    before = min(1, len(layers)) if schedule is Schedule.LAYERS_FIRST else len(layers)
    usual = (0.75, 1.0) if before and schedule is Schedule.LAYERS_FIRST else equal_stages(before)
    ends = usual if stage_ends is None else tuple(stage_ends)
    _check_ends(ends, before)
    stage = min(sum(end <= progress for end in ends), before)  # from 0; the last is the logits'
    if schedule is Schedule.LAYERS_FIRST:
        return StageWeights(logits=float(stage == before), layers=dict.fromkeys(layers, float(stage < before)))
    is_active = operator.le if schedule is Schedule.LAYER_ADDING else operator.eq
    active = [float(is_active(place, stage)) for place in range(len(layers) + 1)]
    return StageWeights(logits=active[-1], layers=dict(zip(layers, active[:-1], strict=True)))


def equal_stages(before: int) -> tuple[float, ...]:
    """The ends of stages of one length, so many before the logits'."""
    return tuple((place + 1) / (before + 1) for place in range(before + 1))


def _check_ends(ends: tuple[float, ...], before: int) -> None:
    rising = all(first < second for first, second in zip((0.0, *ends), ends, strict=False))
    if len(ends) != before + 1 or not rising or ends[-1] != 1:
        raise UserError(
            f"stage_ends: expected {before + 1} rising shares of the steps, the last one 1, found {list(ends)}; "
            "correct them"
        )
