from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from distill_batches import batch_of, question_rows, tiny_distilbert
from distill_runs import curve, distill_run, log_entries, save_model, sources_and_targets, swap_tokens
from safetensors.torch import load_file
from training_examples import records, run_config, write_questions
from training_runs import PLAIN_DESCENT, assert_same_run, spawn, weights, write_config
from transformers import AutoModelForMaskedLM, AutoTokenizer

from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.cli import main
from qgkd.distillation.cached_logits import CachedRows
from qgkd.distillation.run import Distillation, distill
from qgkd.distillation.teachers.capture import Needs
from qgkd.distillation.teachers.logit_pair import LogitPair
from qgkd.distillation.teachers.recurrent_teacher import RecurrentTeacher, recurrent_rows_of
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.distillation.trainer import STATE_NAME, DistillTrainer
from qgkd.errors import UserError
from qgkd.model_input.rows import packed_row, recurrent_rows
from qgkd.training.checkpoints import last_checkpoint

TERMS = ("soft_target_cross_entropy", "hidden_state_mse", "attention_mse")


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("teacher"))


@pytest.fixture(scope="module")
def recurrent_teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("recurrent"), attention="recurrent")


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student of half the width, so that hidden states are projected."""
    return save_model(tmp_path_factory.mktemp("narrow"), layers=2, hidden_size=8, seed=1)


@pytest.fixture
def trainers(monkeypatch: pytest.MonkeyPatch) -> list[DistillTrainer]:
    """Every trainer that a test's runs build."""
    built: list[DistillTrainer] = []
    build = Distillation.trainer

    def keep(self: Distillation, *arguments: Any, **options: Any) -> DistillTrainer:
        built.append(build(self, *arguments, **options))
        return built[-1]

    monkeypatch.setattr(Distillation, "trainer", keep)
    return built


# One mean, however the step is split


@pytest.mark.parametrize("attention", ["prefix", "recurrent"])
def test_accumulated_batches_are_one_batch(
    attention: str, teacher: Path, recurrent_teacher: Path, narrow: Path, tmp_path: Path
) -> None:
    """8 x 1 = 2 x 4 with every kind of term; the student is narrower, the last step of the epoch smaller."""
    which = teacher if attention == "prefix" else recurrent_teacher
    model = {"base": str(narrow), "attention": attention}
    rows = {"positions_per_question": 2} if attention == "recurrent" else {"target_noise": 0.5, "label_smoothing": 0.1}
    runs = []
    for name, questions, accumulation in (("whole", 8, 1), ("split", 2, 4)):
        train = {"per_device_train_batch_size": questions, "gradient_accumulation_steps": accumulation}
        train |= {"output_dir": str(tmp_path / name), **PLAIN_DESCENT, "learning_rate": 0.05}
        sections = {"model": model, "rows": rows, "train": train, "distill": {"hard_label_weight": 0.5}}
        runs.append(distill(distill_run(tmp_path, which, **sections)))
    assert_same_run(*runs, rtol=1e-5)
    for name in (*TERMS, "cross_entropy", "teacher_agreement"):
        assert curve(runs[1], name) == pytest.approx(curve(runs[0], name), rel=1e-4)


def test_two_processes_are_one(teacher: Path, narrow: Path, tmp_path: Path) -> None:
    """Gloo, torchrun, the command line, one layer's terms at a time and projections: weights without a term wait."""
    sections = {"model": {"base": str(narrow)}, "distill": {"schedule": "layer-by-layer"}}
    train = {"output_dir": str(tmp_path / "one"), "per_device_train_batch_size": 8, **PLAIN_DESCENT}
    train |= {"learning_rate": 0.05, "weight_decay": 0.1}
    one = distill(distill_run(tmp_path, teacher, **sections, train=train))
    train |= {"per_device_train_batch_size": 4, "ddp_backend": "gloo", "output_dir": str(tmp_path / "two")}
    path = write_config(distill_run(tmp_path, teacher, **sections, train=train), tmp_path / "two.toml")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    options = ["--nproc_per_node", "2", "--master_addr", "127.0.0.1", "--master_port", port]
    process = spawn(["torch.distributed.run", *options, "-m", "qgkd", "distill", str(path)])
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert stdout.splitlines() == [str(tmp_path / "two")]
    assert_same_run(one, tmp_path / "two", rtol=1e-5)


