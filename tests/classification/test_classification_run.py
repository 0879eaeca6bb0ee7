"""Classification runs from a config to a result: every method, single texts and pairs, resume, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from classification_runs import WORDS, run_config, save_encoder, write_scores, write_task
from transformers import AutoModelForSequenceClassification, AutoTokenizer, TrainerCallback

from qgkd.classification import run as run_module
from qgkd.classification.config import ClassificationConfig, load_classification_config
from qgkd.classification.result import ClassificationResult, read_result
from qgkd.classification.run import run_classification
from qgkd.cli import main
from qgkd.distillation.methods.by_name import METHODS
from qgkd.errors import UserError

EASY = {"ckd": {"alpha": 0.1}, "pkd-skip": {"beta": 5.0}, "pkd-last": {"beta": 5.0}}
EASY |= {"all-layer": {"hard_label_weight": 1.0}}
EASY |= {name: {"hard_label_weight": 1.0, "stage_ends": [0.1, 0.2, 1.0]} for name in ("layer-adding", "layer-by-layer")}
EASY |= {"pkd": {"beta": 5.0}, "tinybert": {"stage_ends": [0.2, 1.0]}}
"""Untrained students of a few steps: less weight on their states."""
LONGER = {"num_train_epochs": 8}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Encoders of 2 and 4 layers, and both tasks."""
    made = tmp_path_factory.mktemp("classification")
    save_encoder(made / "small")
    save_encoder(made / "large", layers=4, seed=1)
    write_task(made / "single")
    write_task(made / "pair", pair=True)
    write_scores(made / "scores")
    return made


@pytest.fixture(scope="module")
def taught(folder: Path) -> list[str]:
    """Two teachers of single texts, the smaller first."""
    teachers = []
    for name in ("small", "large"):
        out = folder / f"teacher-{name}"
        assert run_classification(run_config(out, folder / "single", folder / name, train=LONGER)).value() > 0.8
        teachers.append(str(out / "model"))
    return teachers


@pytest.fixture(scope="module")
def pair_taught(folder: Path) -> list[str]:
    """Two teachers of pairs, whose second text has to be read."""
    found = run_classification(run_config(folder / "pair-small", folder / "pair", folder / "small", train=LONGER))
    assert found.value() > 0.7
    much = {"num_train_epochs": 16}
    assert (
        run_classification(run_config(folder / "pair-large", folder / "pair", folder / "large", train=much)).value()
        > 0.7
    )
    return [str(folder / name / "model") for name in ("pair-small", "pair-large")]


def taught_config(out: Path, data: Path, teachers: list[str], name: str, **sections: Any) -> ClassificationConfig:
    """A run of a method with one teacher, or two where it chooses among them."""
    model = {} if name == "fine-tune" else {"teachers": teachers if "teacher" in name else teachers[1:]}
    method = {"name": name, **EASY.get(name, {}), **sections.pop("method", {})}
    model = {"layers": 2, **model, **sections.pop("model", {})}
    return run_config(out, data, data.parent / "large", method=method, model=model, **sections)


@pytest.mark.parametrize("name", [*(name for name in METHODS if name != "tinybert-layers"), "kd+dynamic-data+ckd"])
def test_every_method_learns(name: str, taught: list[str], folder: Path, tmp_path: Path) -> None:
    """Three classes that a word tells apart: chance is a third."""
    method = {"ckd": EASY["ckd"]} if "+" in name else {}
    found = run_classification(taught_config(tmp_path / "run", folder / "single", taught, name, method=method))
    assert found.value() > 0.6
    assert found == read_result(tmp_path / "run")
    assert (found.method, found.layers, found.main_metric) == (name, 2, "accuracy")
    losses = _losses(tmp_path / "run")
    if name not in ("layer-adding", "layer-by-layer", "tinybert"):  # whose loss has other terms at the end
        assert sum(losses[-6:]) < sum(losses[:6])
    if name != "fine-tune" and name != "dynamic-data" and "+" not in name:
        assert "teacher_agreement" in (tmp_path / "run" / "log.jsonl").read_text("utf-8")


@pytest.mark.parametrize("name", [name for name in METHODS if name != "tinybert-layers"])
def test_every_method_learns_pairs(name: str, pair_taught: list[str], folder: Path, tmp_path: Path) -> None:
    """The second text has to be read: chance is a third."""
    config = taught_config(tmp_path / "run", folder / "pair", pair_taught, name, train=LONGER)
    assert run_classification(config).value() > 0.45
    assert all(0 < loss < 1e3 for loss in _losses(tmp_path / "run"))


