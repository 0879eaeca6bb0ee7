"""Objectives: identities, hand-computed cases, the papers' formulas written out, and what must not change them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from distill_batches import batch_of, batch_of_blocks, question_rows
from tiny_model import tiny_bert, tiny_tokenizer

from qgkd.checkpoints.encoder import EncoderShape, encoder_shape
from qgkd.distillation.methods.all_layer import all_layer
from qgkd.distillation.methods.kd import hinton
from qgkd.distillation.methods.settings import check_method, objectives_of
from qgkd.distillation.objectives.attention import AttentionKind, AttentionKL, AttentionMSE, KLOverKeys
from qgkd.distillation.objectives.hidden_states import HiddenStateMSE, Projection
from qgkd.distillation.objectives.layer_map import LayerPair
from qgkd.distillation.objectives.logits import (
    HardLabels,
    LogitMSE,
    SoftTargetCrossEntropy,
    SoftTargetKL,
)
from qgkd.distillation.objectives.objective import (
    Objective,
    check_objectives,
    imitating_layers,
    loss_terms,
    needs_of,
    projections_of,
)
from qgkd.distillation.objectives.positions import Positions
from qgkd.distillation.objectives.schedule import Schedule, StageWeights, stage_weights
from qgkd.distillation.objectives.state_cosine import HiddenStateCosine
from qgkd.distillation.objectives.value_relations import ValueRelationKL
from qgkd.distillation.teachers.capture import DistillCapture
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.distillation.teachers.logit_pair import LogitPair
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import Unit, mean_over_step, unit_counts

PAIRS = (LayerPair(1, 2), LayerPair(2, 4))
BASE = EncoderShape(layers=6, width=768, heads=12, outputs=21128)
DEEP = EncoderShape(layers=12, width=768, heads=12, outputs=21128)
KINDS = [
    SoftTargetCrossEntropy(distill_temperature=2.0),
    SoftTargetKL(distill_temperature=2.0),
    LogitMSE(),
    HardLabels(label_smoothing=0.1),
    *(HiddenStateMSE(layers=PAIRS, positions=positions) for positions in Positions),
    *(AttentionMSE(layers=PAIRS, positions=positions) for positions in Positions),
    AttentionMSE(layers=PAIRS, on=AttentionKind.PROBABILITIES),
    *(AttentionKL(layers=PAIRS, positions=positions) for positions in Positions),
    *(ValueRelationKL(layers=PAIRS, positions=positions) for positions in Positions),
    *(HiddenStateCosine(layers=PAIRS, positions=positions) for positions in Positions),
]
NAMES = [f"{kind.name}-{getattr(kind, 'positions', '')}-{getattr(kind, 'on', '')}".strip("-") for kind in KINDS]
each_objective = pytest.mark.parametrize("objective", KINDS, ids=NAMES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokenizer")


@pytest.fixture(scope="module")
def models(folder: Path) -> tuple[CapturingModel, Teacher]:
    """A student of 2 layers, a teacher of 4."""
    size = len(tiny_tokenizer(folder))
    needs, teacher_needs = needs_of(KINDS)
    return CapturingModel(tiny_bert(size), needs), Teacher(tiny_bert(size, seed=1, layers=4), teacher_needs)


def soft_target_cross_entropy(student: torch.Tensor, teacher: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    return LogitPair(student, teacher).cross_entropy(temperature)


def soft_target_kl(student: torch.Tensor, teacher: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    return LogitPair(student, teacher).kl(temperature)


def logit_squared_error(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    return LogitPair(student, teacher).squared_error()


def made(name: str, student: EncoderShape, teacher: EncoderShape, **settings: object) -> list[Objective]:
    return objectives_of(check_method({"name": name, **settings}), student, teacher)


def captured(models: tuple[CapturingModel, Teacher], batch: Batch):
    student, teacher = models
    return student(batch.inputs), teacher(batch)


def loss(objective: Objective, student: DistillCapture, teacher: DistillCapture, batch: Batch):
    """As the trainer reduces it."""
    counts = unit_counts([batch])
    return sum(term.weight * mean_over_step(term, batch, counts) for term in objective.terms(student, teacher, batch))


def as_own_teacher(student: DistillCapture) -> DistillCapture:
    """A teacher whose layers 2 and 4 are the student's 1 and 2."""
    moved = {
        name: {2 * layer: state.detach() for layer, state in getattr(student, name).items()}
        for name in ("hidden_states", "query_states", "key_states", "value_states")
    }
    return DistillCapture(logits=student.logits.detach(), allowed=student.allowed, **moved)


