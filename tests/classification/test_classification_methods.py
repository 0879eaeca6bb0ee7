"""Methods by name: what each comes to against its paper's formula, their settings, sums, presets."""

from __future__ import annotations

import math

import pytest
import torch
from classification_batches import batch, capture, loss
from torch.nn import functional as F

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.classification.author_settings import AUTHORS
from qgkd.classification.config import ClassificationConfig, make_classification_config
from qgkd.classification.presets import RTE_REPORT
from qgkd.classification.teachers import check_teachers, ensemble_of
from qgkd.distillation.methods.by_name import METHODS
from qgkd.distillation.methods.settings import check_method, objectives_of, settings_in_full
from qgkd.distillation.objectives.layer_map import show
from qgkd.distillation.objectives.logits import HardLabels, ScoreMSE
from qgkd.distillation.objectives.objective import needs_of
from qgkd.distillation.teachers.several_teachers import Ensemble, SeveralCaptures
from qgkd.errors import UserError

STUDENT = EncoderShape(layers=6, width=768, heads=12, outputs=2)
TEACHER = EncoderShape(layers=12, width=768, heads=12, outputs=2)
LARGE = EncoderShape(layers=24, width=1024, heads=16, outputs=2)
SCORE = EncoderShape(layers=6, width=768, heads=12, outputs=1)
SMALL = EncoderShape(layers=3, width=8, heads=2, outputs=3)


def made(name: str, student: EncoderShape = STUDENT, teacher: EncoderShape = TEACHER, **settings: object):
    return objectives_of(check_method({"name": name, **settings}), student, teacher)


def weights(name: str, **settings: object) -> dict[str, float]:
    return {each.name: each.weight for each in made(name, **settings)}


@pytest.fixture
def sides():
    """Student of 3 layers, teacher of 6, 4 rows, 3 classes."""
    torch.manual_seed(0)
    student, teacher = (
        capture(torch.randn(4, 3), [torch.randn(4, 5, 8) for _ in range(count + 1)]) for count in (3, 6)
    )
    return student, teacher, batch([5, 4, 3, 5], labels=[0, 2, 1, 1])


def test_kd_is_the_formula(sides) -> None:
    student, teacher, rows = sides
    found = loss(made("kd", SMALL, SMALL, alpha=0.3, distill_temperature=4.0), student, teacher, rows)
    soft = F.kl_div(F.log_softmax(student.logits / 4, 1), F.softmax(teacher.logits / 4, 1), reduction="batchmean")
    expected = 0.7 * F.cross_entropy(student.logits, rows.targets) + 0.3 * 16 * soft
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_kd_losses_are_the_formulas(sides) -> None:
    student, teacher, rows = sides
    for name, settings, expected in (
        ("mse", {}, F.mse_loss(student.logits, teacher.logits)),
        (
            "cross_entropy",
            {"distill_temperature": 2.0},
            F.cross_entropy(student.logits / 2, (teacher.logits / 2).softmax(1)) * 4,
        ),
    ):
        objectives = made("kd", SMALL, SMALL, alpha=1.0, logits_loss=name, **settings)
        assert loss(objectives, student, teacher, rows).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("which", ["skip", "last"])
