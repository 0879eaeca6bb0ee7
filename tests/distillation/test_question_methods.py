"""The methods of the classification path on a question generator's rows, and configs from before they were shared."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from distill_batches import batch_of, question_rows
from distill_runs import curve, distill_run, log_entries, save_model
from tiny_model import tiny_bert, tiny_tokenizer
from torch.nn import functional as F

from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.checkpoints.encoder import EncoderShape, encoder_shape
from qgkd.classification.config import make_classification_config
from qgkd.distillation.config import make_distill_run
from qgkd.distillation.methods.by_name import METHODS
from qgkd.distillation.methods.settings import check_method, objectives_of
from qgkd.distillation.objectives.logits import HardLabels
from qgkd.distillation.objectives.objective import Objective, loss_terms, needs_of, teacher_rows
from qgkd.distillation.objectives.uncertainty import uncertainty
from qgkd.distillation.run import distill
from qgkd.distillation.run import objectives_of as objectives_of_run
from qgkd.distillation.teachers.capture import DistillCapture
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.distillation.teachers.row_subset import run_on_rows
from qgkd.distillation.teachers.several_teachers import SeveralTeachers
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.errors import UserError
from qgkd.files.toml_values import to_toml
from qgkd.model_input.batch import Batch
from qgkd.training.loss import mean_over_step, unit_counts

NAMES = [name for name in METHODS if name != "fine-tune"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokenizer")


@pytest.fixture(scope="module")
def teachers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small and a large one."""
    made = tmp_path_factory.mktemp("teachers")
    return save_model(made / "small", layers=3, seed=5), save_model(made / "large")


def shown(
    folder: Path, name: str, *, attention: str = "prefix", **settings: Any
) -> tuple[list[Objective], CapturingModel, DistillCapture, DistillCapture, Batch]:
    """A method's objectives, its student of 2 layers, and what student and teacher of 4 show of three questions."""
    size = len(tiny_tokenizer(folder))
    student, models = tiny_bert(size), [tiny_bert(size, seed=2, layers=3), tiny_bert(size, seed=1, layers=4)]
    shapes = encoder_shape(student), encoder_shape(models[-1])
    objectives = objectives_of(check_method({"name": name, **settings}), *shapes)
    needs = needs_of(objectives)
    asked = [Teacher(model, needs[1]) for model in models[0 if "teacher" in name else 1 :]]
    batch = batch_of(question_rows(folder, attention=attention), more_padding=2)
    capturing = CapturingModel(student, needs[0])
    teacher = SeveralTeachers(asked) if len(asked) > 1 else asked[0]
    return objectives, capturing, capturing(batch.inputs), teacher(batch), batch


def loss(objectives: list[Objective], student: DistillCapture, teacher: DistillCapture, batch: Batch) -> torch.Tensor:
    counts = unit_counts([batch])
    terms = loss_terms(objectives, student, teacher, batch)
    return sum((term.weight * mean_over_step(term, batch, counts) for term in terms), torch.zeros(()))


# Every method


@pytest.mark.parametrize("name", [*NAMES, "kd+ckd"])
def test_every_method_teaches_a_question_generator(name: str, teachers: tuple[Path, Path], tmp_path: Path) -> None:
    settings = {"method": name} | ({"small_teacher": str(teachers[0])} if "teacher" in name else {})
    run = distill(distill_run(tmp_path, teachers[1], distill=settings, train={"max_steps": 3}))
    assert all(value is not None and math.isfinite(value) for value in curve(run))
    record = load_checkpoint(run / "model").record
    assert record["config"]["distill"]["method"] == name
    assert ("small_teacher" in record) == ("teacher" in name)


@pytest.mark.parametrize("attention", ["prefix", "recurrent"])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_the_student_alone(name: str, attention: str, folder: Path) -> None:
    objectives, model, student, teacher, batch = shown(folder, name, attention=attention)
    loss(objectives, student, teacher, batch).backward()
    assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.parameters())
    assert not teacher.logits.requires_grad
    assert not any(state.requires_grad for state in (teacher.hidden_states or {}).values())


@pytest.mark.parametrize("name", NAMES)
def test_both_paths_call_one_function(name: str, folder: Path) -> None:
    """The same settings give equal objectives, whichever section they are read from."""
    size = len(tiny_tokenizer(folder))
    shapes = encoder_shape(tiny_bert(size)), encoder_shape(tiny_bert(size, layers=4))
    sections: dict[str, Any] = {"data": {"train": ["a"]}, "train": {"output_dir": "b"}, "student": {"layers": 2}}
    small = {"small_teacher": "s"} if "teacher" in name else {}
    run = make_distill_run({**sections, "distill": {"teacher": "t", "method": name, **small}})
    task = {"task": {"name": "rte"}, "model": {"base": "b", "teachers": ("t",)}, "train": {"output_dir": "o"}}
    config = make_classification_config({**task, "method": {"name": name}})
    assert objectives_of_run(run, *shapes) == objectives_of(config.method, *shapes)