# Formulas written out


def by_formula(objective: Objective, student: DistillCapture, teacher: DistillCapture, batch: Batch) -> float:
    """The loss of one objective in plain loops over the definition, weights of rows left out (all are 1)."""
    masks = [tuple(pair) for pair in batch.inputs.scored_positions.tolist()]
    if not objective.pairs:
        return _logits_by_formula(objective, student, teacher, batch.targets.tolist())
    real = [[b for b in range(len(row)) if row[b] != 0] for row in batch.inputs.blocks.tolist()]
    counted = {
        Positions.ALL: [(row, place) for row in range(len(real)) for place in real[row]],
        Positions.CLS: [(row, 0) for row in range(len(real))],
        Positions.MASKS: masks,
    }[objective.positions]
    total = 0.0
    for student_layer, teacher_layer in objective.pairs:
        if isinstance(objective, HiddenStateMSE):
            s, t = student.hidden_states[student_layer], teacher.hidden_states[teacher_layer]
            parts = [float(((s[place] - t[place]) ** 2).mean()) for place in counted]
            total += sum(parts) / len(parts)
        elif isinstance(objective, HiddenStateCosine):
            s, t = student.hidden_states[student_layer], teacher.hidden_states[teacher_layer]
            parts = [1 - float(s[place] @ t[place] / (s[place].norm() * t[place].norm())) for place in counted]
            total += sum(parts) / len(parts)
        else:
            total += _attention_by_formula(objective, student, teacher, student_layer, teacher_layer, counted, real)
    return total / len(objective.pairs)


def _logits_by_formula(objective, student, teacher, targets) -> float:
    total = 0.0
    for s, t, target in zip(student.logits.double(), teacher.logits.double(), targets, strict=True):
        if isinstance(objective, LogitMSE):
            total += float(((s - t) ** 2).sum())
        elif isinstance(objective, HardLabels):
            log_p = s - s.exp().sum().log()
            total += float(-(0.9 * log_p[target] + 0.1 * log_p.mean()))
        else:
            T = objective.distill_temperature
            p, q = torch.exp(t / T) / torch.exp(t / T).sum(), torch.exp(s / T) / torch.exp(s / T).sum()
            entropy = float((p * p.log()).sum()) if isinstance(objective, SoftTargetKL) else 0.0
            total += T**2 * (entropy - float((p * q.log()).sum()))
    return total / len(targets)


def _attention_by_formula(objective, student, teacher, student_layer, teacher_layer, counted, real) -> float:
    of_values = isinstance(objective, ValueRelationKL)

    def scores(capture: DistillCapture, layer: int, row: int, head: int, query: int, key: int) -> float:
        queries, keys = (capture.value_states,) * 2 if of_values else (capture.query_states, capture.key_states)
        q, k = queries[layer][row, head, query], keys[layer][row, head, key]
        return float(q.double() @ k.double()) / math.sqrt(len(q))

    length = max(max(places) for places in real) + 1
    allowed = student.allowed.expand(len(real), 1, student.allowed.shape[-1], -1)[:, 0]
    heads = student.value_states[student_layer].shape[1]
    per_query: dict[tuple[int, int], list[list[float]]] = {}  # for each query, for each head, its cells
    for row, query in counted:
        keys = [key for key in range(length) if key < allowed.shape[-1] and allowed[row, query, key]]
        cells = []
        for head in range(heads):
            s = [scores(student, student_layer, row, head, query, key) for key in keys]
            t = [scores(teacher, teacher_layer, row, head, query, key) for key in keys]
            p, q = _softmax(t), _softmax(s)
            if isinstance(objective, KLOverKeys):
                cells.append([p[i] * math.log(p[i] / q[i]) for i in range(len(keys))])
            elif objective.on is AttentionKind.PROBABILITIES:
                cells.append([(q[i] - p[i]) ** 2 for i in range(len(keys))])
            else:
                cells.append([(s[i] - t[i]) ** 2 for i in range(len(keys))])
        per_query[row, query] = cells
    if isinstance(objective, KLOverKeys):
        divergences = {place: sum(map(sum, cells)) / heads for place, cells in per_query.items()}
        if objective.positions is not Positions.ALL:
            return sum(divergences.values()) / len(divergences)
        of_rows = [[value for (r, _), value in divergences.items() if r == row] for row in range(len(real))]
        return sum(sum(values) / len(values) for values in of_rows) / len(of_rows)
    if objective.positions is Positions.ALL:
        rows = []
        for row in range(len(real)):
            flat = [c for (r, _), cells in per_query.items() if r == row for head in cells for c in head]
            rows.append(sum(flat) / len(flat))
        return sum(rows) / len(rows)
    return sum(sum(map(sum, cells)) / sum(map(len, cells)) for cells in per_query.values()) / len(per_query)