@pytest.mark.parametrize("normalised", [True, False])
def test_pkd_is_the_formula(which: str, normalised: bool, sides) -> None:
    """Both forms: the mean of the reference code, and the paper's sum over layers and columns."""
    student, teacher, rows = sides
    deep = EncoderShape(layers=6, width=8, heads=2, outputs=3)
    pairs = {"skip": [(1, 2), (2, 4)], "last": [(1, 4), (2, 5)]}[which]
    mine = torch.stack([student.hidden_state(layer)[:, 0] for layer, _ in pairs], dim=1)  # rows, layers, columns
    its = torch.stack([teacher.hidden_state(layer)[:, 0] for _, layer in pairs], dim=1)
    if normalised:
        mine, its = mine / mine.norm(dim=2, keepdim=True), its / its.norm(dim=2, keepdim=True)
    settings = {"alpha": 0.2, "distill_temperature": 5.0, "normalised": normalised}
    plain = loss(made("kd", SMALL, deep, alpha=0.2, distill_temperature=5.0), student, teacher, rows)
    for sum_form, distance in ((False, F.mse_loss(mine, its)), (True, ((mine - its) ** 2).sum(dim=(1, 2)).mean())):
        objectives = made(f"pkd-{which}", SMALL, deep, beta=3.0, sum_form=sum_form, **settings)
        found = loss(objectives, student, teacher, rows)
        assert found.item() == pytest.approx((plain + 3 * distance).item(), rel=1e-5)


def test_pkd_layers_are_the_papers() -> None:
    for name, expected in (("skip", [2, 4, 6, 8, 10]), ("last", [7, 8, 9, 10, 11])):
        patience = made(f"pkd-{name}")[-1]
        assert [pair.student for pair in patience.pairs] == [1, 2, 3, 4, 5]
        assert [pair.teacher for pair in patience.pairs] == expected
    assert made("pkd-skip", sum_form=True, beta=1.0)[-1].weight == 3840  # 5 x 768
    assert [pair.teacher for pair in made("pkd-skip", teacher=LARGE)[-1].pairs] == [4, 8, 12, 16, 20]


def test_a_state_of_length_0_is_finite(sides) -> None:
    _, teacher, rows = sides
    student = capture(torch.zeros(4, 3), [torch.zeros(4, 5, 8) for _ in range(4)], grad=True)
    deep = EncoderShape(layers=6, width=8, heads=2, outputs=3)
    loss(made("pkd-skip", SMALL, deep), student, teacher, rows).backward()
    grads = [state.grad for state in student.hidden_states.values() if state.grad is not None]
    assert grads
    assert all(grad.isfinite().all() for grad in grads)


def test_ckd_shares() -> None:
    """(1 - a) L_logit + a relations, L_logit shared between labels and teacher."""
    found = weights("ckd", alpha=0.75, soft_share=0.6, word_angle_weight=2.0, layer_distance_weight=0.0)
    assert found == pytest.approx({
        "cross_entropy": 0.25 * 0.4,
        "soft_target_kl": 0.25 * 0.6,
        "word_relation_distance": 0.75,
        "word_relation_angle": 1.5,
        "layer_relation_angle": 7.5,
    })  # fmt: skip
    relation = made("ckd")[-1]
    assert [tuple(pair) for pair in relation.pairs] == [(0, 0), (1, 2), (2, 4), (3, 6), (4, 8), (5, 10), (6, 12)]


def test_ckd_of_one_layer_has_no_angle_of_layers() -> None:
    one = EncoderShape(layers=1, width=8, heads=2, outputs=3)
    assert "layer_relation_angle" not in {each.name for each in made("ckd", one, SMALL)}


def test_dynamic_methods_have_the_reference_weights() -> None:
    """Labels 1, squared error as a mean over classes 1, the sum of 7 states 1."""
    found = made("dynamic-supervision", states_weight=4.0)
    assert [each.name for each in found] == ["cross_entropy", "logit_mse", "hidden_state_mse"]
    assert [each.objective.weight for each in found[1:]] == [0.5, 28]
    assert made("dynamic-data", by="margin", ratio=0.1)[1].ratio == 0.1
    assert made("dynamic-teacher-soft-batch")[1].mode == "soft-batch"


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("scale", [0.0, 60.0])
@pytest.mark.parametrize("lengths", [[2], [5, 1, 3, 4]])
def test_every_method_is_finite(name: str, scale: float, lengths: list[int]) -> None:
    """Padding, logits of ±60, one row: value and gradients."""
    torch.manual_seed(0)
    count = len(lengths)
    deep = EncoderShape(layers=6, width=8, heads=2, outputs=3)
    logits = scale * torch.tensor([[1.0, -1.0, 1.0]]).repeat(count, 1)
    rows = batch(lengths, pad_to=6)
    student = capture(logits, [torch.randn(count, 6, 8) for _ in range(4)], grad=True, rows=rows)
    members = tuple(
        capture(-logits + shift, [torch.randn(count, 6, 8) for _ in range(7)], rows=rows) for shift in (0.0, 1.0)
    )
    teacher = SeveralCaptures(**{**vars(members[1]), "logits": -logits, "members": members})
    found = loss(made(name, SMALL, deep), student, teacher, rows)
    found.backward()
    assert found.isfinite()
    for tensor in (student.logits, *student.hidden_states.values()):
        assert tensor.grad is None or tensor.grad.isfinite().all()