def test_recomputed_activations_change_nothing(teacher: Path, tmp_path: Path) -> None:
    runs = []
    for recompute in (False, True):
        train = {"max_steps": 2, "activation_checkpointing": recompute, "output_dir": str(tmp_path / str(recompute))}
        runs.append(distill(distill_run(tmp_path, teacher, train={**train, **PLAIN_DESCENT, "learning_rate": 0.05})))
    assert_same_run(*runs, rtol=1e-5)


def test_mixed_precision_is_near(teacher: Path, tmp_path: Path) -> None:
    runs = []
    for bf16 in (False, True):
        train = {"max_steps": 2, "bf16": bf16, "output_dir": str(tmp_path / str(bf16))}
        runs.append(distill(distill_run(tmp_path, teacher, train=train)))
    assert curve(runs[1]) != curve(runs[0])
    for name in ("loss", *TERMS):
        assert curve(runs[1], name) == pytest.approx(curve(runs[0], name), rel=0.03)


# Killed and taken up


def test_killed_and_resumed_is_uninterrupted(teacher: Path, narrow: Path, tmp_path: Path) -> None:
    """Dropout, noise, projections and a schedule on; killed by SIGKILL between two checkpoints."""
    sections: dict[str, dict[str, Any]] = {
        "model": {"base": str(narrow), "dropout": 0.3},
        "rows": {"target_noise": 0.3},
        "distill": {"schedule": "layer-adding", "stage_ends": [0.2, 0.5, 1.0]},
    }
    train = {"max_steps": 20, "per_device_train_batch_size": 3, "gradient_accumulation_steps": 2}
    train |= {"save_steps": 5, "logging_steps": 2, "lr_scheduler_type": "linear", "warmup_steps": 4}
    output = {"output_dir": str(tmp_path / "whole")}
    whole = distill(distill_run(tmp_path, teacher, **sections, train={**train, **output}))
    run = distill_run(tmp_path, teacher, **sections, train={**train, "output_dir": str(tmp_path / "cut")})
    path = write_config(run, tmp_path / "cut.toml")
    process = spawn(["qgkd", "distill", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while last_checkpoint(tmp_path / "cut") is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    checkpoint = last_checkpoint(tmp_path / "cut")
    assert checkpoint is not None
    assert (checkpoint / STATE_NAME).is_file()
    assert not (tmp_path / "cut" / "model").exists(), "the run ended before it was killed"
    assert main(["distill", str(path), "--resume"]) == 0
    assert_same_run(whole, tmp_path / "cut", rtol=1e-7)
    for name in TERMS:
        found, expected = ([value or 0.0 for value in curve(run, name)] for run in (tmp_path / "cut", whole))
        assert found == pytest.approx(expected, rel=1e-7)
    first, second = (load_file(last_checkpoint(run) / STATE_NAME) for run in (whole, tmp_path / "cut"))
    assert first.keys() == second.keys() == {f"projections.hidden_state_mse.{layer}.weight" for layer in (1, 2)}
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert main(["distill", str(path), "--resume", "distill.hidden_weight=2"]) == 1
    (checkpoint := last_checkpoint(tmp_path / "cut")).joinpath(STATE_NAME).unlink()
    assert main(["distill", str(path), "--resume"]) == 0  # finished: nothing is read
    train |= {"max_steps": 21, "output_dir": str(tmp_path / "cut")}
    longer = distill_run(tmp_path, teacher, **sections, train=train)
    with pytest.raises(UserError, match="expected this run's projections"):
        distill(longer, resume=True)


# What is saved


def test_the_student_alone_is_saved(
    teacher: Path, narrow: Path, tmp_path: Path, trainers: list[DistillTrainer]
) -> None:
    train = {"max_steps": 2, "save_steps": 1}
    run = distill(distill_run(tmp_path, teacher, model={"base": str(narrow)}, train=train))
    assert not (run / "model" / STATE_NAME).exists()
    for name in ("checkpoint-1", "model"):
        model, report = AutoModelForMaskedLM.from_pretrained(run / name, output_loading_info=True)
        assert not report["missing_keys"]
        assert not report["unexpected_keys"]
        assert (model.config.num_hidden_layers, model.config.hidden_size) == (2, 8)
        assert len(AutoTokenizer.from_pretrained(run / name)) == model.config.vocab_size
    loaded = trainers[0].model.state_dict()
    assert {key.partition(".")[0] for key in loaded} == {"model", "projections"}
    assert sum(key.endswith("query.weight") for key in loaded) == 2
    record = load_checkpoint(run / "model").record
    assert record["teacher"]["layers"] == 4
    assert record["config"]["distill"]["hidden_weight"] == 1.0


def test_a_student_made_in_the_run_is_the_teachers_lower_half(teacher: Path, tmp_path: Path) -> None:
    train = {"max_steps": 1, "learning_rate": 1e-12}
    run = distill(distill_run(tmp_path, teacher, train=train, model={"dropout": 0.3}))
    loaded, given = weights(run / "model"), weights(teacher)
    assert sum(key.endswith("query.weight") for key in loaded) == 2
    for name, tensor in loaded.items():
        torch.testing.assert_close(tensor, given[name])
    record = load_checkpoint(run / "model").record
    assert record["base"]["base"]["layers_kept"] == [1, 2]
    assert AutoModelForMaskedLM.from_pretrained(run / "model").config.hidden_dropout_prob == 0.3
    every_other = distill_run(tmp_path, teacher, train={**train, "output_dir": str(tmp_path / "odd")},
                              student={"layers": 2, "drop": "alternate-odd"})  # fmt: skip
    loaded = weights(distill(every_other) / "model")
    name = "bert.encoder.layer.{}.attention.self.query.weight"
    torch.testing.assert_close(loaded[name.format(1)], given[name.format(3)])


def test_prepared_elsewhere_validated_here(teacher: Path, tmp_path: Path) -> None:
    """`--prepare-only`, and the best model by validation; the training file is gone when training begins."""
    train, validation = tmp_path / "train.jsonl", tmp_path / "validation.jsonl"
    write_questions(train), write_questions(validation, records()[15:])
    sections = {"data": {"train": [str(train)], "validation": str(validation)}, "train": {"max_steps": 2}}
    run = distill_run(tmp_path, teacher, evaluation={"every_steps": 1, "metric": "loss"}, **sections)
    path = write_config(run, tmp_path / "run.toml")
    assert main(["distill", str(path), "--prepare-only"]) == 0
    train.unlink()
    assert main(["distill", str(path)]) == 0
    losses = [entry["eval_loss"] for entry in log_entries(tmp_path / "run") if "eval_loss" in entry]
    record = load_checkpoint(tmp_path / "run" / "model").record
    assert record["figures"]["validation"]["loss"] == pytest.approx(min(losses))


def test_another_architecture_learns(recurrent_teacher: Path, tmp_path: Path) -> None:
    """A DistilBERT of the teacher's vocabulary, without a record: it takes the teacher's format."""
    tokenizer = AutoTokenizer.from_pretrained(recurrent_teacher)
    tiny_distilbert(len(tokenizer)).save_pretrained(tmp_path / "student")
    tokenizer.save_pretrained(tmp_path / "student")
    run = distill(distill_run(tmp_path, recurrent_teacher, model={"base": str(tmp_path / "student")}))
    assert all(value > 0 for name in TERMS for value in curve(run, name))
    checkpoint = load_checkpoint(run / "model")
    assert checkpoint.model.config.model_type == "distilbert"
    assert checkpoint.input_format == load_checkpoint(recurrent_teacher).input_format


# The teacher


def test_the_teacher_is_asked_and_left_alone(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainers: list[DistillTrainer]
) -> None:
    """Put into training mode from outside before every step, it answers without dropout all the same."""
    given = weights(teacher)
    modes = []
    ask = DistillTrainer.loss_terms

    def disturbed(self: DistillTrainer, capture: Any, batch: Any) -> Any:
        model = self._teacher.model
        model.train()
        terms = ask(self, capture, batch)
        modes.append(any(module.training for module in model.modules()))
        first, second = self._teacher(batch).logits, self._teacher(batch).logits
        assert torch.equal(first, second)
        assert not first.requires_grad
        return terms

    monkeypatch.setattr(DistillTrainer, "loss_terms", disturbed)
    distill(distill_run(tmp_path, teacher, train={"max_steps": 3, "optim": "sgd", "learning_rate": 0.1}))
    model = trainers[0]._teacher.model
    assert modes == [False, False, False]
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in model.parameters())
    loaded = model.state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in given.items())
    assert set(map(id, model.parameters())).isdisjoint(map(id, trainers[0].model.parameters()))