def _softmax(scores: list[float]) -> list[float]:
    whole = sum(math.exp(score) for score in scores)
    return [math.exp(score) / whole for score in scores]


@each_objective
@pytest.mark.parametrize("attention", ["prefix", "recurrent"])
def test_formula(objective: Objective, attention: str, folder: Path, models) -> None:
    rows = sorted(question_rows(folder, attention=attention, count=5), key=len)
    batch = batch_of(rows[:1] + rows[2:3])  # one of them padded
    with torch.no_grad():
        student, teacher = captured(models, batch)
    expected = by_formula(objective, student, teacher, batch)
    assert expected > 1e-4
    assert float(loss(objective, student, teacher, batch)) == pytest.approx(expected, rel=1e-5)


# Hand-computed


def test_logits_by_hand() -> None:
    student, teacher = torch.zeros(1, 2), torch.tensor([[math.log(3), 0.0]])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert float(soft_target_cross_entropy(student, teacher)) == pytest.approx(math.log(2))
    assert float(soft_target_kl(student, teacher)) == pytest.approx(math.log(2) - entropy)
    assert float(logit_squared_error(student, teacher)) == pytest.approx(math.log(3) ** 2)
    # T = 2: the teacher's odds are the root of 3.
    share = math.sqrt(3) / (1 + math.sqrt(3))
    softened = math.log(2) + share * math.log(share) + (1 - share) * math.log(1 - share)
    assert float(soft_target_kl(student, teacher, 2.0)) == pytest.approx(4 * softened, rel=1e-5)


def hand_batch(blocks: list[list[int]]) -> Batch:
    return batch_of_blocks(torch.tensor(blocks), torch.tensor([[0, 1]]), torch.tensor([0]))


def test_hidden_states_by_hand() -> None:
    batch = hand_batch([[1, 1, 0]])
    student = DistillCapture(hidden_states={1: torch.tensor([[[1.0, 3.0], [0.0, 0.0], [9.0, 9.0]]])})
    teacher = DistillCapture(hidden_states={2: torch.tensor([[[1.0, 1.0], [3.0, 1.0], [0.0, 0.0]]])})
    means = {Positions.ALL: (2 + 5) / 2, Positions.CLS: 2, Positions.MASKS: 5}
    for positions, expected in means.items():
        objective = HiddenStateMSE(layers=(LayerPair(1, 2),), positions=positions)
        assert float(loss(objective, student, teacher, batch)) == pytest.approx(expected)


def attention_capture(scores: torch.Tensor, allowed: torch.Tensor) -> DistillCapture:
    """Queries and keys whose scores are these, one head."""
    length = scores.shape[-1]
    return DistillCapture(
        query_states={1: scores[None, None] * math.sqrt(length)},
        key_states={1: torch.eye(length)[None, None]},
        allowed=allowed,
    )


def test_attention_by_hand() -> None:
    batch = hand_batch([[1, 1]])
    everything = torch.ones(1, 1, 1, 2, dtype=torch.bool)
    student = attention_capture(torch.tensor([[0.0, 2.0], [0.0, 0.0]]), everything)
    teacher = attention_capture(torch.zeros(2, 2), everything)
    one = (LayerPair(1, 1),)
    assert float(loss(AttentionMSE(layers=one), student, teacher, batch)) == pytest.approx(4 / 4)
    share = 1 / (1 + math.exp(2))
    by_probability = 2 * (0.5 - share) ** 2 / 4
    on_probabilities = AttentionMSE(layers=one, on=AttentionKind.PROBABILITIES)
    assert float(loss(on_probabilities, student, teacher, batch)) == pytest.approx(by_probability, rel=1e-5)
    divergence = 0.5 * math.log(0.5 / share) + 0.5 * math.log(0.5 / (1 - share))
    assert float(loss(AttentionKL(layers=one), student, teacher, batch)) == pytest.approx(divergence / 2, rel=1e-5)
    # The differing cell blocked: three are left, and they agree.
    allowed = torch.tensor([[[[True, False], [True, True]]]])
    student.allowed = teacher.allowed = allowed
    for objective in (AttentionMSE(layers=one), on_probabilities, AttentionKL(layers=one)):
        assert float(loss(objective, student, teacher, batch)) == 0
    # Another cell: the mean is over three, and over one at [CLS].
    other = attention_capture(torch.tensor([[3.0, 0.0], [0.0, 0.0]]), allowed)
    assert float(loss(AttentionMSE(layers=one), other, teacher, batch)) == pytest.approx(9 / 3)
    at_cls = AttentionMSE(layers=one, positions=Positions.CLS)
    assert float(loss(at_cls, other, teacher, batch)) == pytest.approx(9)


