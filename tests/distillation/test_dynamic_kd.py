"""Dynamic KD: teachers by uncertainty, chosen rows, weighted rows, against the paper's formulas written out."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from classification_batches import batch, capture, loss
from torch.nn import functional as F

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.hidden_states import HiddenStateMSE
from qgkd.distillation.objectives.layer_map import LayerPair
from qgkd.distillation.objectives.logits import LogitMSE, SoftTargetKL
from qgkd.distillation.objectives.objective import Objective, check_objectives, teacher_rows
from qgkd.distillation.objectives.positions import Positions
from qgkd.distillation.objectives.teacher_selection import SelectedTeacher, TeacherMode
from qgkd.distillation.objectives.uncertainty import Uncertainty
from qgkd.distillation.objectives.weighted_rows import Order, Reweighted, SelectedRows
from qgkd.distillation.teachers.capture import DistillCapture
from qgkd.distillation.teachers.several_teachers import Ensemble, SeveralCaptures, ensemble_logits
from qgkd.errors import UserError

CLASSES = 3


def entropy_share(logits: torch.Tensor) -> torch.Tensor:
    """u/U, by torch's own distribution."""
    return torch.distributions.Categorical(logits=logits.detach()).entropy() / math.log(logits.shape[1])


def both_teachers(small: torch.Tensor, large: torch.Tensor) -> SeveralCaptures:
    return SeveralCaptures(logits=(small + large) / 2, members=(capture(small), capture(large)))