def test_labels_are_smoothed_as_the_rows_say() -> None:
    sections: dict[str, Any] = {"data": {"train": ["a"]}, "train": {"output_dir": "b"}, "student": {"layers": 2}}
    run = make_distill_run({**sections, "rows": {"label_smoothing": 0.1}, "distill": {"teacher": "t", "method": "ckd"}})
    sizes = {"width": 16, "heads": 2, "outputs": 50}
    found = objectives_of_run(run, EncoderShape(layers=2, **sizes), EncoderShape(layers=4, **sizes))
    assert [each.label_smoothing for each in found if isinstance(each, HardLabels)] == [0.1]


def test_swapped_teachers_are_refused(teachers: tuple[Path, Path], tmp_path: Path) -> None:
    settings = {"method": "dynamic-teacher-soft", "small_teacher": str(teachers[1])}
    with pytest.raises(UserError, match="expected the smaller teacher first, found large"):
        distill(distill_run(tmp_path, teachers[0], distill=settings, train={"max_steps": 1}))


# Formulas on packed rows


@pytest.mark.parametrize("attention", ["prefix", "recurrent"])
@pytest.mark.parametrize(("which", "pairs"), [("skip", [(1, 2)]), ("last", [(1, 3)])])
def test_pkd_compares_states_at_the_masks(which: str, pairs: list, attention: str, folder: Path) -> None:
    """The last layer left out; [MASK]s in the place of [CLS]."""
    objectives, _, student, teacher, batch = shown(folder, f"pkd-{which}", attention=attention, beta=7.0)
    places = [tuple(place) for place in batch.inputs.scored_positions.tolist()]
    states = 0.0
    for one, other in pairs:
        for row, position in places:
            mine, its = student.hidden_state(one)[row, position], teacher.hidden_state(other)[row, position]
            states += ((mine / mine.norm() - its / its.norm()) ** 2).mean().item() / len(places)
    hard = F.cross_entropy(student.logits, batch.targets)
    soft = F.kl_div(F.log_softmax(student.logits / 10, 1), F.softmax(teacher.logits / 10, 1), reduction="batchmean")
    expected = 0.3 * float(hard) + 0.7 * 100 * float(soft) + 7.0 * states
    assert float(loss(objectives, student, teacher, batch)) == pytest.approx(expected, rel=1e-4)


def test_ckd_relates_all_real_tokens(folder: Path) -> None:
    """Pairs of words within a layer, pairs of a word's layers: KL of softmaxed cosines, each vector's own left out."""
    settings = {"alpha": 0.4, "soft_share": 1.0, "word_angle_weight": 0.0, "layer_angle_weight": 0.0}
    objectives, _, student, teacher, batch = shown(folder, "ckd", **settings, layer_distance_weight=2.0)
    pairs = [(0, 0), (1, 2), (2, 4)]

    def divergence(mine: torch.Tensor, its: torch.Tensor) -> float:
        """The sum over vectors of KL(teacher || student) of its cosines with the others, over their ordered pairs."""
        total, count = 0.0, len(mine)
        for one in range(count):
            others = [other for other in range(count) if other != one]
            logs = [
                F.log_softmax(F.cosine_similarity(states[one][None], states[others], dim=1), dim=0)
                for states in (mine, its)
            ]
            total += float((logs[1].exp() * (logs[1] - logs[0])).sum())
        return total / (count * (count - 1))

    words, layers, tokens = 0.0, 0.0, 0
    for row, real in enumerate(batch.inputs.real_positions()):
        loaded = [(student.hidden_state(s)[row, real], teacher.hidden_state(t)[row, real]) for s, t in pairs]
        words += sum(divergence(*each) for each in loaded) / len(pairs) / len(batch.row_weights)
        for token in range(int(real.sum())):
            layers += divergence(*(torch.stack([each[side][token] for each in loaded]) for side in (0, 1)))
            tokens += 1
    soft = F.kl_div(F.log_softmax(student.logits / 3, 1), F.softmax(teacher.logits / 3, 1), reduction="batchmean")
    expected = 0.6 * 9 * float(soft) + 0.4 * (words + 2.0 * layers / tokens)
    assert float(loss(objectives, student, teacher, batch)) == pytest.approx(expected, rel=1e-4)