def test_a_long_row_counts_no_more_than_a_short_one() -> None:
    """Two rows of 7 and 2 tokens whose queries diverge by a and b: (a + b) / 2, not (7 a + 2 b) / 9."""
    rows = batch_of_blocks(
        torch.tensor([[1] * 7, [1, 1] + [0] * 5]), torch.tensor([[0, 0], [1, 0]]), torch.tensor([0, 0])
    )
    allowed = (rows.inputs.blocks != 0)[:, None, None, :]
    one, eye = (LayerPair(1, 1),), torch.eye(7)[None, None].expand(2, 1, 7, 7) * math.sqrt(7)
    scores = torch.zeros(2, 1, 7, 7)
    scores[0, :, :, 0], scores[1, :, :, 0] = 1.0, 3.0
    captures = [
        DistillCapture(query_states={1: each}, key_states={1: eye}, allowed=allowed)
        for each in (scores, torch.zeros(2, 1, 7, 7))
    ]

    def divergence(length: int, score: float) -> float:
        whole = math.exp(score) + length - 1
        return -math.log(length) - (score - length * math.log(whole)) / length

    expected = (divergence(7, 1.0) + divergence(2, 3.0)) / 2
    assert float(loss(AttentionKL(layers=one), *captures, rows)) == pytest.approx(expected, rel=1e-5)


def test_value_relations_by_hand() -> None:
    """Values (0, 1) against (0, 0): the second token's softmax is (1, e) / (1 + e), the teacher's (1/2, 1/2)."""
    allowed = torch.tensor([[[[True, True, False]]]])
    student, teacher = (
        DistillCapture(value_states={1: torch.tensor(values).view(1, 1, 3, 1)}, allowed=allowed)
        for values in ([0.0, 1.0, 5.0], [0.0, 0.0, 7.0])
    )
    objective = ValueRelationKL(layers=(LayerPair(1, 1),))
    share = math.e / (1 + math.e)
    of_second = 0.5 * math.log(0.5 / share) + 0.5 * math.log(0.5 / (1 - share))
    found = loss(objective, student, teacher, hand_batch([[1, 1, 0]]))
    assert float(found) == pytest.approx((0 + of_second) / 2, rel=1e-5)


def test_cosine_by_hand() -> None:
    student = DistillCapture(hidden_states={1: torch.tensor([[[1.0, 0.0], [0.0, 2.0], [9.0, 9.0]]])})
    teacher = DistillCapture(hidden_states={2: torch.tensor([[[1.0, 1.0], [0.0, -3.0], [9.0, 0.0]]])})
    objective = HiddenStateCosine(layers=(LayerPair(1, 2),))
    expected = (1 - 1 / math.sqrt(2) + 2) / 2
    assert float(loss(objective, student, teacher, hand_batch([[1, 1, 0]]))) == pytest.approx(expected)


@pytest.mark.parametrize("make", [torch.zeros, lambda *shape: 60 * torch.randn(*shape)], ids=["zeros", "huge"])
def test_states_and_values_at_the_ends_are_finite(make) -> None:
    torch.manual_seed(0)
    rows, allowed = hand_batch([[1, 1, 0]]), torch.tensor([[[[True, True, False]]]])
    states, values = make(1, 3, 4).requires_grad_(), make(1, 2, 3, 2).requires_grad_()
    student = DistillCapture(hidden_states={1: states}, value_states={1: values}, allowed=allowed)
    teacher = DistillCapture(hidden_states={1: make(1, 3, 4)}, value_states={1: make(1, 2, 3, 2)}, allowed=allowed)
    one = (LayerPair(1, 1),)
    value = sum(loss(kind(layers=one), student, teacher, rows) for kind in (HiddenStateCosine, ValueRelationKL))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(states.grad).all()
    assert torch.isfinite(values.grad).all()
    assert not values.grad[:, :, 2].any()  # padding