@pytest.fixture
def logits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Student, small and large teacher, 7 rows."""
    torch.manual_seed(0)
    student, small, large = (torch.randn(7, CLASSES) for _ in range(3))
    return student * torch.arange(1, 8)[:, None] / 3, small, large


def test_hard_mode_by_hand() -> None:
    """Rows of entropy 1, 0, ... : the uncertain one asks the small teacher, the certain one the large."""
    student = torch.tensor([[0.0, 0.0], [50.0, -50.0]])
    teachers = both_teachers(torch.ones(2, 2), torch.tensor([[9.0, 9.0], [50.0, -48.0]]))
    selected = SelectedTeacher(objective=LogitMSE(), mode=TeacherMode.HARD)
    # |(0,0) - (1,1)|² = 2 of the small teacher, |(50,-50) - (50,-48)|² = 4 of the large one, each the mean of one row
    assert loss(selected, capture(student), teachers, batch([3, 4])).item() == pytest.approx(6)


@pytest.mark.parametrize("kind", [LogitMSE(), SoftTargetKL(distill_temperature=5.0)], ids=["mse", "kl"])
@pytest.mark.parametrize("mode", TeacherMode)
def test_teacher_selection_is_the_formula(mode: TeacherMode, kind: Objective, logits: tuple[torch.Tensor, ...]) -> None:
    student, small, large = logits

    def distance(teacher: torch.Tensor) -> torch.Tensor:
        if isinstance(kind, LogitMSE):
            return ((student - teacher) ** 2).sum(1)
        return 25 * F.kl_div(
            F.log_softmax(student / 5, 1), F.log_softmax(teacher / 5, 1), log_target=True, reduction="none"
        ).sum(1)

    unsure = entropy_share(student)
    if mode is TeacherMode.HARD:
        order = sorted(range(7), key=lambda row: -float(unsure[row]))
        expected = distance(small)[order[:3]].mean() + distance(large)[order[3:]].mean()
    elif mode is TeacherMode.SOFT:
        expected = (unsure * distance(small) + (1 - unsure) * distance(large)).mean()
    else:
        expected = unsure.mean() * distance(small).mean() + (1 - unsure.mean()) * distance(large).mean()
    selected = SelectedTeacher(objective=kind, mode=mode)
    found = loss(selected, capture(student), both_teachers(small, large), batch([4] * 7))
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("mode", TeacherMode)
def test_a_batch_of_one_row_is_finite(mode: TeacherMode) -> None:
    teachers = both_teachers(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]))
    student = capture(torch.tensor([[0.5, 0.1]]), grad=True)
    found = loss(SelectedTeacher(objective=LogitMSE(), mode=mode), student, teachers, batch([3]))
    found.backward()
    assert found.isfinite()
    assert student.logits.grad.isfinite().all()
    if mode is TeacherMode.HARD:  # the large teacher alone
        assert found.item() == pytest.approx(0.5**2 + 0.9**2)


def test_one_teacher_cannot_be_chosen_from(logits: tuple[torch.Tensor, ...]) -> None:
    with pytest.raises(ValueError, match="two teachers"):
        loss(SelectedTeacher(objective=LogitMSE()), capture(logits[0]), capture(logits[1]), batch([4] * 7))


@pytest.mark.parametrize("by", Uncertainty)
@pytest.mark.parametrize("ratio", [0.3, 0.5, 1.0])
def test_data_selection_is_the_formula(by: Uncertainty, ratio: float, logits: tuple[torch.Tensor, ...]) -> None:
    student, teacher, _ = logits
    probabilities = student.softmax(1)
    top = probabilities.sort(1, descending=True).values
    score = {
        Uncertainty.ENTROPY: (probabilities * probabilities.log()).sum(1),  # ascending: the most uncertain first
        Uncertainty.MARGIN: top[:, 0] - top[:, 1],
        Uncertainty.LEAST_CONFIDENCE: top[:, 0],
    }[by]
    chosen = score.argsort()[: int(7 * ratio)]
    expected = F.mse_loss(student[chosen], teacher[chosen])
    objective = SelectedRows(objective=LogitMSE(weight=1 / CLASSES), by=by, ratio=ratio)
    found = loss(objective, capture(student), capture(teacher), batch([4] * 7))
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_reversed_baseline_takes_the_surest(logits: tuple[torch.Tensor, ...]) -> None:
    student = logits[0]
    surest = entropy_share(student).argsort()[:3].tolist()
    objective = SelectedRows(objective=LogitMSE(), ratio=0.5, order=Order.CERTAIN)
    assert sorted(objective.selected(student, torch.ones(7)).nonzero()[:, 0].tolist()) == sorted(surest)


def test_the_random_baseline_takes_any_and_the_same_again() -> None:
    """1,500 batches of 4: each place and each rank of uncertainty in half of them, a padded row in none."""
    objective = SelectedRows(objective=LogitMSE(), ratio=0.5, order=Order.RANDOM)
    generator, weights = torch.Generator().manual_seed(0), torch.tensor([1.0, 1, 1, 1, 0])
    places, ranks = torch.zeros(5), torch.zeros(4)
    for _ in range(1500):
        student = torch.randn(5, 2, generator=generator)
        chosen = objective.selected(student, weights)
        assert torch.equal(chosen, objective.selected(student.clone(), weights))
        places += chosen
        ranks += chosen[entropy_share(student[:4]).argsort()]
    assert places[4] == 0
    assert ((torch.cat([places[:4], ranks]) / 1500 - 0.5).abs() < 0.06).all()  # over 4 standard errors


@pytest.mark.parametrize("count", [1, 2, 3, 10])
@pytest.mark.parametrize("ratio", [0.01, 0.3, 0.5, 1.0])
def test_a_selection_is_never_empty(count: int, ratio: float) -> None:
    torch.manual_seed(count)
    rows = batch([3] * count)
    student = capture(torch.randn(count, 2), grad=True)
    objective = SelectedRows(objective=LogitMSE(), ratio=ratio)
    asked = teacher_rows([objective], student, rows)
    assert int(asked.sum()) == max(1, int(count * ratio + 1e-9))
    found = loss(objective, student, capture(torch.randn(count, 2)), rows)
    found.backward()
    assert found.isfinite()
    assert found > 0
    assert ((student.logits.grad != 0).any(dim=1) == asked).all()


def test_rows_that_fill_a_batch_are_never_chosen() -> None:
    rows = replace(batch([3, 3, 3]), row_weights=torch.tensor([1.0, 0.0, 1.0]))
    student = capture(torch.tensor([[9.0, 0.0], [0.0, 0.0], [1.0, 0.0]]))
    assert teacher_rows([SelectedRows(objective=LogitMSE())], student, rows).tolist() == [False, False, True]


def test_what_the_teacher_was_not_asked_about_does_not_count(logits: tuple[torch.Tensor, ...]) -> None:
    student, teacher, _ = logits
    rows, objective = batch([4] * 7), SelectedRows(objective=SoftTargetKL(), ratio=0.3)
    asked = objective.teacher_rows(capture(student), rows)
    holes = teacher.masked_fill(~asked[:, None], float("nan"))
    whole, part = (loss(objective, capture(student), capture(each), rows) for each in (teacher, holes))
    assert whole.item() == part.item()


def test_supervision_adjustment_is_the_formula() -> None:
    """(1 - u/U) on the logits, u/U on normalised states of every real token."""
    torch.manual_seed(0)
    lengths = [5, 3, 4]
    rows = batch(lengths, pad_to=6)
    states = [[torch.randn(3, 6, 8) for _ in range(3)] for _ in range(2)]
    logits = torch.randn(3, CLASSES) * 2, torch.randn(3, CLASSES)
    pairs = (LayerPair(0, 0), LayerPair(1, 1), LayerPair(2, 2))
    objectives = [
        Reweighted(objective=LogitMSE(weight=1 / CLASSES), certain=True),
        Reweighted(objective=HiddenStateMSE(layers=pairs, normalised=True, weight=4.0 * len(pairs))),
    ]
    found = loss(objectives, capture(logits[0], states[0]), capture(logits[1], states[1]), rows)
    expected = 0.0
    for row, length in enumerate(lengths):
        unsure = float(entropy_share(logits[0])[row])
        representation = 0.0
        for mine, its in zip(*states, strict=True):
            for token in range(length):
                one, other = mine[row, token] / mine[row, token].norm(), its[row, token] / its[row, token].norm()
                representation += float(((one - other) ** 2).mean()) / length
        expected += (1 - unsure) * float(F.mse_loss(logits[0][row], logits[1][row])) + 4 * unsure * representation
    assert found.item() == pytest.approx(expected / 3, rel=1e-5)


def wrapped() -> list[Objective]:
    states = HiddenStateMSE(layers=(LayerPair(0, 0), LayerPair(1, 1)), normalised=True)
    return [
        Reweighted(objective=LogitMSE()),
        Reweighted(objective=SoftTargetKL(distill_temperature=3.0), certain=True),
        Reweighted(objective=states),
        SelectedRows(objective=SoftTargetKL(), by=Uncertainty.MARGIN),
        *(SelectedTeacher(objective=SoftTargetKL(), mode=mode) for mode in TeacherMode),
    ]


@pytest.mark.parametrize("objective", wrapped(), ids=lambda each: f"{type(each).__name__}-{each.name}")
@pytest.mark.parametrize("scale", [0.0, 60.0])
@pytest.mark.parametrize("lengths", [[2], [6, 1, 3]])
def test_finite_values_and_gradients(objective: Objective, scale: float, lengths: list[int]) -> None:
    torch.manual_seed(0)
    count = len(lengths)
    signs = torch.tensor([1.0, -1.0, 1.0])
    student = capture(scale * signs.repeat(count, 1), [torch.randn(count, 6, 4) for _ in range(2)], grad=True)
    members = tuple(
        capture(-scale * signs.repeat(count, 1) + shift, [torch.randn(count, 6, 4) for _ in range(2)])
        for shift in (0.0, 1.0)
    )
    teacher = SeveralCaptures(logits=members[1].logits, hidden_states=members[1].hidden_states, members=members)
    found = loss(objective, student, teacher, batch(lengths, pad_to=6))
    found.backward()
    assert found.isfinite()
    for tensor in (student.logits, *student.hidden_states.values()):
        assert tensor.grad is None or tensor.grad.isfinite().all()


@pytest.mark.parametrize("certain", [False, True])
def test_no_gradient_goes_through_the_weight(certain: bool) -> None:
    """The gradient is the weight, held fixed, times the inner one's."""
    torch.manual_seed(0)
    rows, teacher, logits = batch([3, 3]), capture(torch.randn(2, 3)), torch.randn(2, 3)
    student, other = (capture(logits.clone(), grad=True) for _ in range(2))
    loss(Reweighted(objective=LogitMSE(), certain=certain), student, teacher, rows).backward()
    loss(LogitMSE(), other, teacher, rows).backward()
    weights = entropy_share(logits)
    weights = 1 - weights if certain else weights
    torch.testing.assert_close(student.logits.grad, weights[:, None] * other.logits.grad)


