"""Which stage is on at which step, and what it activates."""

from __future__ import annotations

import pytest

from qgkd.distillation.objectives.schedule import EVERYTHING, Schedule, StageWeights, equal_stages, stage_weights
from qgkd.errors import UserError

LAYERS = (1, 2, 3, 4, 5, 6)
STEPS = 700


def active(weights: StageWeights) -> list[int]:
    """Layers that are on, 7 for the logits."""
    assert weights.layers is not None
    return [layer for layer, weight in weights.layers.items() if weight] + [7] * bool(weights.logits)


@pytest.mark.parametrize("step", [0, 99, 100, 350, 699, 700])
def test_all_layer_is_everything_always(step: int) -> None:
    assert active(stage_weights(Schedule.ALL_LAYER, step / STEPS, LAYERS)) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("step", "stage"), [(0, 1), (99, 1), (100, 2), (199, 2), (200, 3), (300, 4), (400, 5), (599, 6), (600, 7), (700, 7)]
)
def test_seven_stages(step: int, stage: int) -> None:
    """Each takes its hundred of 700 steps, to the step."""
    progress = step / STEPS
    assert active(stage_weights(Schedule.LAYER_ADDING, progress, LAYERS)) == list(range(1, stage + 1))
    assert active(stage_weights(Schedule.LAYER_BY_LAYER, progress, LAYERS)) == [stage]


def test_the_end_of_layer_adding_is_all_layer() -> None:
    assert stage_weights(Schedule.LAYER_ADDING, 1.0, LAYERS) == stage_weights(Schedule.ALL_LAYER, 1.0, LAYERS)


@pytest.mark.parametrize(("ends", "first"), [(None, 524), ((0.5, 1.0), 349)])
def test_layers_first_then_the_logits(ends: tuple[float, ...] | None, first: int) -> None:
    """TinyBERT: everything but the logits up to a step, then the logits alone."""
    for step, on in ((0, LAYERS), (first, LAYERS), (first + 1, (7,)), (700, (7,))):
        weights = stage_weights(Schedule.LAYERS_FIRST, step / STEPS, LAYERS, stage_ends=ends)
        assert active(weights) == list(on), step
    with pytest.raises(UserError, match="expected 2 rising shares"):
        stage_weights(Schedule.LAYERS_FIRST, 0.1, LAYERS, stage_ends=(0.2, 0.6, 1.0))


def test_stages_of_other_lengths() -> None:
    ends = (0.5, 0.6, 1.0)
    stages = [active(stage_weights(Schedule("layer-by-layer"), share, (2, 4), stage_ends=ends)) for share in
              (0.0, 0.49, 0.5, 0.59, 0.6, 1.0)]  # fmt: skip
    assert stages == [[2], [2], [4], [4], [7], [7]]
    assert equal_stages(1) == (0.5, 1.0)


def test_without_layers_there_are_the_logits() -> None:
    for schedule in Schedule:
        weights = stage_weights(schedule, 0.0, ())
        assert (weights.logits, weights.layers) == (1.0, {})


def test_a_weight_that_was_not_planned_for_is_an_error() -> None:
    assert EVERYTHING.of_layer(99) == 1.0
    with pytest.raises(ValueError, match="student layer 3"):
        StageWeights(layers={1: 1.0}).of_layer(3)


@pytest.mark.parametrize("ends", [(0.5, 1.0), (0.5, 0.4, 1.0), (0.2, 0.4, 0.9), (0.0, 0.5, 1.0)])
def test_ends_have_to_rise_to_one(ends: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match="stage_ends"):
        stage_weights(Schedule.LAYER_ADDING, 0.0, (1, 2), stage_ends=ends)


@pytest.mark.parametrize("progress", [-0.1, 1.1, float("nan")])
def test_progress_is_a_share(progress: float) -> None:
    with pytest.raises(ValueError, match="progress"):
        stage_weights(Schedule.LAYER_ADDING, progress, LAYERS)