def test_data_selection_chooses_among_masks(folder: Path) -> None:
    """Half of the packed rows' [MASK]s, the least certain; labels count everywhere."""
    objectives, _, student, teacher, batch = shown(folder, "dynamic-data", ratio=0.5)
    unsure = uncertainty(student.logits)
    chosen = unsure.argsort(descending=True)[: len(unsure) // 2]
    expected = F.cross_entropy(student.logits, batch.targets)
    expected = expected + F.mse_loss(student.logits[chosen], teacher.logits[chosen])
    assert float(loss(objectives, student, teacher, batch)) == pytest.approx(float(expected), rel=1e-4)


def test_the_teacher_runs_on_rows_with_a_chosen_mask(folder: Path) -> None:
    """Recurrent rows have one [MASK] each: half of them are run, and count as if all had been."""
    objectives, _, student, teacher, batch = shown(folder, "dynamic-data", ratio=0.34, attention="recurrent")
    rows = teacher_rows(objectives, student, batch)
    assert int(rows.sum()) == 1
    asked = Teacher(tiny_bert(len(tiny_tokenizer(folder)), seed=1, layers=4), needs_of(objectives)[1])
    part = run_on_rows(asked, batch, rows)
    assert not part.logits[~rows].any()
    found = loss(objectives, student, part, batch)
    torch.testing.assert_close(found, loss(objectives, student, teacher, batch), rtol=1e-4, atol=1e-5)


def test_supervision_adjustment_takes_the_mean_over_a_rows_masks(folder: Path) -> None:
    objectives, _, student, teacher, batch = shown(folder, "dynamic-supervision")
    unsure, rows = uncertainty(student.logits), batch.inputs.scored_positions[:, 0]
    distance = (student.logits - teacher.logits).square().mean(dim=1)
    expected = float(F.cross_entropy(student.logits, batch.targets) + ((1 - unsure) * distance).mean())
    for row, real in enumerate(batch.inputs.real_positions()):
        for one, other in ((0, 0), (1, 2), (2, 4)):
            mine, its = student.hidden_state(one)[row, real], teacher.hidden_state(other)[row, real]
            error = (F.normalize(mine, dim=1) - F.normalize(its, dim=1)).square().mean()
            expected += float(unsure[rows == row].mean() * error) / 3
    assert float(loss(objectives, student, teacher, batch)) == pytest.approx(expected, rel=1e-4)


def test_states_and_attention_have_maps_of_their_own(folder: Path) -> None:
    settings = {"hidden_layers": "0:0,2:4", "attention_layers": "top", "attention_loss": "kl"}
    objectives = shown(folder, "all-layer", **settings)[0]
    assert [each.pairs for each in objectives] == [(), ((0, 0), (2, 4)), ((2, 4),)]


# The log


def test_the_log_takes_the_kl_of_the_loss(
    teachers: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hinton at T = 1: one KL over the vocabulary per micro-batch, logged under both names."""
    calls = []
    compute = F.kl_div
    monkeypatch.setattr(F, "kl_div", lambda *given, **options: calls.append(1) or compute(*given, **options))
    run = distill(distill_run(tmp_path, teachers[1], distill={"method": "hinton"}, train={"max_steps": 2}))
    assert len(calls) == 2
    assert curve(run, "kl_to_teacher") == curve(run, "loss")


# Configs from before


def test_a_run_folder_with_every_key_of_once_goes_on(teachers: tuple[Path, Path], tmp_path: Path) -> None:
    """Each run recorded the settings of all methods; those of another at their defaults say nothing."""
    once: dict[str, Any] = {
        "teacher": str(teachers[1]), "logits_weight": 1.0, "logits_loss": "cross_entropy", "hidden_weight": 1.0,
        "attention_weight": 1.0, "attention_loss": "mse", "attention_on": "scores", "hard_label_weight": 0.0,
        "layers": "skip", "positions": "all", "distill_temperature": 1.0, "schedule": "all-layer", "cached_top_k": 0,
    }  # fmt: skip
    for method, alpha in (("hinton", 0.5), ("all-layer", 1.0)):
        own = {**once, "method": method, "alpha": alpha}
        output = {"output_dir": str(tmp_path / method), "max_steps": 1, "save_steps": 1}
        run = distill_run(tmp_path, teachers[1], distill=own, train=output)
        distill(run)
        path = tmp_path / method / "config.toml"
        path.write_text(to_toml({**run.to_json(), "distill": own}), "utf-8")
        longer = distill_run(tmp_path, teachers[1], distill=own, train={**output, "max_steps": 2})
        distill(longer, resume=True)
        assert len([entry for entry in log_entries(tmp_path / method) if "loss" in entry]) == 2


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"method": "fine-tune"}, r"distill\.method must be one of"),
        ({"method": "pkd-skip", "hidden_weight": 2.0}, r"pkd-skip has no use for distill\.hidden_weight"),
        ({"method": "pkd-skip", "batta": 2.0}, r"distill\.batta is unknown; did you mean distill\.beta\?"),
        ({"method": "pkd-skip", "beta": "much"}, r"distill\.beta must be float"),
        ({"method": "dynamic-teacher-hard"}, r"distill\.small_teacher names the smaller teacher"),
        ({"small_teacher": "s"}, r"distill\.small_teacher names the smaller teacher"),
        ({"name": "kd"}, r"distill\.name is unknown"),
    ],
)
def test_settings_are_checked_by_the_method(settings: dict[str, Any], sentence: str) -> None:
    sections = {"data": {"train": ["a"]}, "train": {"output_dir": "run"}, "student": {"layers": 2}}
    with pytest.raises(UserError, match=sentence):
        make_distill_run({**sections, "distill": {"teacher": "t", **settings}})