def test_soft_batch_weight_is_detached(logits: tuple[torch.Tensor, ...]) -> None:
    student, small, large = logits
    loaded = capture(student.clone(), grad=True)
    found = loss(
        SelectedTeacher(objective=LogitMSE(), mode=TeacherMode.SOFT_BATCH),
        loaded,
        both_teachers(small, large),
        batch([2] * 7),
    )
    found.backward()
    share = entropy_share(student).mean()
    expected = 2 * (share * (student - small) + (1 - share) * (student - large)) / 7
    torch.testing.assert_close(loaded.logits.grad, expected)


@pytest.mark.parametrize("objective", wrapped()[:1] + wrapped()[3:5], ids=lambda each: type(each).__name__)
def test_regression_is_refused_in_a_sentence(objective: Objective) -> None:
    score = EncoderShape(layers=2, width=8, heads=2, outputs=1)
    with pytest.raises(UserError, match="not for regression"):
        check_objectives([objective], score, score)


def test_a_ratio_out_of_range_is_refused() -> None:
    with pytest.raises(UserError, match="ratio above 0"):
        SelectedRows(objective=LogitMSE(), ratio=0.0)


def test_per_row_positions_have_equal_say() -> None:
    """A long row counts no more than a short one: the paper's mean over rows of each row's own mean."""
    states = torch.zeros(2, 6, 4)
    its = states.clone()
    its[0, :, 0], its[1, :1, 0] = 2.0, 2.0
    objective = Reweighted(objective=HiddenStateMSE(layers=(LayerPair(0, 0),), positions=Positions.ALL))
    found = loss(objective, capture(torch.zeros(2, 2), [states]), capture(torch.zeros(2, 2), [its]), batch([6, 1]))
    assert found.item() == pytest.approx(1.0)


@pytest.mark.parametrize("ensemble", Ensemble)
def test_ensemble_means_by_hand(ensemble: Ensemble) -> None:
    one, other = torch.tensor([[0.9, 0.1]]).log(), torch.tensor([[0.5, 0.5]]).log()
    found = ensemble_logits([one, other + 3], ensemble).softmax(dim=1)  # a shift of all logits says nothing
    expected = [0.7, 0.3] if ensemble is Ensemble.ARITHMETIC else [0.75, 0.25]
    assert found[0].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("ensemble", Ensemble)
def test_ensemble_of_scores_is_their_mean(ensemble: Ensemble) -> None:
    assert ensemble_logits([torch.tensor([[1.0]]), torch.tensor([[4.0]])], ensemble).tolist() == [[2.5]]


def test_wrapper_and_wrapped_share_a_name() -> None:
    renamed = SelectedRows(objective=LogitMSE(), name="mine")
    assert renamed.objective.name == "mine"
    (term,) = renamed.terms(capture(torch.zeros(1, 2)), DistillCapture(logits=torch.ones(1, 2)), batch([2]))
    assert term.name == "mine"
