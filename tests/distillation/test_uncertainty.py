"""Uncertainty by every measure: hand-computed cases, order, no gradient, no nan."""

from __future__ import annotations

import math

import pytest
import torch

from qgkd.distillation.objectives.uncertainty import Uncertainty, uncertainty

each_measure = pytest.mark.parametrize("by", Uncertainty)


def test_hand_computed_cases() -> None:
    logits = torch.tensor([[0.5, 0.25, 0.25]]).log()
    assert uncertainty(logits).item() == pytest.approx(1.5 * math.log(2) / math.log(3), abs=1e-6)
    assert uncertainty(logits, Uncertainty.MARGIN).item() == pytest.approx(0.75)
    assert uncertainty(logits, Uncertainty.LEAST_CONFIDENCE).item() == pytest.approx(0.75)


@each_measure
def test_no_idea_is_1_and_certainty_0(by: Uncertainty) -> None:
    logits = torch.tensor([[0.0, 0.0, 0.0], [60.0, -60.0, -60.0], [-60.0, -60.0, 60.0]])
    assert uncertainty(logits, by).tolist() == pytest.approx([1, 0, 0], abs=1e-6)


@each_measure
def test_finite_where_a_softmax_underflows(by: Uncertainty) -> None:
    logits = torch.tensor([[0.0, 500.0], [1e4, -1e4]], dtype=torch.bfloat16, requires_grad=True)
    found = uncertainty(logits, by)
    assert found.isfinite().all()
    assert not found.requires_grad


def test_measures_agree_on_two_classes_and_differ_on_three() -> None:
    torch.manual_seed(0)
    two, three = torch.randn(40, 2), torch.randn(40, 3)
    orders = [[uncertainty(logits, by).argsort().tolist() for by in Uncertainty] for logits in (two, three)]
    assert orders[0][0] == orders[0][1] == orders[0][2]
    assert len({tuple(order) for order in orders[1]}) == 3


def test_a_score_has_none() -> None:
    with pytest.raises(ValueError, match="at least 2 classes"):
        uncertainty(torch.zeros(4, 1))
