"""The general stage: text as a stream of windows, tokens hidden, each method from a command to a base for a task."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pytest
import torch
from classification_runs import run_config, write_task
from tiny_model import CHARACTERS, save_random_bert, tiny_tokenizer
from transformers import AutoModelForMaskedLM

from qgkd.classification.run import run_classification
from qgkd.cli import main
from qgkd.distillation.general import text_windows as module
from qgkd.distillation.general.config import make_general_run
from qgkd.distillation.general.masked_rows import MaskedRows
from qgkd.distillation.general.text_windows import text_windows
from qgkd.errors import UserError
from qgkd.training.dataset import Draw, Vocabulary

HAN = [c for c in CHARACTERS if ord(c) > 0x4E00]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher of 4 layers, and text of some hundred lines."""
    made = tmp_path_factory.mktemp("general")
    save_random_bert(made / "teacher", layers=4, hidden_size=16, positions=160, seed=1)
    random = np.random.default_rng(0)
    lines = ["".join(random.choice(HAN, random.integers(5, 40))) for _ in range(200)]
    (made / "text.txt").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    with lzma.open(made / "text.txt.xz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return made


def test_windows_are_the_text(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, nothing lost or twice, over the borders of lines, batches and files; both kinds of file alike."""
    monkeypatch.setattr(module, "_WINDOWS_PER_BATCH", 7)
    monkeypatch.setattr(module, "_LINES_AT_ONCE", 3)
    tokenizer = tiny_tokenizer(tmp_path / "tokenizer")
    text = folder / "text.txt"
    expected = tokenizer(text.read_text("utf-8"), add_special_tokens=False).input_ids
    for name, paths in (("plain", [text]), ("packed", [f"{text}.xz"]), ("both", [text, f"{text}.xz"])):
        found = text_windows([*map(str, paths)], tokenizer, 30, tmp_path / name)
        loaded = np.concatenate([found[place] for place in range(len(found))])
        assert loaded.tolist() == expected * len(paths)
        assert found.lengths.tolist() == [len(found[place]) for place in range(len(found))]
        assert found.counts.tolist() == np.bincount(loaded, minlength=len(tokenizer)).tolist()
    with pytest.raises(UserError, match="other files; delete the folder"):
        text_windows([f"{text}.xz"], tokenizer, 30, tmp_path / "plain")


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"\n \n", "found none"), (b"\xff\xfe\xfa", "UTF-8"), (None, "No such")]
)
def test_a_file_without_text_is_refused(content: bytes | None, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        text_windows([str(path)], tiny_tokenizer(tmp_path / "tokenizer"), 30, tmp_path / "windows")


def test_tokens_are_hidden_as_bert_does(folder: Path, tmp_path: Path) -> None:
    """Fifteen in a hundred, 80/10/10; anew in each epoch, the same for one seed; rare ones more often if asked."""
    tokenizer = tiny_tokenizer(tmp_path / "tokenizer")
    windows = text_windows([str(folder / "text.txt")], tokenizer, 40, tmp_path / "windows")
    vocabulary = Vocabulary(mask_id=4, pad_id=0, ordinary_ids=np.arange(6, 20), character_ids=np.arange(6, 20))

    def rows(smoothing: float = 0.0) -> MaskedRows:
        return MaskedRows(windows, vocabulary, (2, 3), mask_share=0.15, smoothing=smoothing, seed=3)

    kinds = {"masked": 0, "other": 0, "same": 0}
    for epoch in range(20):
        for item in range(len(windows)):
            (made,) = rows()[Draw(epoch, item)]
            ids, row = windows[item].tolist(), made.row
            labels, shown = row.labels[1:-1], row.input_ids[1:-1]
            assert sum(label != -100 for label in labels) == max(1, round(0.15 * len(ids)))
            for token, label, given in zip(ids, labels, shown, strict=True):
                assert label in (-100, token)
                if label == -100:
                    assert given == token
                else:
                    kinds["masked" if given == 4 else "same" if given == token else "other"] += 1
    shares = [count / sum(kinds.values()) for count in kinds.values()]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.03)
    assert rows()[Draw(1, 0)] == rows()[Draw(1, 0)] != rows()[Draw(2, 0)]

    def mean_count(smoothing: float) -> float:
        made = [rows(smoothing)[Draw(0, item)][0].row for item in range(len(windows))]
        return float(np.mean([windows.counts[label] for row in made for label in row.labels if label != -100]))

    assert mean_count(2.0) < mean_count(0.0)


def general(folder: Path, out: Path, *more: str, method: str = "minilm", teacher: Path | None = None) -> int:
    tiny = ("use_cpu=true", "bf16=false", "report_to=[]", "learning_rate=3e-3", "logging_steps=1", "save_steps=4",
            "per_device_train_batch_size=16")  # fmt: skip
    return main([
        "general", "--method", method, "--teacher", str(teacher or folder / "teacher"), "--text",
        str(folder / "text.txt"), "--layers", "2", "--out", str(out), "general.window_tokens=32",
        *(f"train.{setting}" for setting in tiny), *more,
    ])  # fmt: skip


def losses(out: Path) -> list[float]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text("utf-8").splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("tinybert", ()),
        ("tinybert", ("student.hidden_size=8", "general.projection=shared")),
        ("minilm", ("student.hidden_size=8",)),
        ("distilbert", ("--keep", "1,3", "general.mask_smoothing=0.7")),
    ],
)
def test_each_method_lowers_its_loss_and_is_a_base(
    method: str, settings: tuple[str, ...], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert general(folder, out, *settings, "train.max_steps=24", method=method) == 0
    assert capsys.readouterr().out.strip() == str(out)
    curve = losses(out)
    assert len(curve) == 24
    assert sum(curve[-6:]) < 0.97 * sum(curve[:6])
    model = AutoModelForMaskedLM.from_pretrained(out / "model")
    assert (model.config.num_hidden_layers, model.config.hidden_size) == (
        2,
        8 if "student.hidden_size=8" in settings else 16,
    )
    record = json.loads((out / "model" / "qgkd.json").read_text("utf-8"))
    assert record["general"]["method"] == method
    assert "format" not in record
    data = write_task(tmp_path / "task")
    assert (
        run_classification(run_config(tmp_path / "task-run", data, out / "model", train={"max_steps": 2})).layers == 2
    )
    capsys.readouterr()
    assert general(folder, out, *settings, "train.max_steps=24", method=method) == 1
    assert "--resume" in capsys.readouterr().err


def test_a_resumed_run_ends_as_one_that_was_not_cut(folder: Path, tmp_path: Path) -> None:
    settings = ("student.hidden_size=8",)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    fixed = "train.lr_scheduler_type=constant"
    assert general(folder, whole, *settings, fixed, "train.max_steps=8", method="tinybert") == 0
    assert general(folder, cut, *settings, fixed, "train.max_steps=4", method="tinybert") == 0
    assert general(folder, cut, *settings, fixed, "train.max_steps=8", "--resume", method="tinybert") == 0
    one, other = (AutoModelForMaskedLM.from_pretrained(out / "model").state_dict() for out in (whole, cut))
    for name, weight in one.items():
        torch.testing.assert_close(other[name], weight, rtol=1e-5, atol=1e-6)


def test_a_teacher_assistant_is_a_run_before(folder: Path, tmp_path: Path) -> None:
    """MiniLM: the teacher's depth and the student's width first; its model teaches the student."""
    assistant = tmp_path / "assistant"
    assert general(folder, assistant, "student.layers=4", "student.hidden_size=8", "train.max_steps=4") == 0
    out = tmp_path / "student"
    assert general(folder, out, "train.max_steps=4", teacher=assistant / "model") == 0
    student = AutoModelForMaskedLM.from_pretrained(out / "model").config
    assert (student.num_hidden_layers, student.hidden_size) == (2, 8)
    assert json.loads((out / "model" / "qgkd.json").read_text("utf-8"))["teacher"]["name"] == "assistant"


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"general": {"method": "kd"}}, "general.method must be one of"),
        ({"general": {"teacher": ""}}, "general.teacher must name"),
        ({"general": {"text": []}}, "at least one text file"),
        ({"general": {"mask_share": 1.0}}, "above 0 and below 1"),
        ({"general": {"beta": 1.0}}, "general.beta is unknown"),
        ({"student": {"hidden_size": 8}}, "needs student.layers"),
        ({"student": {"drop": "some"}}, "or layers such as 1,3,5"),
    ],
)
def test_a_config_is_checked(sections: dict, sentence: str) -> None:
    plain = {"general": {"teacher": "t", "text": ["a"]}, "train": {"output_dir": "o"}}
    merged = {name: {**plain.get(name, {}), **sections.get(name, {})} for name in {**plain, **sections}}
    with pytest.raises(UserError, match=sentence):
        make_general_run(merged)
    assert make_general_run(plain).general.settings["projection"] == "own"


def test_labels_are_left_out_of_minilms_general_stage() -> None:
    plain = {"general": {"teacher": "t", "text": ["a"], "method": "minilm"}, "train": {"output_dir": "o"}}
    run = make_general_run(plain)
    assert run.general.settings["label_weight"] == 0
    assert make_general_run(run.to_json()) == run