def test_a_student_equal_to_its_teacher_has_nothing_to_learn(
    teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"logits_loss": "kl", "layers": "1:1,2:2,3:3,4:4"}
    sections = {"model": {"base": str(teacher)}, "train": {"max_steps": 1}, "distill": settings}
    run = distill(distill_run(tmp_path, teacher, **sections))
    for name in ("soft_target_kl", "hidden_state_mse", "attention_mse", "kl_to_teacher"):
        assert curve(run, name) == [pytest.approx(0.0, abs=1e-7)]
    assert curve(run, "teacher_agreement") == [1.0]
    assert "hidden_state_mse is 0" in capsys.readouterr().err


def test_the_student_gets_nearer_to_the_teacher(teacher: Path, tmp_path: Path) -> None:
    """KL on questions whose passage was not trained on; before: the same student as it was made."""
    train = write_questions(tmp_path / "train.jsonl", records()[:15])
    sections = {"data": {"train": [str(train)]}, "train": {"max_steps": 40, "learning_rate": 3e-3}}
    run = distill(distill_run(tmp_path, teacher, **sections))
    start = distill(
        distill_run(tmp_path, teacher, **{**sections, "train": {"max_steps": 1, "learning_rate": 1e-12,
                                                                "output_dir": str(tmp_path / "start")}})
    )  # fmt: skip
    batch = batch_of(question_rows(tmp_path / "rows", count=20)[15:])

    def logits(folder: Path) -> torch.Tensor:
        return Teacher(load_checkpoint(folder).model, Needs(logits=True))(batch).logits

    after, before = (float(LogitPair(logits(r / "model"), logits(teacher)).kl().mean()) for r in (run, start))
    assert after < 0.7 * before
    losses = curve(run, "kl_to_teacher")
    assert losses[-1] < 0.7 * losses[0]