# TinyBERT, DistilBERT, MiniLM, attention


def test_tinybert_is_the_sum_over_layers(sides) -> None:
    """The paper's sums, embeddings among them; the second stage is cross entropy with the teacher."""
    student, teacher, rows = sides
    deep = EncoderShape(layers=6, width=8, heads=2, outputs=3)
    real = rows.inputs.real_positions()
    expected = sum(
        F.mse_loss(student.hidden_state(one)[real], teacher.hidden_state(other)[real])
        for one, other in ((0, 0), (1, 2), (2, 4), (3, 6))
    )
    found = loss(made("tinybert-layers", SMALL, deep, attention_weight=0.0), student, teacher, rows)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    second = loss(made("tinybert-prediction", SMALL, deep), student, teacher, rows)
    assert second.item() == pytest.approx(F.cross_entropy(student.logits, teacher.logits.softmax(1)).item(), rel=1e-5)
    attention = made("tinybert-layers", SMALL, deep)[1]
    assert [tuple(pair) for pair in attention.pairs] == [(1, 2), (2, 4), (3, 6)]
    assert attention.weight == 3
    assert isinstance(made("tinybert-prediction", SCORE, SCORE)[0], ScoreMSE)  # as the authors' code


def test_distilbert_is_the_triple_loss(sides) -> None:
    student, teacher, rows = sides
    deep = EncoderShape(layers=6, width=8, heads=2, outputs=3)
    real = rows.inputs.real_positions()
    soft = F.kl_div(F.log_softmax(student.logits / 2, 1), F.softmax(teacher.logits / 2, 1), reduction="batchmean")
    last = F.cosine_embedding_loss(
        student.hidden_state(3)[real], teacher.hidden_state(6)[real], torch.ones(int(real.sum()))
    )
    expected = 5 * 4 * soft + 2 * F.cross_entropy(student.logits, rows.targets) + last
    found = loss(made("distilbert", SMALL, deep), student, teacher, rows)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_minilm_is_of_the_last_layer() -> None:
    found = made("minilm", label_weight=0.0)
    assert [each.name for each in found] == ["attention_kl", "value_relation_kl"]
    assert all([tuple(pair) for pair in each.pairs] == [(6, 12)] for each in found)
    with pytest.raises(UserError, match="12 attention heads, found 16"):
        made("minilm", teacher=LARGE)


# Layer maps and temperatures


@pytest.mark.parametrize(
    ("name", "layers", "expected"),
    [
        ("pkd", "1:3,6:12", "1:3,6:12"),
        ("pkd", "last", "1:7,2:8,3:9,4:10,5:11"),
        ("ckd", "last", "0:0,1:7,2:8,3:9,4:10,5:11,6:12"),
        ("ckd", "0:0,3:9,6:12", "0:0,3:9,6:12"),
        ("dynamic-supervision", "2:6,4:12", "2:6,4:12"),
        ("dynamic-supervision", "1,3,5,8,10,12", "0:0,1:1,2:3,3:5,4:8,5:10,6:12"),
    ],
)
def test_methods_take_a_layer_map(name: str, layers: str, expected: str) -> None:
    assert show(made(name, layers=layers)[-1].pairs) == expected