# Identities


@each_objective
def test_zero_for_equal_inputs(objective: Objective, folder: Path, models) -> None:
    """Cross entropies end at an entropy instead: their gradient is zero there, or they are the plain ones."""
    batch = batch_of(question_rows(folder))
    with torch.no_grad():
        student, _ = captured(models, batch)
    if isinstance(objective, HardLabels):
        return
    value = float(loss(objective, student, as_own_teacher(student), batch))
    if isinstance(objective, SoftTargetCrossEntropy):
        logits = student.logits.clone().requires_grad_()
        soft_target_cross_entropy(logits, student.logits, 2.0).sum().backward()
        torch.testing.assert_close(logits.grad, torch.zeros_like(logits), atol=1e-6, rtol=0)
        assert value > 0
    else:
        assert value == pytest.approx(0, abs=1e-6)


def test_cross_entropy_and_kl_differ_by_the_teachers_entropy() -> None:
    torch.manual_seed(0)
    student, teacher = torch.randn(4, 9, requires_grad=True), torch.randn(4, 9)
    p = (teacher / 3).softmax(dim=-1)
    entropy = -9 * (p * p.log()).sum(dim=-1)
    cross_entropy, kl = soft_target_cross_entropy(student, teacher, 3.0), soft_target_kl(student, teacher, 3.0)
    torch.testing.assert_close(cross_entropy - kl, entropy)
    one, other = (torch.autograd.grad(values.sum(), student)[0] for values in (cross_entropy, kl))
    torch.testing.assert_close(one, other)


def test_high_temperature_is_the_distance_of_centred_logits() -> None:
    """Hinton et al. 2015, section 2.1."""
    torch.manual_seed(0)
    student, teacher = torch.randn(4, 9).double().float(), torch.randn(4, 9)
    centred = [logits - logits.mean(dim=-1, keepdim=True) for logits in (student, teacher)]
    limit = logit_squared_error(*centred) / (2 * 9)
    torch.testing.assert_close(soft_target_kl(student, teacher, 100.0), limit, rtol=0.03, atol=1e-3)


@pytest.mark.parametrize("soft_targets", [soft_target_cross_entropy, soft_target_kl])
def test_gradients_do_not_shrink_with_the_temperature(soft_targets) -> None:
    torch.manual_seed(0)
    student, teacher = torch.randn(16, 50, requires_grad=True), torch.randn(16, 50)
    norms = [
        float(torch.autograd.grad(soft_targets(student, teacher, T).sum(), student)[0].norm())
        for T in (1.0, 2.0, 4.0, 20.0)
    ]
    assert max(norms) / min(norms) < 2  # without the factor it is four hundred


def test_a_teachers_impossible_token_counts_nothing() -> None:
    """A cached top-k distribution has -inf outside."""
    student = torch.randn(2, 5, requires_grad=True)
    teacher = torch.tensor([[1.0, 2.0, -math.inf, -math.inf, -math.inf]]).expand(2, 5)
    for soft_targets in (soft_target_cross_entropy, soft_target_kl):
        values = soft_targets(student, teacher, 2.0)
        (gradient,) = torch.autograd.grad(values.sum(), student)
        assert torch.isfinite(values).all()
        assert torch.isfinite(gradient).all()
    assert soft_target_kl(teacher[:, :2], teacher[:, :2]).abs().max() < 1e-6


# What must not change a value


@each_objective
def test_padding_and_row_order(objective: Objective, folder: Path, models) -> None:
    rows = question_rows(folder, count=4)
    with torch.no_grad():
        batch = batch_of(rows)
        expected = float(loss(objective, *captured(models, batch), batch))
        for other in (batch_of(rows, more_padding=7), batch_of(rows[::-1]), batch_of([rows[2], rows[0], *rows[1::2]])):
            assert float(loss(objective, *captured(models, other), other)) == pytest.approx(expected, rel=1e-5)