# Schedules and diagnostics


@pytest.mark.parametrize(
    ("schedule", "layers", "logits"),
    [
        ("all-layer", [True] * 6, [True] * 6),
        ("layer-adding", [True] * 6, [False] * 4 + [True] * 2),
        ("layer-by-layer", [True] * 4 + [False] * 2, [False] * 4 + [True] * 2),
    ],
)
def test_schedules_switch_terms(
    schedule: str, layers: list[bool], logits: list[bool], teacher: Path, tmp_path: Path
) -> None:
    """Two student layers and the logits: three stages of two steps."""
    run = distill(distill_run(tmp_path, teacher, distill={"schedule": schedule}, train={"learning_rate": 1e-9}))
    active = [[value is not None for value in curve(run, name)] for name in TERMS]
    assert active == [logits, layers, layers]
    hidden = curve(run, "hidden_state_mse")
    if schedule == "layer-adding":
        assert hidden[0] < 0.8 * hidden[4]
    shares = [[entry.get(f"share_of_{name}", 0) for name in TERMS] for entry in log_entries(run) if "loss" in entry]
    assert all(sum(each) == pytest.approx(1.0) for each, more in zip(shares, layers, strict=True) if more)


def test_what_is_wrong_is_said_in_the_log(teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A random teacher has hardly a token right; a weight of a thousand drowns the rest; each is said once."""
    run = distill(distill_run(tmp_path, teacher, distill={"hidden_weight": 1000.0}))
    entries = log_entries(run)
    (accuracy,) = [entry["teacher_accuracy"] for entry in entries if "teacher_accuracy" in entry]
    assert 0 <= accuracy < 0.3
    warnings = [entry["warning"] for entry in entries if "warning" in entry]
    assert len(warnings) == 2
    assert "expected 30% and more" in warnings[0]
    assert warnings[1].startswith("hidden_state_mse is 9")
    printed = capsys.readouterr().err
    assert all(printed.count(warning) == 1 for warning in warnings)
    assert "teacher accuracy: " in printed
    assert "hidden_state_mse x 1000" in printed


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_shares_leave_out_what_cannot_be_learnt(temperature: float, teacher: Path, tmp_path: Path) -> None:
    """A soft cross entropy holds the teacher's entropy; by its KL it has the share that the KL itself would have."""
    runs = []
    for loss in ("cross_entropy", "kl"):
        settings = {"logits_loss": loss, "distill_temperature": temperature}
        train = {"max_steps": 1, "output_dir": str(tmp_path / loss)}
        runs.append(distill(distill_run(tmp_path, teacher, distill=settings, train=train)))
    one = curve(runs[0], "share_of_soft_target_cross_entropy")
    assert one == pytest.approx(curve(runs[1], "share_of_soft_target_kl"), rel=1e-3)


# A recurrent teacher for a prefix student


def test_rows_for_a_recurrent_teacher_are_recurrent_rows(tmp_path: Path, recurrent_teacher: Path) -> None:
    pairs, mask_id = sources_and_targets(recurrent_teacher)
    packed = batch_of([packed_row([source], [target], mask_id) for source, target in pairs], more_padding=3)
    rows = batch_of([row for source, target in pairs for row in recurrent_rows(source, target, mask_id)])
    found = recurrent_rows_of(packed.inputs)
    width = rows.inputs.input_ids.shape[1]
    for name in ("input_ids", "token_type_ids", "position_ids", "blocks"):
        assert torch.equal(getattr(found, name)[:, :width], getattr(rows.inputs, name)), name
    assert torch.equal(found.scored_positions, rows.inputs.scored_positions)
    assert not found.blocks[:, width:].any()
    teacher = Teacher(load_checkpoint(recurrent_teacher).model, Needs(logits=True))
    expected = teacher(rows).logits
    torch.testing.assert_close(RecurrentTeacher(teacher)(packed).logits, expected, rtol=1e-5, atol=1e-5)


def test_a_recurrent_teacher_teaches_a_prefix_student(
    recurrent_teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sections = {"model": {"attention": "prefix"}, "train": {"max_steps": 20, "learning_rate": 3e-3}}
    with pytest.raises(UserError, match=r"found hidden_state_mse and attention_mse.*set distill\.hidden_weight=0"):
        distill(distill_run(tmp_path, recurrent_teacher, **sections))
    settings = {"hidden_weight": 0.0, "attention_weight": 0.0}
    run = distill(distill_run(tmp_path, recurrent_teacher, distill=settings, **sections))
    assert "terms on hidden states and attention are off" in capsys.readouterr().err
    nearness = curve(run, "kl_to_teacher")
    assert nearness[-1] < 0.8 * nearness[0]
    assert load_checkpoint(run / "model").input_format.attention == "prefix"


# Kept logits


@pytest.mark.parametrize("attention", ["prefix", "shared prefix", "recurrent", "recurrent teacher, prefix student"])
def test_kept_logits_are_the_teachers_own(
    attention: str, teacher: Path, recurrent_teacher: Path, tmp_path: Path, trainers: list[DistillTrainer]
) -> None:
    """At k = V; sampled positions draw other steps in every epoch, several questions may share a row."""
    which = recurrent_teacher if "recurrent" in attention else teacher
    if "shared" in attention:
        which = save_model(tmp_path / "shared", layout="shared")
    sections = {
        "model": {"attention": "prefix" if "prefix" in attention else "recurrent"},
        "rows": {"positions_per_question": 3 if attention == "recurrent" else 0, "answers_per_row": 3},
        "distill": {"hidden_weight": 0.0, "attention_weight": 0.0, "distill_temperature": 2.0},
    }
    live = distill(distill_run(tmp_path, which, **sections, train={**PLAIN_DESCENT, "learning_rate": 0.05}))
    sections["distill"] |= {"cached_top_k": 100_000}
    train = {**PLAIN_DESCENT, "learning_rate": 0.05, "output_dir": str(tmp_path / "kept")}
    kept = distill(distill_run(tmp_path, which, **sections, train=train))
    assert isinstance(trainers[-1].train_dataset, CachedRows)
    assert_same_run(live, kept, rtol=1e-5)
    again = distill(distill_run(tmp_path, which, **sections, train=train), force=True)
    assert_same_run(live, again, rtol=1e-5)
    odd = distill_run(
        tmp_path, which, **{**sections, "distill": {**sections["distill"], "cached_top_k": 2}}, train=train
    )
    with pytest.raises(UserError, match="found another top_k; delete the folder"):
        distill(odd, force=True)


def test_few_kept_logits_are_renormalised(teacher: Path, tmp_path: Path, trainers: list[DistillTrainer]) -> None:
    settings = {"hidden_weight": 0.0, "attention_weight": 0.0, "logits_loss": "kl", "cached_top_k": 3}
    run = distill(distill_run(tmp_path, teacher, distill=settings, train={"max_steps": 2}))
    assert all(0 < value < 20 for value in curve(run, "soft_target_kl"))
    batch = next(iter(trainers[0].get_train_dataloader()))["batch"]
    logits = trainers[0]._teacher(batch).logits
    full = Teacher(load_checkpoint(teacher).model, Needs(logits=True))(batch).logits
    values, places = full.topk(3, dim=1)
    torch.testing.assert_close(logits.softmax(dim=1).gather(1, places), values.softmax(dim=1), rtol=1e-4, atol=1e-5)
    assert torch.equal(logits.isfinite().sum(dim=1), torch.full((len(logits),), 3))


@pytest.mark.parametrize("settings", [{}, {"hidden_weight": 0.0, "attention_weight": 0.0, "logits_loss": "mse"}])
def test_kept_logits_serve_terms_on_logits_alone(settings: dict[str, Any], teacher: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"keeps the largest logits alone, found (hidden_state_mse|logit_mse)"):
        distill(distill_run(tmp_path, teacher, distill={**settings, "cached_top_k": 4}))


# Models that do not go together


def test_a_teacher_of_another_vocabulary_is_one_sentence(teacher: Path, tmp_path: Path) -> None:
    other = save_model(tmp_path / "other", layers=2)
    swap_tokens(other)
    with pytest.raises(
        UserError, match="expected a teacher with the student's vocabulary, found 2 tokens of other ids"
    ):
        distill(distill_run(tmp_path, teacher, model={"base": str(other)}))


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ({"layout": "shared"}, "student's layout 'shared', found 'marked'"),
        ({"question_position": 100}, "student's question_position '100', found none"),
    ],
)
def test_a_teacher_of_another_format_is_one_sentence(
    model: dict[str, Any], sentence: str, teacher: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=sentence):
        distill(distill_run(tmp_path, teacher, model=model))


