from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from distill_batches import batch_of_blocks
from training_examples import loss_curve, records, run_config, save_base, write_questions
from training_runs import PLAIN_DESCENT, assert_same_run, assert_same_weights, spawn, weights, write_config
from transformers import AutoModelForMaskedLM, AutoTokenizer

from qgkd.answer import AnswerSpan
from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.cli import main
from qgkd.decoding.generator import ModelGenerator
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.model_input.input_format import Attention, Layout
from qgkd.training.checkpoints import last_checkpoint
from qgkd.training.loss import cross_entropy_terms
from qgkd.training.model import Capture, starting_checkpoint
from qgkd.training.run import prepare_run, run_training

SHORT = {"max_context_tokens": 22}
"""Adam divides a gradient that is zero but for rounding (a key's bias) by its own size."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize(
    ("attention", "rows", "steps", "learning_rate"),
    [("prefix", {}, 150, 5e-3), ("recurrent", {"positions_per_question": 4}, 200, 5e-3)],
)
def test_twenty_questions_are_learnt_by_heart(
    attention: str, rows: dict[str, Any], steps: int, learning_rate: float, tmp_path: Path
) -> None:
    base = save_base(tmp_path / "base", hidden_size=48, attention=attention, **SHORT)
    settings = {"max_steps": steps, "learning_rate": learning_rate, "per_device_train_batch_size": 20}
    run = run_training(
        run_config(tmp_path, base, rows=rows, train={**settings, "adam_beta2": 0.98, "logging_steps": 50})
    )
    generator = ModelGenerator(load_checkpoint(run / "model"))
    requests = [
        GenerationRequest(context=r["context"], answer=AnswerSpan(text=r["answer"], start_char=r["answer_start"]))
        for r in records()
    ]
    assert [questions[0].text for questions in generator.generate(requests)] == [r["question"] for r in records()]


# The loss is one mean, however the step is split


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        ({"attention": "prefix"}, {"target_noise": 0.5, "label_smoothing": 0.1}),
        ({"attention": "recurrent"}, {"positions_per_question": 3}),
    ],
    ids=["prefix", "recurrent"],
)
def test_accumulated_batches_are_one_batch(
    model: dict[str, Any], rows: dict[str, Any], base: Path, tmp_path: Path
) -> None:
    """8 x 1 = 2 x 4; questions have 7 to 15 tokens and the epoch's last step holds 4 of 8."""
    runs = []
    for name, questions, accumulation in (("whole", 8, 1), ("split", 2, 4)):
        train = {"per_device_train_batch_size": questions, "gradient_accumulation_steps": accumulation}
        train |= {"output_dir": str(tmp_path / name), **PLAIN_DESCENT}
        runs.append(run_training(run_config(tmp_path, base, model=model, rows=rows, train=train)))
    assert len(set(loss_curve(runs[0]))) == 6
    assert_same_run(*runs, rtol=1e-5)


def test_two_processes_are_one(base: Path, tmp_path: Path) -> None:
    """Gloo, torchrun, the command line; 15 questions in steps of 8 and 7, in micro-batches of 2 and 1."""
    train = {"output_dir": str(tmp_path / "one"), "per_device_train_batch_size": 8, "max_steps": 5, **PLAIN_DESCENT}
    validation = str(write_questions(tmp_path / "validation.jsonl", records()[15:]))
    sections = {"data": {"validation": validation}, "evaluation": {"every_steps": 5}}
    one = run_training(run_config(tmp_path, base, train=train, **sections))
    split = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "ddp_backend": "gloo"}
    train = {**train, **split, "output_dir": str(tmp_path / "two")}
    config = write_config(run_config(tmp_path, base, train=train, **sections), tmp_path / "two.toml")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    options = ["--nproc_per_node", "2", "--master_addr", "127.0.0.1", "--master_port", port]
    process = spawn(["torch.distributed.run", *options, "-m", "qgkd", "train", str(config)])
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert stdout.splitlines() == [str(tmp_path / "two")]
    assert_same_run(one, tmp_path / "two", rtol=1e-5)
    first, second = (json.loads((run / "model/qgkd.json").read_text("utf-8")) for run in (one, tmp_path / "two"))
    assert second["figures"]["validation"] == pytest.approx(first["figures"]["validation"], rel=1e-4)


