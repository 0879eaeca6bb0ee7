"""CKD's relations: hand-computed cases, the paper's formulas as loops over words and layers, and no nan anywhere."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from classification_batches import batch, capture, loss
from torch.nn import functional as F

from qgkd.distillation.objectives.layer_map import LayerPair
from qgkd.distillation.objectives.layer_relations import (
    LayerRelationAngle,
    LayerRelationDistance,
    layer_angle_error,
    layer_distance_error,
)
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.objectives.relations import (
    Comparison,
    Distance,
    angle_cosines,
    pair_relations,
)
from qgkd.distillation.objectives.word_relations import (
    WordRelationAngle,
    WordRelationDistance,
    word_angle_error,
    word_distance_error,
)
from qgkd.errors import UserError

PAIRS = (LayerPair(0, 0), LayerPair(1, 2), LayerPair(2, 4))
KINDS: list[Objective] = [
    WordRelationDistance(layers=PAIRS),
    WordRelationDistance(layers=PAIRS, comparison=Comparison.MSE),
    WordRelationDistance(layers=PAIRS, distance=Distance.L2, comparison=Comparison.MSE),
    WordRelationAngle(layers=PAIRS),
    WordRelationAngle(layers=PAIRS, window=3),
    LayerRelationDistance(layers=PAIRS),
    LayerRelationDistance(layers=PAIRS, distance=Distance.L2, comparison=Comparison.MSE),
    LayerRelationAngle(layers=PAIRS),
]
each_objective = pytest.mark.parametrize(
    "objective", KINDS, ids=[f"{place}-{kind.name}" for place, kind in enumerate(KINDS)]
)
MEASURES = [(Distance.COSINE, Comparison.KL), (Distance.COSINE, Comparison.MSE), (Distance.L2, Comparison.MSE)]


def cosine(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(F.cosine_similarity(one, other, dim=0))


def angle(left: torch.Tensor, vertex: torch.Tensor, right: torch.Tensor) -> float:
    return cosine(left - vertex, right - vertex)


def distance_by_loops(mine: torch.Tensor, its: torch.Tensor, distance: Distance, comparison: Comparison) -> float:
    """Of N vectors, [N, D] each: the mean over ordered pairs of different ones."""
    count = len(mine)
    pairs = [(i, j) for i in range(count) for j in range(count) if i != j]

    def relations(vectors: torch.Tensor) -> dict[tuple[int, int], float]:
        if distance is Distance.COSINE:
            return {(i, j): cosine(vectors[i], vectors[j]) for i, j in pairs}
        lengths = {(i, j): float((vectors[i] - vectors[j]).norm()) for i, j in pairs}
        return {pair: length * len(pairs) / sum(lengths.values()) for pair, length in lengths.items()}

    one, other = relations(mine), relations(its)
    if comparison is Comparison.MSE:
        return sum((one[pair] - other[pair]) ** 2 for pair in pairs) / len(pairs)
    total = 0.0
    for i in range(count):
        rest = [j for j in range(count) if j != i]
        sums = [sum(math.exp(loaded[i, j]) for j in rest) for loaded in (one, other)]
        for j in rest:
            teacher = math.exp(other[i, j]) / sums[1]
            total += teacher * math.log(teacher / (math.exp(one[i, j]) / sums[0]))
    return total / len(pairs)


def angles_by_loops(mine: torch.Tensor, its: torch.Tensor, window: int = 10**6) -> float:
    """Of N vectors: the mean over ordered triples around each vertex, arms within half the window."""
    errors = [
        (angle(mine[i], mine[v], mine[j]) - angle(its[i], its[v], its[j])) ** 2
        for v, i, j in itertools.permutations(range(len(mine)), 3)
        if max(abs(i - v), abs(j - v)) <= window // 2
    ]
    return sum(errors) / len(errors)


def test_an_angle_by_hand() -> None:
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    found = angle_cosines(points, points.expand(3, 3, 2))  # vertex, arm, arm
    assert found[0, 1, 2].item() == pytest.approx(0, abs=1e-6)
    assert found[1, 0, 2].item() == pytest.approx(1 / math.sqrt(5))
    assert found[2, 0, 1].item() == pytest.approx(2 / math.sqrt(5))


def test_a_distance_by_hand() -> None:
    """Two words at a right angle, in line for the teacher: cosine 0 against 1. KL needs a third."""
    mine, its = torch.tensor([[[1.0, 0.0], [0.0, 3.0]]]), torch.tensor([[[1.0, 0.0], [2.0, 0.0]]])
    real = torch.ones(1, 2, dtype=torch.bool)
    assert word_distance_error(mine, its, real, comparison=Comparison.MSE).item() == pytest.approx(1)
    assert word_distance_error(mine, its, real).item() == pytest.approx(0)


@pytest.mark.parametrize(("distance", "comparison"), MEASURES)
def test_word_distances_are_the_formula(distance: Distance, comparison: Comparison) -> None:
    torch.manual_seed(0)
    mine, its, lengths = torch.randn(3, 6, 4), torch.randn(3, 6, 8), [6, 4, 2]
    real = torch.arange(6) < torch.tensor(lengths)[:, None]
    found = word_distance_error(mine, its, real, distance, comparison)
    expected = [
        distance_by_loops(mine[row, :length], its[row, :length], distance, comparison)
        for row, length in enumerate(lengths)
    ]
    assert found.tolist() == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("window", [3, 5, 21])
def test_word_angles_are_the_formula(window: int) -> None:
    torch.manual_seed(0)
    mine, its, lengths = torch.randn(3, 7, 4) + 5, torch.randn(3, 7, 8) - 3, [7, 5, 3]
    real = torch.arange(7) < torch.tensor(lengths)[:, None]
    found = word_angle_error(mine, its, real, window)
    expected = [angles_by_loops(mine[row, :length], its[row, :length], window) for row, length in enumerate(lengths)]
    assert found.tolist() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("apart", [1.0, 1e-2, 5e-4])
def test_words_that_nearly_coincide_keep_their_digits(apart: float) -> None:
    """Two heaps of long states, a little apart within each; angles and lengths against float64."""
    torch.manual_seed(0)
    mine, its = (30 * torch.randn(1, 2, 8).repeat(1, 3, 1) + apart * torch.randn(1, 6, 8) for _ in range(2))
    real = torch.ones(1, 6, dtype=torch.bool)
    expected = angles_by_loops(mine[0].double(), its[0].double())
    assert word_angle_error(mine, its, real).item() == pytest.approx(expected, rel=2e-3)
    of_layers = layer_angle_error(mine[:, None], its[:, None])
    assert of_layers.item() == pytest.approx(expected, rel=2e-3)
    measure = (Distance.L2, Comparison.MSE)
    by_length = distance_by_loops(mine[0].double(), its[0].double(), *measure)
    assert word_distance_error(mine, its, real, *measure).item() == pytest.approx(by_length, rel=2e-3)


@pytest.mark.parametrize("length", [63, 64, 65, 130])
def test_long_rows_are_the_formula(length: int) -> None:
    """Vertices are taken some at a time."""
    torch.manual_seed(0)
    mine, its = torch.randn(2, length, 3), torch.randn(2, length, 4)
    real = torch.arange(length) < torch.tensor([[length], [length - 3]])
    found = word_angle_error(mine, its, real, 5)
    expected = [near_angles(mine[row, : length - 3 * row], its[row, : length - 3 * row], 2) for row in range(2)]
    assert found.tolist() == pytest.approx(expected, rel=1e-3)


def near_angles(mine: torch.Tensor, its: torch.Tensor, half: int) -> float:
    """As `angles_by_loops`, over near neighbours alone."""
    errors = []
    for v in range(len(mine)):
        around = [i for i in range(max(0, v - half), min(len(mine), v + half + 1)) if i != v]
        errors += [
            (angle(mine[i], mine[v], mine[j]) - angle(its[i], its[v], its[j])) ** 2
            for i, j in itertools.permutations(around, 2)
        ]
    return sum(errors) / len(errors)


@pytest.mark.parametrize(("distance", "comparison"), MEASURES)
def test_layer_relations_are_the_formula(distance: Distance, comparison: Comparison) -> None:
    torch.manual_seed(0)
    mine, its = torch.randn(2, 3, 4, 6), torch.randn(2, 3, 4, 10)  # rows, words, layers, columns
    distances = layer_distance_error(mine, its, distance, comparison)
    angles = layer_angle_error(mine, its)
    for row, word in itertools.product(range(2), range(3)):
        expected = distance_by_loops(mine[row, word], its[row, word], distance, comparison)
        assert distances[row, word].item() == pytest.approx(expected, rel=1e-4)
        assert angles[row, word].item() == pytest.approx(angles_by_loops(mine[row, word], its[row, word]), rel=1e-3)


def captures(lengths: list[int], pad_to: int, *, grad: bool = False, seed: int = 0):
    torch.manual_seed(seed)
    sides = []
    for width, layers in ((4, 3), (6, 5)):
        states = [torch.randn(len(lengths), 6, width) for _ in range(layers)]
        states = [F.pad(each, (0, 0, 0, pad_to - 6), value=77.0) for each in states]
        sides.append(capture(torch.zeros(len(lengths), 2), states, grad=grad and not sides))
    return (*sides, batch(lengths, pad_to=pad_to))


@each_objective
def test_padding_changes_nothing(objective: Objective) -> None:
    plain, padded = (loss(objective, *captures([6, 4, 3], pad_to)) for pad_to in (6, 9))
    assert plain > 0
    assert padded.item() == pytest.approx(plain.item(), rel=1e-5)


@each_objective
def test_equal_relations_cost_nothing_at_any_scale_or_width(objective: Objective) -> None:
    """Turned, scaled and widened states stand to one another as before (cosines need the origin: no shift)."""
    torch.manual_seed(0)
    states = [torch.randn(2, 5, 4) for _ in range(3)]
    turn = torch.linalg.qr(torch.randn(6, 6)).Q[:4]
    its = [3 * state @ turn for state in states]
    teacher = capture(torch.zeros(2, 2), [its[0], its[0], its[1], its[0], its[2]])
    assert loss(objective, capture(torch.zeros(2, 2), states), teacher, batch([5, 4])).item() == pytest.approx(
        0, abs=1e-6
    )


@each_objective
@pytest.mark.parametrize("lengths", [[1], [2], [6, 1, 2]])
def test_short_rows_are_finite(objective: Objective, lengths: list[int]) -> None:
    student, teacher, rows = captures(lengths, 6, grad=True)
    found = loss(objective, student, teacher, rows)
    found.backward()
    assert found.isfinite()
    for state in student.hidden_states.values():
        assert state.grad is None or state.grad.isfinite().all()


@each_objective
@pytest.mark.parametrize("make", [torch.zeros, torch.ones, lambda *shape: 1e4 * torch.randn(*shape)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_equal_and_huge_states_are_finite(objective: Objective, make, dtype: torch.dtype) -> None:
    """Words that coincide have no direction between them."""
    torch.manual_seed(0)
    student = capture(torch.zeros(2, 2), [make(2, 5, 4).to(dtype) for _ in range(3)], grad=True)
    teacher = capture(torch.zeros(2, 2), [make(2, 5, 4).to(dtype) for _ in range(5)])
    found = loss(objective, student, teacher, batch([5, 3]))
    found.backward()
    assert found.isfinite()
    assert all(state.grad.isfinite().all() for state in student.hidden_states.values())


@each_objective
def test_the_gradient_is_that_of_the_value(objective: Objective) -> None:
    torch.manual_seed(0)
    states = [torch.randn(1, 4, 3, requires_grad=True) for _ in range(3)]
    teacher = capture(torch.zeros(1, 2), [torch.randn(1, 4, 3) for _ in range(5)])

    def value(*loaded: torch.Tensor) -> torch.Tensor:
        return loss(objective, capture(torch.zeros(1, 2), loaded), teacher, batch([4]))

    direction = [torch.randn_like(state) for state in states]
    slope = sum((grad * way).sum() for grad, way in
                zip(torch.autograd.grad(value(*states), states), direction, strict=True))  # fmt: skip
    ends = [value(*(s.detach() + step * d for s, d in zip(states, direction, strict=True))) for step in (1e-2, -1e-2)]
    assert slope.item() == pytest.approx((ends[0] - ends[1]).item() / 2e-2, rel=0.03, abs=1e-4)


def test_no_gradient_reaches_the_teacher() -> None:
    student, teacher, rows = captures([5, 3], 6, grad=True)
    for state in teacher.hidden_states.values():
        state.requires_grad_(True)
    loss(KINDS[:1] + KINDS[3:4] + KINDS[5:6] + KINDS[7:], student, teacher, rows).backward()
    assert all(state.grad is None for state in teacher.hidden_states.values())
    assert all(state.grad is not None for state in student.hidden_states.values())


def test_pairs_do_not_see_those_that_do_not_count() -> None:
    """L2 lengths are shares of the mean over counted pairs alone."""
    states = torch.tensor([[[0.0], [1.0], [3.0], [1e6]]])
    real = torch.tensor([[True, True, True, False]])
    pairs = real[:, :, None] & real[:, None, :] & ~torch.eye(4, dtype=torch.bool)
    found = pair_relations(states, Distance.L2, pairs)
    assert found[0, 0, 1].item() == pytest.approx(1 / 2, rel=1e-3)
    assert found[0, 0, 2].item() == pytest.approx(3 / 2, rel=1e-3)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UserError, match="use mse"):
        WordRelationDistance(layers=PAIRS, distance=Distance.L2)
    with pytest.raises(UserError, match="odd window"):
        WordRelationAngle(layers=PAIRS, window=4)
    with pytest.raises(UserError, match="at least 3 layer pairs"):
        LayerRelationAngle(layers=PAIRS[:2])