@pytest.mark.parametrize("name", ["kd", "all-layer", "dynamic-data", "pkd"])
def test_squared_errors_of_logits_are_means_in_every_method(name: str, sides) -> None:
    student, teacher, rows = sides
    deep = EncoderShape(layers=6, width=8, heads=2, outputs=3)
    zero = {
        "kd": {"alpha": 1.0}, "pkd": {"alpha": 1.0, "beta": 0.0}, "dynamic-data": {"label_weight": 0.0, "ratio": 1.0},
        "all-layer": {"hidden_weight": 0.0, "attention_weight": 0.0},
    }  # fmt: skip
    found = loss(made(name, SMALL, deep, logits_loss="mse", **zero[name]), student, teacher, rows)
    assert found.item() == pytest.approx(F.mse_loss(student.logits, teacher.logits).item(), rel=1e-5)


@pytest.mark.parametrize("name", ["kd", "all-layer", "dynamic-data", "dynamic-teacher-soft", "ckd", "distilbert"])
def test_a_temperature_that_cancels_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="no distill_temperature with logits_loss 'mse'"):
        made(name, logits_loss="mse", distill_temperature=3.5)
    assert made(name, logits_loss="kl", distill_temperature=3.5)
    assert made(name, logits_loss="mse")
    assert made("kd", SCORE, SCORE, distill_temperature=3.5)  # of a score there is no other loss
    assert made("kd+dynamic-data", distill_temperature=3.5)  # the first has use for it


# Sums


def test_the_loss_of_a_sum_is_the_sum(sides) -> None:
    student, teacher, rows = sides
    deep = EncoderShape(layers=6, width=8, heads=2, outputs=3)
    names = ["kd", "pkd-skip", "dynamic-data", "dynamic-supervision", "ckd"]
    apart = sum(loss(made(name, SMALL, deep), student, teacher, rows) for name in names)
    together = made("+".join(names), SMALL, deep)
    assert loss(together, student, teacher, rows).item() == pytest.approx(apart.item(), rel=1e-5)
    assert len({each.name for each in together}) == len(together)
    assert sum(isinstance(each, HardLabels) for each in together) == 1


def test_settings_of_a_sum() -> None:
    method = check_method({"name": "pkd-skip+ckd", "distill_temperature": 5.0, "ckd": {"alpha": 0.5}})
    full = settings_in_full(method)
    assert (full["pkd-skip"]["alpha"], full["ckd"]["alpha"]) == (0.7, 0.5)
    assert full["pkd-skip"]["distill_temperature"] == full["ckd"]["distill_temperature"] == 5.0
    again = check_method(full)
    assert objectives_of(again, STUDENT, TEACHER) == objectives_of(method, STUDENT, TEACHER)