def test_label_smoothing_is_the_textbooks() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(7, 11), torch.randint(0, 11, (7,))
    for share in (0.0, 0.1):
        terms = cross_entropy_terms(
            Capture(logits=logits), batch_of_blocks(torch.ones(1, 1), torch.zeros(len(targets), 2), targets), share
        )
        found = sum(term.weight * term.values.mean() for term in terms)
        expected = torch.nn.functional.cross_entropy(logits, targets, label_smoothing=share)
        torch.testing.assert_close(found, expected)
        assert [term.name for term in terms] == ["cross_entropy", "uniform_cross_entropy"][: len(terms)]


def test_terms_and_speed_are_logged_by_name(base: Path, tmp_path: Path) -> None:
    run = run_training(run_config(tmp_path, base, rows={"label_smoothing": 0.2}, train={"logging_steps": 3}))
    entries = [json.loads(line) for line in (run / "log.jsonl").read_text("utf-8").splitlines()]
    logged = [entry for entry in entries if "loss" in entry]
    assert len(logged) == 2
    for entry in logged:
        mixed = 0.8 * entry["cross_entropy"] + 0.2 * entry["uniform_cross_entropy"]
        assert entry["loss"] == pytest.approx(mixed, rel=1e-5)
        assert entry["questions_per_second"] > 0
    assert logged[0]["hours_left"] > 0 == logged[1]["hours_left"]


# Killed and taken up