@pytest.mark.parametrize("task", ["single", "pair"])
def test_tinybert_in_two_runs(
    task: str, request: pytest.FixtureRequest, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first lowers its loss and keeps its last model, whose head knows nothing; the second begins from it."""
    teachers = request.getfixturevalue("taught" if task == "single" else "pair_taught")
    first = taught_config(tmp_path / "first", folder / task, teachers, "tinybert-layers", train=LONGER)
    run_classification(first)
    assert "the head learns nothing" in capsys.readouterr().err
    losses = _losses(tmp_path / "first")
    assert sum(losses[-6:]) < sum(losses[:6])
    second = taught_config(
        tmp_path / "second", folder / task, teachers, "tinybert-prediction",
        model={"base": str(tmp_path / "first" / "model"), "layers": None}, train=LONGER,
    )  # fmt: skip
    assert run_classification(second).value() > 0.45


def test_swapped_teachers_are_refused(taught: list[str], folder: Path, tmp_path: Path) -> None:
    """Dynamic KD takes the small teacher for the less certain half: the other way round it is another method."""
    config = taught_config(tmp_path / "run", folder / "single", taught[::-1], "dynamic-teacher-hard")
    with pytest.raises(UserError, match="expected the smaller teacher first, found teacher-large"):
        run_classification(config)


@pytest.fixture(scope="module")
def teacher(taught: list[str]) -> str:
    """One that knows single texts."""
    return taught[0]


def test_the_model_is_a_plain_folder(teacher: str) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(teacher)
    tokenizer = AutoTokenizer.from_pretrained(teacher)
    assert model.config.id2label == dict(enumerate(sorted(WORDS)))
    for label, word in WORDS.items():
        logits = model(**tokenizer(f"今天{word}年", return_tensors="pt")).logits
        assert model.config.id2label[int(logits.argmax())] == label
    record = json.loads((Path(teacher) / "qgkd.json").read_text("utf-8"))
    assert record["classification"]["labels"] == sorted(WORDS)
    assert not list(Path(teacher).parent.glob("checkpoint-*"))


def test_the_result_is_the_models_own(teacher: str, folder: Path) -> None:
    """The accuracy counted again, example by example, without any of our batches."""
    model = AutoModelForSequenceClassification.from_pretrained(teacher).eval()
    tokenizer = AutoTokenizer.from_pretrained(teacher)
    rows = [json.loads(line) for line in (folder / "single" / "dev.jsonl").read_text("utf-8").splitlines()]
    with torch.no_grad():
        guesses = [int(model(**tokenizer(row["text_a"], return_tensors="pt")).logits.argmax()) for row in rows]
    right = sum(model.config.id2label[guess] == row["label"] for guess, row in zip(guesses, rows, strict=True))
    result = read_result(Path(teacher).parent)
    assert result.value() == pytest.approx(right / len(rows))
    assert result.parameters == sum(weights.numel() for weights in model.parameters())


def test_test_split_transfer_texts_and_limits(teacher: str, folder: Path, tmp_path: Path) -> None:
    """The teacher labels texts whose labels nobody reads: they lie here."""
    data = folder / "single"
    rows = [json.loads(line) for line in (data / "train.jsonl").read_text("utf-8").splitlines()]
    lies = "".join(json.dumps({**row, "label": "person"}, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "transfer.jsonl").write_text(lies, "utf-8")
    task = {
        "train_limit": 3,
        "transfer": [str(tmp_path / "transfer.jsonl")],
        "test": [str(data / "test.jsonl")],
        "validation": [],
        "labels": sorted(WORDS),
    }
    config = run_config(
        tmp_path / "run", data, folder / "small", task=task, method={"name": "kd"}, model={"teachers": [teacher]}
    )
    found = run_classification(config)
    assert list(found.figures) == ["test"]
    assert found.value() > 0.6
    assert found.value("test") == found.value()


def test_regression_learns(folder: Path, tmp_path: Path) -> None:
    data = folder / "scores"
    task = {"regression": True}
    train = {"learning_rate": 1e-2, "num_train_epochs": 6}
    first = run_classification(run_config(tmp_path / "teacher", data, folder / "small", task=task, train=train))
    assert first.main_metric == "pearson"
    assert first.value() > 0.5
    shared: dict[str, Any] = {"task": task, "train": train}
    model = {"teachers": [str(tmp_path / "teacher" / "model")], "layers": 1}
    method = {"name": "kd", "logits_loss": "mse"}
    config = run_config(tmp_path / "kd", data, folder / "small", method=method, model=model, **shared)
    assert run_classification(config).value() > 0.4
    refused = run_config(
        tmp_path / "dynamic", data, folder / "small", method={"name": "dynamic-data"}, model=model, **shared
    )
    with pytest.raises(UserError, match="not for regression"):
        run_classification(refused)


def test_several_teachers_and_other_widths(teacher: str, folder: Path, tmp_path: Path) -> None:
    """An ensemble, states from the last of them, which is wider: the student's are projected."""
    wide = save_encoder(tmp_path / "wide", layers=4, hidden_size=24)
    data = folder / "single"
    run_classification(run_config(tmp_path / "teacher", data, wide))
    for ensemble in ("arithmetic", "geometric"):
        model = {"teachers": [teacher, str(tmp_path / "teacher" / "model")], "ensemble": ensemble}
        method = {"name": "pkd-skip", "beta": 5.0}
        config = run_config(tmp_path / ensemble, data, folder / "small", method=method, model=model)
        assert run_classification(config).value() > 0.6
        assert not list((tmp_path / ensemble / "model").glob("distillation_state*"))


class _StopAtStep(TrainerCallback):
    """A run that dies in the middle of a step."""

    def on_step_end(self, args, state, control, **kwargs) -> None:
        if state.global_step == 9:
            raise KeyboardInterrupt


def test_resumed_is_uninterrupted(teacher: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropout on, two micro-batches a step, cut between two checkpoints."""
    data = folder / "single"
    train = {"save_strategy": "epoch", "gradient_accumulation_steps": 2, "per_device_train_batch_size": 5}

    def config(out: str) -> ClassificationConfig:
        model = {"teachers": [teacher], "dropout": 0.2, "layers": 2}
        method = {"name": "pkd-skip+dynamic-data"}
        return run_config(tmp_path / out, data, folder / "large", method=method, model=model, train=train)

    whole = run_classification(config("whole"))
    make = run_module._Run.trainer
    with monkeypatch.context() as patch:
        patch.setattr(run_module._Run, "trainer", lambda self: _with_callback(make(self)))
        with pytest.raises(KeyboardInterrupt):
            run_classification(config("cut"))
    assert read_result(tmp_path / "cut") is None
    with pytest.raises(UserError, match="go on with it by --resume"):
        run_classification(config("cut"))
    resumed = run_classification(config("cut"), resume=True)
    assert resumed.figures == whole.figures
    logs = [_losses(tmp_path / out) for out in ("whole", "cut")]
    assert logs[0] == pytest.approx(logs[1], rel=1e-6)
    weights = [AutoModelForSequenceClassification.from_pretrained(tmp_path / out / "model").state_dict()
               for out in ("whole", "cut")]  # fmt: skip
    for key, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][key])
    assert run_classification(config("cut"), resume=True) == resumed  # complete: nothing is run


def _with_callback(trainer: Any) -> Any:
    trainer.add_callback(_StopAtStep())
    return trainer


def _losses(run_folder: Path) -> list[float]:
    entries = [json.loads(line) for line in (run_folder / "log.jsonl").read_text("utf-8").splitlines()]
    return [entry["loss"] for entry in entries if "loss" in entry]


@pytest.mark.parametrize("name", ["ckd", "kd"])
def test_accumulation_changes_nothing(name: str, teacher: str, folder: Path, tmp_path: Path) -> None:
    """1 x 10 = 2 x 5, rows of different lengths: the loss is the mean over the whole step."""
    curves = []
    for size, steps in ((10, 1), (5, 2)):
        train = {
            "per_device_train_batch_size": size,
            "gradient_accumulation_steps": steps,
            "max_steps": 3,
            "train_sampling_strategy": "random",
        }
        out = tmp_path / f"{name}-{size}"
        model = {"teachers": [teacher]}
        run_classification(
            run_config(out, folder / "single", folder / "small", method={"name": name}, model=model, train=train)
        )
        curves.append(_losses(out))
    assert curves[0] == pytest.approx(curves[1], rel=1e-4)


def test_mixed_precision_is_near(teacher: str, folder: Path, tmp_path: Path) -> None:
    """States and logits in bf16, relations and losses in fp32."""
    curves = []
    for bf16 in (False, True):
        config = run_config(
            tmp_path / f"bf16-{bf16}",
            folder / "single",
            folder / "small",
            method={"name": "ckd"},
            model={"teachers": [teacher]},
            train={"bf16": bf16, "max_steps": 2},
        )
        run_classification(config)
        curves.append(_losses(tmp_path / f"bf16-{bf16}"))
    assert curves[0] != curves[1]
    assert curves[0] == pytest.approx(curves[1], rel=0.05)


def test_keep_last_and_keep_best(folder: Path, tmp_path: Path) -> None:
    """A learning rate that ruins the model in its last epochs: `best` hands on an earlier one."""
    found = {}
    for keep in ("best", "last"):
        train = {"lr_scheduler_type": "constant", "learning_rate": 8e-3, "num_train_epochs": 6}
        config = run_config(
            tmp_path / keep, folder / "single", folder / "small", evaluation={"keep": keep}, train=train
        )
        found[keep] = run_classification(config)
    log = [json.loads(line) for line in (tmp_path / "best" / "log.jsonl").read_text("utf-8").splitlines()]
    seen = [entry["eval_accuracy"] for entry in log if "eval_accuracy" in entry]
    assert found["best"].value() == pytest.approx(max(seen))
    assert found["last"].value() == pytest.approx(seen[-1])


# Refusals


def test_another_order_of_classes_is_refused(teacher: str, folder: Path, tmp_path: Path) -> None:
    """The teacher's logits would teach every class as another one."""
    task = {"labels": ["person", "building", "place"]}
    config = run_config(
        tmp_path, folder / "single", folder / "small", task=task, method={"name": "kd"}, model={"teachers": [teacher]}
    )
    with pytest.raises(UserError, match="expected the classes in the order person, building, place"):
        run_classification(config)


def test_a_base_is_no_teacher(folder: Path, tmp_path: Path) -> None:
    config = run_config(
        tmp_path,
        folder / "single",
        folder / "small",
        method={"name": "kd"},
        model={"teachers": [str(folder / "large")]},
    )
    with pytest.raises(UserError, match="expected a classifier trained for toy"):
        run_classification(config)


def test_rows_longer_than_the_positions_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at most the 64 positions"):
        run_classification(run_config(tmp_path, folder / "single", folder / "small", task={"max_tokens": 65}))


def test_a_resumed_run_keeps_its_method(teacher: str, folder: Path, tmp_path: Path) -> None:
    shared: dict[str, Any] = {"model": {"teachers": [teacher]}, "train": {"max_steps": 1}}
    run_classification(run_config(tmp_path, folder / "single", folder / "small", method={"name": "kd"}, **shared))
    changed = run_config(tmp_path, folder / "single", folder / "small", method={"name": "kd", "alpha": 0.1}, **shared)
    with pytest.raises(UserError, match=r"this run has method\.alpha = 0\.7"):
        run_classification(changed, resume=True)
    found = run_classification(changed, force=True)
    assert load_classification_config(found.folder / "config.toml").method["alpha"] == 0.1


# Command line


@pytest.fixture
def toml(folder: Path, teacher: str, tmp_path: Path) -> Path:
    data = folder / "single"
    path = tmp_path / "kd.toml"
    path.write_text(
        f"""
[task]
name = "toy"
train = "{data / "train.jsonl"}"
validation = "{data / "dev.jsonl"}"
max_tokens = 24
[method]
name = "kd"
alpha = 0.5
[model]
base = "{folder / "small"}"
teachers = "{teacher}"
[train]
output_dir = "{tmp_path / "run"}"
max_steps = 2
use_cpu = true
report_to = []
bf16 = false
""",
        "utf-8",
    )
    return path


def test_glue_run_from_a_file(toml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["glue", "run", str(toml), "method.alpha=0.25", "--json"]) == 0
    loaded = json.loads(capsys.readouterr().out)
    assert ClassificationResult(**{**loaded, "folder": Path(loaded["folder"])}) == read_result(toml.parent / "run")
    assert load_classification_config(toml.parent / "run" / "config.toml").method["alpha"] == 0.25
    assert main(["glue", "run", str(toml)]) == 1
    assert "replace it by --force" in capsys.readouterr().err
    assert main(["glue", "run", str(toml), "--resume", "method.alpha=0.25"]) == 0
    assert "accuracy" in capsys.readouterr().out


def test_glue_run_from_options(
    toml: Path, folder: Path, teacher: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--method", "pkd-last", "--base", str(folder / "large"), "--layers", "2", "--teacher", teacher]
    out = ["--out", str(tmp_path / "options"), "--seed", "3"]
    assert main(["glue", "run", str(toml), *options, *out, "method.beta=2"]) == 0
    found = read_result(tmp_path / "options")
    assert (found.method, found.seed, found.layers) == ("pkd-last", 3, 2)
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "options")
    assert main(["glue", "run", "--task", "toy", "--method", "kd"]) == 1
    assert "model.base must name" in capsys.readouterr().err


def test_glue_methods(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["glue", "methods"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(METHODS)
    assert main(["glue", "methods", "ckd"]) == 0
    assert "method.layer_angle_weight = 10.0" in capsys.readouterr().out
    assert main(["glue", "methods", "ckdd"]) == 1
    assert "did you mean ckd?" in capsys.readouterr().err