@pytest.mark.parametrize("name", METHODS)
def test_settings_in_full_are_the_same_method(name: str) -> None:
    method = check_method({"name": name})
    full = settings_in_full(method)
    assert objectives_of(check_method(full), STUDENT, TEACHER) == objectives_of(method, STUDENT, TEACHER)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "pkd-skp"}, "did you mean pkd-skip"),
        ({"name": "kd", "temperature": 2.0}, "did you mean method.distill_temperature"),
        ({"name": "kd", "alpha": "much"}, "method.alpha must be float"),
        ({"name": "fine-tune", "alpha": 0.5}, "method.alpha is unknown"),
        ({"name": "kd+kd"}, "every method of a sum once"),
        ({"name": "fine-tune+kd"}, "leave fine-tune out"),
        ({"name": "pkd-skip+ckd", "ckd": {"beta": 1.0}}, "method.ckd.beta is unknown"),
        ({"name": "pkd-skip", "layers": "last"}, "method.layers is unknown"),
    ],
)
def test_wrong_settings_are_reported(values: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        check_method(values)


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("kd", {"alpha": 1.5}, "a share from 0 to 1"),
        ("kd", {"logits_loss": "l1"}, "expected one of"),
        ("dynamic-data", {"by": "confidence"}, "least-confidence"),
        ("dynamic-data", {"ratio": 0.0}, "ratio above 0"),
        ("ckd", {"window": 4}, "odd window"),
        ("ckd", {"distance": "l1"}, "cosine"),
        ("ckd", {"distance": "l2", "comparison": "kl"}, "use mse"),
    ],
)
def test_values_out_of_range_are_reported(name: str, settings: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        made(name, **settings)


def test_other_classes_are_refused() -> None:
    with pytest.raises(UserError, match="2 outputs"):
        made("kd", STUDENT, EncoderShape(layers=12, width=768, heads=12, outputs=3))


# Regression


def test_a_score_is_learnt_by_squared_error() -> None:
    student, teacher = capture(torch.tensor([[1.0], [3.0]])), capture(torch.tensor([[2.0], [5.0]]))
    rows = batch([3, 3], labels=[0.5, 3.5])
    assert loss(made("fine-tune", SCORE, SCORE), student, teacher, rows).item() == pytest.approx(0.25)
    expected = 0.75 * 0.25 + 0.25 * (1 + 4) / 2
    assert loss(made("kd", SCORE, SCORE, alpha=0.25), student, teacher, rows).item() == pytest.approx(expected)
    assert isinstance(made("pkd-skip", SCORE, SCORE)[0], ScoreMSE)


@pytest.mark.parametrize("name", [name for name in METHODS if name.startswith("dynamic")])
def test_dynamic_kd_refuses_regression_in_a_sentence(name: str) -> None:
    with pytest.raises(UserError, match=r"Dynamic KD is not for regression; choose kd with method\.logits_loss=mse"):
        made(name, SCORE, SCORE)


def test_a_distribution_of_one_score_is_refused() -> None:
    with pytest.raises(UserError, match="expected mse where a score is predicted"):
        made("kd", SCORE, SCORE, logits_loss="kl")


# Teachers


def test_an_ensemble_fits_its_loss() -> None:
    assert ensemble_of("", made("kd")) is Ensemble.ARITHMETIC
    assert ensemble_of("", made("dynamic-data")) is Ensemble.GEOMETRIC
    assert ensemble_of("geometric", made("kd")) is Ensemble.GEOMETRIC
    with pytest.raises(UserError, match="have no logits"):
        ensemble_of("arithmetic", made("kd", logits_loss="mse"))


@pytest.mark.parametrize("count", [1, 3])
def test_a_choice_is_among_two(count: int) -> None:
    check_teachers(made("dynamic-teacher-hard"), 2)
    check_teachers(made("kd"), count)
    with pytest.raises(UserError, match="the smaller first"):
        check_teachers(made("dynamic-teacher-hard"), count)


def test_only_what_is_needed_is_captured() -> None:
    assert needs_of(made("fine-tune"))[1].logits is False
    student, teacher = needs_of(made("pkd-last"))
    assert (student.hidden_states, teacher.hidden_states) == (frozenset(range(1, 6)), frozenset(range(7, 12)))
    assert not teacher.attention


# Presets


def config(method: dict, **sections: dict) -> ClassificationConfig:
    teachers = ("a", "b") if "teacher" in method["name"] else () if method["name"] == "fine-tune" else ("a",)
    plain = {"task": {"name": "rte"}, "model": {"base": "x", "teachers": teachers}, "train": {"output_dir": "y"}}
    return make_classification_config(
        {**{name: {**values, **sections.get(name, {})} for name, values in plain.items()}, "method": method}
    )


@pytest.mark.parametrize("name", RTE_REPORT)
def test_every_method_has_a_preset_that_holds(name: str) -> None:
    found = config({"name": name, "preset": "rte-report"})
    # PKD is no row of the report: its own code's batch and decay
    expected = (32, 0.01) if name.startswith("pkd") else (16, 0.0)
    assert (found.train["per_device_train_batch_size"], found.train["weight_decay"]) == expected
    if name == "ckd":
        assert found.train["warmup_steps"] == 0
    assert found.task.max_tokens == 128
    assert objectives_of(found.method, STUDENT, LARGE)
    assert set(RTE_REPORT) < set(METHODS)


def test_the_authors_values_are_of_the_task() -> None:
    found = {task: config({"name": "ckd", "preset": "authors"}, task={"name": task}) for task in ("sst-2", "mnli")}
    weights = [[each.method[f"word_{kind}_weight"] for kind in ("distance", "angle")] for each in found.values()]
    assert weights == [[100, 1000], [100, 1]]
    skip = config({"name": "pkd-skip", "preset": "authors"}, task={"name": "qnli"})
    assert (skip.method["beta"], skip.method["normalised"], skip.train["weight_decay"]) == (100.0, False, 0.01)
    assert config({"name": "pkd-last", "preset": "authors"}).method["beta"] == 1000.0
    for name, tasks in AUTHORS.items():
        for task in tasks:
            assert config({"name": name, "preset": "authors"}, task={"name": task}).task.max_tokens == 128


def test_what_is_said_goes_over_a_preset() -> None:
    found = config({"name": "ckd", "preset": "rte-report", "layer_distance_weight": 1.0}, train={"learning_rate": 1e-4})
    assert (found.method["layer_distance_weight"], found.method["layer_angle_weight"]) == (1.0, 64.0)
    assert (found.train["learning_rate"], found.train["num_train_epochs"]) == (1e-4, 6)


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"method": {"name": "kd", "preset": "rte"}}, "method.preset must be one of"),
        ({"method": {"name": "kd+ckd", "preset": "rte-report"}}, "preset rte-report has values for"),
        ({"method": {"name": "kd", "preset": "authors"}}, "preset authors has values for ckd"),
        ({"method": {"name": "ckd", "preset": "authors"}, "task": {"name": "wnli"}}, "found task 'wnli'"),
        ({"method": {"name": "kd"}, "model": {"teachers": ()}}, "method kd needs model.teachers"),
        ({"method": {"name": "fine-tune"}, "model": {"teachers": ("a",)}}, "no use for model.teachers"),
        ({"method": {"name": "kd"}, "model": {"drop": "contribution"}}, "model.drop must be one of"),
        ({"method": {"name": "kd"}, "model": {"ensemble": "median"}}, "model.ensemble must be one of"),
        ({"method": {"name": "kd"}, "task": {"max_tokens": 4}}, "at least 8"),
        ({"method": {"name": "kd"}, "evaluation": {"keep": "first"}}, "best or last"),
        ({"method": {"name": "kd"}, "tsak": {}}, "did you mean task"),
    ],
)
def test_a_config_is_checked(sections: dict, sentence: str) -> None:
    plain = {"task": {"name": "rte"}, "model": {"base": "x", "teachers": ("a",)}, "train": {"output_dir": "y"}}
    merged = {**plain, **{name: {**plain.get(name, {}), **values} for name, values in sections.items()}}
    with pytest.raises(UserError, match=sentence):
        make_classification_config(merged)


def test_gradient_of_kl_does_not_vanish_at_high_temperature(sides) -> None:
    """T² keeps the soft term's gradient of one size (Hinton et al. 2015, section 2)."""
    student, teacher, rows = sides
    sizes = []
    for temperature in (1.0, 20.0):
        loaded = capture(student.logits.clone(), grad=True)
        loss(made("kd", SMALL, SMALL, alpha=1.0, distill_temperature=temperature), loaded, teacher, rows).backward()
        sizes.append(loaded.logits.grad.norm().item())
    assert math.isclose(*sizes, rel_tol=0.6)