@each_objective
def test_micro_batches_add_up(objective: Objective, folder: Path, models) -> None:
    """Each part divided by the whole step's units gives the step's mean: 4 x 1 = 1 x 4."""
    rows = question_rows(folder, count=4)
    whole, parts = batch_of(rows), [batch_of([row]) for row in rows]
    counts = unit_counts(parts)
    with torch.no_grad():
        expected = float(loss(objective, *captured(models, whole), whole))
        found = sum(
            float(term.weight * mean_over_step(term, part, counts))
            for part in parts
            for term in objective.terms(*captured(models, part), part)
        )
    assert found == pytest.approx(expected, rel=1e-5)


@each_objective
@pytest.mark.parametrize("rows", [slice(0, 1), slice(0, 3)], ids=["one row", "padded"])
def test_gradients_are_finite_and_none_is_the_teachers(objective: Objective, rows: slice, folder: Path, models) -> None:
    batch, (student, _) = batch_of(question_rows(folder)[rows]), models
    shown, asked = captured(models, batch)
    states = (asked.hidden_states, asked.query_states, asked.value_states)
    inner = [asked.logits, *(state for each in states for state in each.values())]
    for tensor in inner:
        tensor.requires_grad_()  # as if somebody had forgotten to freeze it
    student.zero_grad()
    loss(objective, shown, asked, batch).backward()
    gradients = [weight.grad for weight in student.parameters() if weight.grad is not None]
    assert gradients
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    assert any(gradient.abs().max() > 0 for gradient in gradients)
    assert all(tensor.grad is None for tensor in inner)
    student.zero_grad(set_to_none=True)


@pytest.mark.parametrize("soft_targets", [soft_target_cross_entropy, soft_target_kl, logit_squared_error])
@pytest.mark.parametrize("rows", [1, 3])
def test_logits_of_sixty(soft_targets, rows: int) -> None:
    student = torch.tensor([[60.0, -60.0, 0.0]]).repeat(rows, 1).requires_grad_()
    teacher = torch.tensor([[-60.0, 60.0, 0.0]]).repeat(rows, 1)
    values = soft_targets(student, teacher)
    values.sum().backward()
    assert torch.isfinite(values).all()
    assert torch.isfinite(student.grad).all()
    assert student.grad.abs().max() > 0.5


def test_attention_scores_of_sixty() -> None:
    allowed = torch.tensor([[[[True, True, False], [True, True, True], [True, False, False]]]])
    scores = torch.tensor([[60.0, -60.0, 60.0], [-60.0, 60.0, 0.0], [60.0, 60.0, 60.0]], requires_grad=True)
    teacher = attention_capture(-scores.detach(), allowed)
    batch = hand_batch([[1, 1, 0]])
    for kind in KINDS:
        if isinstance(kind, AttentionMSE | AttentionKL):
            one = type(kind)(**{**vars(kind), "layers": (LayerPair(1, 1),)})
            value = loss(one, attention_capture(scores, allowed), teacher, batch)
            (gradient,) = torch.autograd.grad(value, scores)
            assert torch.isfinite(value)
            assert float(value.detach()) > 0
            assert torch.isfinite(gradient).all()
            assert not gradient[~allowed[0, 0]].any()


# Nothing is silently zero


def test_what_is_not_there_is_an_error(folder: Path, models) -> None:
    batch = batch_of(question_rows(folder))
    student, _ = captured(models, batch)
    empty = DistillCapture()
    for objective in KINDS:
        with pytest.raises(ValueError, match="expected"):
            objective.terms(empty, empty, batch)
        if not isinstance(objective, HardLabels):
            with pytest.raises(ValueError, match="expected"):
                objective.terms(student, DistillCapture(allowed=student.allowed), batch)


def test_shapes_are_not_broadcast(folder: Path, models) -> None:
    with pytest.raises(ValueError, match="of one shape"):
        soft_target_kl(torch.zeros(3, 5), torch.zeros(1, 5))
    batch = batch_of(question_rows(folder))
    student, _ = captured(models, batch)
    one_row = batch_of(question_rows(folder)[:1])
    _, other = captured(models, one_row)
    for objective in (HiddenStateMSE(layers=PAIRS), AttentionMSE(layers=PAIRS), AttentionKL(layers=PAIRS)):
        with pytest.raises(ValueError, match="of one shape"):
            objective.terms(student, other, batch)


# Recipes, schedules, projections