def test_killed_and_resumed_is_uninterrupted(base: Path, tmp_path: Path) -> None:
    """Dropout, noise and sampled positions on; killed by SIGKILL between two checkpoints, in the second epoch."""
    sections: dict[str, dict[str, Any]] = {
        "model": {"dropout": 0.3, "attention": "recurrent"},
        "rows": {"positions_per_question": 3, "target_noise": 0.3},
    }
    train = {"max_steps": 20, "per_device_train_batch_size": 3, "gradient_accumulation_steps": 2}
    train |= {"save_steps": 5, "logging_steps": 2, "lr_scheduler_type": "linear", "warmup_steps": 4}
    whole = run_training(run_config(tmp_path, base, **sections, train={**train, "output_dir": str(tmp_path / "whole")}))
    config = run_config(tmp_path, base, **sections, train={**train, "output_dir": str(tmp_path / "cut")})
    path = write_config(config, tmp_path / "cut.toml")
    process = spawn(["qgkd", "train", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while last_checkpoint(tmp_path / "cut") is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert last_checkpoint(tmp_path / "cut") is not None
    assert not (tmp_path / "cut" / "model").exists(), "the run ended before it was killed"
    assert main(["train", str(path), "--resume"]) == 0
    assert_same_run(whole, tmp_path / "cut", rtol=1e-7)


@pytest.mark.parametrize("length", [{"max_steps": 4}, {"num_train_epochs": 1}], ids=["steps", "epochs"])
@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_finished_run_is_left_alone(
    length: dict[str, Any], is_recorded: bool, base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that an earlier version finished, which left no record of it."""
    path = write_config(run_config(tmp_path, base, train={**length, "save_steps": 2}), tmp_path / "run.toml")
    assert main(["train", str(path)]) == 0
    if not is_recorded:
        (tmp_path / "run" / "finished.json").unlink()
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "run").rglob("*") if file.is_file()}
    capsys.readouterr()
    assert main(["train", str(path), "--resume"]) == 0
    printed = capsys.readouterr()
    assert "this run is finished; nothing was trained and its model is unchanged" in printed.err
    assert printed.out == f"{tmp_path / 'run'}\n"
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "run").rglob("*") if file.is_file()} == before
    steps = last_checkpoint(tmp_path / "run")
    assert main(["train", str(path), "--resume", "train.max_steps=40"]) == 0
    assert last_checkpoint(tmp_path / "run") != steps


def test_a_finished_run_without_checkpoints_is_left_alone(base: Path, tmp_path: Path) -> None:
    train = {"max_steps": 2, "save_strategy": "no"}
    path = write_config(run_config(tmp_path, base, train=train), tmp_path / "run.toml")
    assert main(["train", str(path)]) == 0
    before = (tmp_path / "run" / "model" / "model.safetensors").stat().st_mtime_ns
    assert main(["train", str(path), "--resume"]) == 0
    assert (tmp_path / "run" / "model" / "model.safetensors").stat().st_mtime_ns == before


def test_a_checkpoint_cut_short_is_passed_over(tmp_path: Path) -> None:
    for step in (5, 10):
        (tmp_path / f"checkpoint-{step}").mkdir()
    (tmp_path / "checkpoint-5" / "trainer_state.json").write_text("{}")
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-5"
    assert last_checkpoint(tmp_path / "absent") is None


def test_a_run_is_never_written_over(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = run_config(tmp_path, base, train={"max_steps": 2})
    path = write_config(config, tmp_path / "run.toml")
    assert main(["train", str(path)]) == 0
    before = (tmp_path / "run" / "model" / "model.safetensors").stat().st_mtime_ns
    capsys.readouterr()
    assert main(["train", str(path)]) == 1
    assert "expected no run here" in capsys.readouterr().err
    assert (tmp_path / "run" / "model" / "model.safetensors").stat().st_mtime_ns == before
    assert main(["train", str(path), "rows.target_noise=0.5", "--resume"]) == 1
    assert "this run has rows.target_noise = 0.0, asked for 0.5" in capsys.readouterr().err
    assert main(["train", str(path), "--resume", "--force"]) == 2
    kept = tmp_path / "run" / "notes.txt"
    kept.write_text("mine")
    assert main(["train", str(path), "--force", "train.max_steps=3"]) == 0
    assert not (tmp_path / "run" / "checkpoint-2").exists()
    assert (tmp_path / "run" / "checkpoint-3").exists()
    assert kept.read_text() == "mine"


# What is saved


def test_every_checkpoint_is_a_plain_model_folder(base: Path, tmp_path: Path) -> None:
    run = run_training(run_config(tmp_path, base, train={"max_steps": 4, "save_steps": 2}))
    for name in ("checkpoint-2", "checkpoint-4", "model"):
        folder = run / name
        assert not [key for key in weights(folder) if key.startswith("model.")]
        model, report = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True)
        assert not report["missing_keys"]
        assert not report["unexpected_keys"]
        assert len(AutoTokenizer.from_pretrained(folder)) == model.config.vocab_size
        checkpoint = load_checkpoint(folder)
        assert checkpoint.input_format.attention == "prefix"
    assert_same_weights(run / "checkpoint-4", run / "model")
    before = AutoModelForMaskedLM.from_pretrained(base).config.to_dict()
    after = model.config.to_dict()
    changed = {key for key in before if before[key] != after[key]}
    assert changed <= {"_name_or_path", "hidden_dropout_prob", "attention_probs_dropout_prob", "dtype"}


def test_the_record_says_where_the_weights_come_from(base: Path, tmp_path: Path) -> None:
    validation = write_questions(tmp_path / "validation.jsonl", records()[15:])
    run = run_training(
        run_config(
            tmp_path,
            base,
            model={"script": "traditional"},
            data={"validation": str(validation), "fraction": 0.8},
            evaluation={"every_steps": 3, "metric": "loss"},
            train={"max_steps": 3},
        )
    )
    record = load_checkpoint(run / "model").record
    assert record["script"] == "traditional"
    assert record["trained_on"]["questions"] == 12
    assert record["trained_on"]["left_out"]["passage in validation"] == 5
    assert list(record["trained_on"]["files"]) == ["train.jsonl"]
    assert len(record["trained_on"]["files"]["train.jsonl"]) == 64
    assert record["validated_on"]["questions"] == 5
    assert record["figures"]["validation"]["loss"] > 0
    assert (record["step"], record["seed"], record["base"]["name"]) == (3, 7, str(base))
    assert record["config"]["data"]["fraction"] == 0.8


def test_the_base_may_change_its_attention(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", attention="recurrent", layout="plain")
    model = {"attention": "prefix", "layout": "shared", "max_answer_tokens": 8}
    run = run_training(run_config(tmp_path, base, model=model, rows={"answers_per_row": 4}, train={"max_steps": 1}))
    found = load_checkpoint(run / "model").input_format
    assert (found.attention, found.layout, found.max_answer_tokens) == (Attention.PREFIX, Layout.SHARED, 8)
    assert found.max_question_tokens == 30


def test_from_scratch(base: Path, tmp_path: Path) -> None:
    model = {"base": "", "vocabulary": str(base), "layers": 1, "hidden_size": 24, "heads": 3, "intermediate_size": 40}
    model |= {"max_total_tokens": 160, "question_position": 100, "sinusoidal_positions": True}
    run = run_training(run_config(tmp_path, base, model=model, train={"max_steps": 1, "learning_rate": 1e-9}))
    checkpoint = load_checkpoint(run / "model")
    assert checkpoint.input_format.question_position == 100
    config = checkpoint.model.config
    assert (config.num_hidden_layers, config.hidden_size, config.max_position_embeddings) == (1, 24, 160)
    positions = checkpoint.model.bert.embeddings.position_embeddings.weight.detach()
    near, far = (torch.cosine_similarity(positions[:-gap], positions[gap:]).mean() for gap in (1, 40))
    assert near > 0.8 > far


# Evaluation


def test_the_best_model_is_kept_and_a_flat_run_stops(base: Path, tmp_path: Path) -> None:
    """Questions that say nothing, at a high rate: the validation loss rises."""
    validation = write_questions(tmp_path / "validation.jsonl", records()[:3])
    other = [{**r, "question": "？" * 5} for r in records()[8:]]
    run = run_training(
        run_config(
            tmp_path,
            base,
            data={"train": [str(write_questions(tmp_path / "other.jsonl", other))], "validation": str(validation)},
            evaluation={"every_steps": 2, "metric": "loss", "patience": 3},
            train={"max_steps": 60, "learning_rate": 2e-2, "save_steps": 2, "save_total_limit": 20},
        )
    )
    entries = [json.loads(line) for line in (run / "log.jsonl").read_text("utf-8").splitlines()]
    losses = {entry["step"]: entry["eval_loss"] for entry in entries if "eval_loss" in entry}
    best = min(losses, key=lambda step: losses[step])
    assert max(losses) == best + 6 < 60
    assert_same_weights(run / f"checkpoint-{best}", run / "model")
    record = load_checkpoint(run / "model").record
    assert record["figures"]["validation"]["loss"] == pytest.approx(losses[best])


def test_validation_by_score_decodes_and_scores(base: Path, tmp_path: Path) -> None:
    validation = write_questions(tmp_path / "validation.jsonl", records()[:4])
    run = run_training(
        run_config(
            tmp_path,
            base,
            data={"validation": str(validation)},
            evaluation={"every_steps": 2, "questions": 3},
            train={"max_steps": 2},
        )
    )
    (entry,) = [
        json.loads(line) for line in (run / "log.jsonl").read_text("utf-8").splitlines() if "eval_avg_score" in line
    ]
    assert {"eval_loss", "eval_Bleu_1", "eval_METEOR", "eval_ROUGE_L"} <= set(entry)
    assert 0 <= entry["eval_avg_score"] <= 1


def test_score_without_its_libraries_is_one_sentence(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("qgkd.scoring", "rouge_score"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rouge_score", None)
    validation = write_questions(tmp_path / "validation.jsonl", records()[:4])
    with pytest.raises(UserError, match=r"needs rouge_score.*, which is not installed here; .*evaluation\.metric=loss"):
        run_training(run_config(tmp_path, base, data={"validation": str(validation)}))


def test_prepared_elsewhere_trained_here(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--prepare-only` leaves everything but the base; the data files are gone when training begins."""
    train = write_questions(tmp_path / "train.jsonl")
    validation = write_questions(tmp_path / "validation.jsonl", records()[15:])
    config = run_config(
        tmp_path,
        base,
        data={"train": [str(train)], "validation": str(validation)},
        evaluation={"every_steps": 2},
        train={"max_steps": 2},
    )
    path = write_config(config, tmp_path / "run.toml")
    assert main(["train", str(path), "--prepare-only"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'run' / 'data'}\n"
    train.unlink()
    validation.unlink()
    assert main(["train", str(path)]) == 0
    assert "15 questions to train on, 5 left out (passage in validation), 5 to validate on" in capsys.readouterr().err
    again = run_config(tmp_path, base, data={"train": [str(train)]}, train={"output_dir": str(tmp_path / "other")})
    with pytest.raises(UserError, match=r"train\.jsonl"):
        prepare_run(again)


def test_dropout_is_set_in_the_config_and_in_the_modules(base: Path, tmp_path: Path) -> None:
    model = starting_checkpoint(run_config(tmp_path, base, model={"dropout": 0.3})).model
    assert {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)} == {0.3}
    assert model.config.hidden_dropout_prob == model.config.attention_probs_dropout_prob == 0.3


def test_attention_is_computed_as_asked_for(base: Path, tmp_path: Path) -> None:
    chosen = starting_checkpoint(run_config(tmp_path, base, model={"attn_implementation": "eager"})).model
    assert chosen.config._attn_implementation == "eager"
    assert starting_checkpoint(run_config(tmp_path, base)).model.config._attn_implementation == "sdpa"
    with pytest.raises(UserError, match="expected 'eager' or 'sdpa', found 'absent'"):
        starting_checkpoint(run_config(tmp_path, base, model={"attn_implementation": "absent"}))


def test_a_base_that_cannot_do_it_is_one_sentence(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at most the 160 positions"):
        run_training(run_config(tmp_path, base, model={"max_total_tokens": 512}))
    with pytest.raises(UserError, match=r"model\.vocabulary: expected a folder"):
        run_training(run_config(tmp_path, base, model={"base": "", "vocabulary": str(tmp_path / "absent")}))