def test_a_prefix_teacher_does_not_teach_a_recurrent_student(teacher: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected a teacher of attention 'recurrent' like the student, found 'prefix'"):
        distill(distill_run(tmp_path, teacher, model={"attention": "recurrent"}))


# Self-training


def test_a_distilled_student_goes_on_alone(teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    student = distill(distill_run(tmp_path, teacher, train={"max_steps": 1})) / "model"
    train = {"max_steps": 1, "output_dir": str(tmp_path / "alone")}
    config = run_config(tmp_path, student, model={"dropout": 0.3}, train=train)
    assert main(["selftrain", str(write_config(config, tmp_path / "alone.toml"))]) == 0
    before = weights(tmp_path / "alone" / "model")
    assert main(["selftrain", str(tmp_path / "alone.toml"), "--resume"]) == 0
    assert "this run is finished" in capsys.readouterr().err
    assert all(torch.equal(after, before[name]) for name, after in weights(tmp_path / "alone" / "model").items())
    record = load_checkpoint(tmp_path / "alone" / "model").record
    assert record["base"]["teacher"]["layers"] == 4
    assert record["config"]["model"]["dropout"] == 0.3
    capsys.readouterr()
    config = run_config(tmp_path, teacher, train={**train, "output_dir": str(tmp_path / "other")})
    assert main(["selftrain", str(write_config(config, tmp_path / "other.toml"))]) == 1
    assert "expected the `model` folder of a `qgkd distill` run" in capsys.readouterr().err