def test_all_layer_is_as_the_specification_says() -> None:
    soft, hidden, attention = all_layer(BASE, DEEP)
    assert soft == SoftTargetCrossEntropy(weight=1.0, distill_temperature=1.0)
    pairs = tuple(LayerPair(layer, 2 * layer) for layer in range(1, 7))
    assert hidden == HiddenStateMSE(weight=1.0, layers=pairs, positions=Positions.ALL)
    assert attention == AttentionMSE(weight=1.0, layers=pairs, positions=Positions.ALL, on=AttentionKind.SCORES)
    assert imitating_layers([soft, hidden, attention]) == (1, 2, 3, 4, 5, 6)
    assert [type(kind) for kind in all_layer(BASE, DEEP, hidden_weight=0, hard_label_weight=0.5)] == [
        SoftTargetCrossEntropy,
        AttentionMSE,
        HardLabels,
    ]
    assert all_layer(BASE, DEEP, layers="0:0,6:12")[2].pairs == (LayerPair(6, 12),)  # no attention of embeddings


def test_hinton() -> None:
    assert hinton(BASE, DEEP) == [SoftTargetKL()]
    soft, hard = hinton(BASE, DEEP, alpha=0.7, distill_temperature=4.0)
    assert soft == SoftTargetKL(weight=0.7, distill_temperature=4.0)
    assert (hard.name, hard.weight) == ("cross_entropy", pytest.approx(0.3))
    assert hinton(BASE, DEEP, alpha=0) == [HardLabels()]
    student, teacher = needs_of(hinton(BASE, DEEP, alpha=0))
    assert (student.logits, teacher.logits) == (True, False)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"layers": "skippy"}, "'skippy'"),
        ({"positions": "most"}, "positions"),
        ({"attention_on": "values"}, "attention_on"),
        ({"distill_temperature": 0.0}, "distill_temperature"),
        ({"hidden_weight": -1.0}, "weight above 0"),
        ({"attention_weight": math.nan}, "weight above 0"),
        ({"logits_weight": 0, "hidden_weight": 0, "attention_weight": 0}, "at least one"),
    ],
)
def test_settings_are_checked(settings: dict, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        made("all-layer", BASE, DEEP, **settings)


def test_models_that_do_not_fit() -> None:
    large = EncoderShape(layers=24, width=1024, heads=16, outputs=21128)
    with pytest.raises(UserError, match="12 attention heads, found 16; leave the term out"):
        made("all-layer", BASE, large)
    assert len(made("all-layer", BASE, large, attention_weight=0)) == 2
    english = EncoderShape(layers=12, width=768, heads=12, outputs=30522)
    with pytest.raises(UserError, match="21128 outputs, found 30522"):
        made("hinton", BASE, english)
    with pytest.raises(UserError, match="found 2:13"):
        check_objectives([HiddenStateMSE(layers=(LayerPair(2, 13),))], BASE, DEEP)
    with pytest.raises(UserError, match="layer 0"):
        check_objectives([AttentionKL(layers=(LayerPair(0, 0),))], BASE, DEEP)
    twice = [HiddenStateMSE(layers=PAIRS), HiddenStateMSE(layers=PAIRS, positions=Positions.CLS)]
    with pytest.raises(UserError, match="hidden_state_mse"):
        check_objectives(twice, BASE, DEEP)


def test_stages_activate_terms_and_captures(folder: Path, models) -> None:
    """Layer k alone asks for layer k alone; the parts of all stages are the whole."""
    student_model, teacher_model = models
    batch = batch_of(question_rows(folder))
    shapes = encoder_shape(student_model.model), encoder_shape(teacher_model.model)
    objectives = all_layer(*shapes, hard_label_weight=0.5)
    layers = imitating_layers(objectives)
    with torch.no_grad():
        student, teacher = captured(models, batch)
    counts = unit_counts([batch])

    def total(stages: StageWeights) -> float:
        terms = loss_terms(objectives, student, teacher, batch, stages)
        return sum(float(term.weight * mean_over_step(term, batch, counts)) for term in terms)

    stages = [stage_weights(Schedule.LAYER_BY_LAYER, share, layers) for share in (0.0, 0.4, 0.9)]
    assert total(stage_weights(Schedule.LAYER_ADDING, 1.0, layers)) == pytest.approx(total(StageWeights()))
    assert sum(map(total, stages)) == pytest.approx(total(StageWeights()), rel=1e-5)
    names = [{term.name for term in loss_terms(objectives, student, teacher, batch, stage)} for stage in stages]
    inner = {"hidden_state_mse", "attention_mse"}
    assert names == [inner, inner, {"soft_target_cross_entropy", "cross_entropy"}]
    of_student, of_teacher = needs_of(objectives, stages[1])
    assert (of_student.hidden_states, of_student.attention, of_student.logits) == ({2}, {2}, False)
    assert (of_teacher.hidden_states, of_teacher.attention, of_teacher.logits) == ({4}, {4}, False)


def test_projections_only_where_widths_differ() -> None:
    wide = EncoderShape(layers=12, width=1024, heads=12, outputs=21128)
    assert projections_of(all_layer(BASE, DEEP), BASE, DEEP) == {}
    maps = projections_of(all_layer(BASE, wide), BASE, wide)["hidden_state_mse"]
    assert list(maps) == ["1", "2", "3", "4", "5", "6"]
    assert maps["1"].weight.shape == (1024, 768)


def test_a_projected_student_learns_through_its_projection(folder: Path, models) -> None:
    """Equal to the formula with H_S W, and W has a gradient; without the projection it is an error."""
    _, teacher = models
    batch = batch_of(question_rows(folder))
    asked = teacher(batch)
    wide = DistillCapture(hidden_states={layer: state.repeat(1, 1, 2) for layer, state in asked.hidden_states.items()})
    objective = HiddenStateMSE(layers=PAIRS)
    shape = EncoderShape(layers=2, width=16, heads=2, outputs=9)
    maps = projections_of([objective], shape, EncoderShape(layers=4, width=32, heads=2, outputs=9))
    student = CapturingModel(tiny_bert(len(tiny_tokenizer(folder))), objective.needs()[0], maps)
    shown = student(batch.inputs)
    value = loss(objective, shown, wide, batch)
    real = batch.inputs.blocks != 0
    expected = 0.0
    for pair in PAIRS:
        projected = shown.hidden_states[pair.student][real] @ maps["hidden_state_mse"][str(pair.student)].weight.T
        expected += float((projected - wide.hidden_states[pair.teacher][real]).square().mean()) / 2
    assert float(value) == pytest.approx(expected, rel=1e-5)
    value.backward()
    assert all(weight.grad.abs().max() > 0 for weight in maps["hidden_state_mse"].parameters())
    shown.projected_states = None
    with pytest.raises(ValueError, match="of one shape"):
        objective.terms(DistillCapture(hidden_states=shown.hidden_states), wide, batch)


def test_one_projection_with_bias_is_shared(folder: Path, models) -> None:
    """As in TinyBERT's code: the embeddings and every layer through one map, at equal widths too; it has a gradient."""
    _, teacher = models
    batch = batch_of(question_rows(folder))
    pairs = (LayerPair(0, 0), *PAIRS)
    shape = EncoderShape(layers=2, width=16, heads=2, outputs=9)
    objective = HiddenStateMSE(layers=pairs, projection=Projection.SHARED)
    maps = projections_of([objective], shape, EncoderShape(layers=4, width=16, heads=2, outputs=9))
    (linear,) = maps["hidden_state_mse"].values()
    needs = objective.needs()
    student = CapturingModel(tiny_bert(len(tiny_tokenizer(folder))), needs[0], maps)
    teacher.needs = teacher.needs | needs[1]
    asked = teacher(batch)
    shown = student(batch.inputs)
    value = loss(objective, shown, asked, batch)
    real = batch.inputs.blocks != 0
    expected = 0.0
    for pair in pairs:
        projected = shown.hidden_states[pair.student][real] @ linear.weight.T + linear.bias
        expected += float((projected - asked.hidden_states[pair.teacher][real]).square().mean()) / 3
    assert float(value) == pytest.approx(expected, rel=1e-5)
    value.backward()
    assert linear.bias.grad.abs().max() > 0
    assert linear.weight.grad.abs().max() > 0


def test_units_are_what_the_trainer_divides_by(folder: Path, models) -> None:
    batch = batch_of(question_rows(folder))
    rows, positions = batch.inputs.input_ids.shape
    tokens = len(batch.targets)
    lengths = {Unit.ROWS: rows, Unit.POSITIONS: rows, Unit.TOKENS: tokens}
    student, teacher = captured(models, batch)
    for objective in KINDS:
        for term in objective.terms(student, teacher, batch):
            assert term.values.shape == (lengths[term.unit],), objective
            assert term.values.requires_grad
    assert tokens < positions
