from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

from qgkd.errors import UserError
from qgkd.files.toml_values import parse_overrides, to_toml
from qgkd.training import arguments
from qgkd.training.arguments import settle_bf16, training_arguments
from qgkd.training.config import TrainConfig, load_config, make_config

CONFIGS = sorted((Path(__file__).resolve().parents[2] / "eval" / "configs").glob("train_*.toml"))
SMALL = {"model": {"base": "b"}, "data": {"train": ["a.json"]}, "train": {"output_dir": "run"}}


def small(**sections: dict[str, Any]) -> TrainConfig:
    return make_config({name: {**SMALL.get(name, {}), **sections.get(name, {})} for name in {**SMALL, **sections}})


def test_shipped_configs_are_found() -> None:
    assert len(CONFIGS) >= 3


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_config_loads(path: Path, tmp_path: Path) -> None:
    config = load_config(path, (f"train.output_dir={tmp_path}",))
    built = training_arguments(config)
    assert built.output_dir == str(tmp_path)
    assert built.train_sampling_strategy == "group_by_length"


@pytest.mark.parametrize(
    ("section", "key", "nearest"),
    [
        ("model", "droput", "model.dropout"),
        ("data", "trian", "data.train"),
        ("rows", "label_smooth", "rows.label_smoothing"),
        ("evaluation", "patients", "evaluation.patience"),
    ],
)
def test_unknown_key_names_the_nearest(section: str, key: str, nearest: str) -> None:
    with pytest.raises(UserError, match=f"{section}.{key} is unknown; did you mean {nearest}\\?"):
        small(**{section: {key: 1}})


def test_unknown_training_argument_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"train.learnig_rate is unknown; did you mean train.learning_rate\?"):
        training_arguments(small(train={"learnig_rate": 1}))


def test_unknown_section_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"\[trian\] is unknown; did you mean train\?"):
        small(trian={})


@pytest.mark.parametrize("key", sorted(arguments.ELSEWHERE))
def test_argument_decided_elsewhere_is_refused(key: str) -> None:
    with pytest.raises(UserError, match=f"train.{key} is not set here"):
        training_arguments(small(train={key: 1}))


def test_training_arguments_pass_as_they_are(tmp_path: Path) -> None:
    built = training_arguments(
        small(
            train={
                "output_dir": str(tmp_path),
                "use_cpu": True,
                "gradient_accumulation_steps": 4,
                "warmup_steps": 0.1,
                "optim": "adafactor",
                "activation_checkpointing": True,
            }
        )
    )
    assert (built.gradient_accumulation_steps, built.warmup_steps, str(built.optim.value)) == (4, 0.1, "adafactor")
    assert built.activation_checkpointing


def test_reports_go_nowhere_unasked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for installed, expected in ((False, []), (True, ["tensorboard"])):
        monkeypatch.setattr("transformers.integrations.is_tensorboard_available", lambda installed=installed: installed)
        assert training_arguments(small(train={"output_dir": str(tmp_path)})).report_to == expected
    monkeypatch.setattr("transformers.integrations.is_tensorboard_available", lambda: False)
    with pytest.raises(UserError, match=r"-m pip install '.\[train\]' in the folder of qgkd"):
        training_arguments(small(train={"output_dir": str(tmp_path), "report_to": ["tensorboard"]}))


def test_values_transformers_refuses_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="transformers refuses"):
        training_arguments(small(train={"output_dir": str(tmp_path), "lr_scheduler_type": "steep"}))


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("data", "fraction", 0.0),
        ("data", "fraction", 1.5),
        ("data", "limit", 0),
        ("data", "limit", "many"),
        ("model", "dropout", 1.0),
        ("model", "attention", "causal"),
        ("model", "layers", 2.5),
        ("rows", "target_noise", -0.1),
        ("rows", "positions_per_question", -1),
        ("evaluation", "metric", "bleu"),
        ("evaluation", "patience", 3),  # without a validation file
    ],
)
def test_values_out_of_range_are_refused(section: str, key: str, value: Any) -> None:
    with pytest.raises(UserError, match=key):
        small(**{section: {key: value}})


def test_overrides() -> None:
    assert parse_overrides(("train.learning_rate=7e-5", "model.base=bert-base-chinese", "rows.target_noise = 0.5")) == [
        ("train", "learning_rate", 7e-5),
        ("model", "base", "bert-base-chinese"),
        ("rows", "target_noise", 0.5),
    ]
    with pytest.raises(UserError, match=r"expected section\.key=value, found 'learning_rate=1'"):
        parse_overrides(("learning_rate=1",))


def test_overrides_win_and_a_text_is_a_list_of_one(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(to_toml(SMALL), "utf-8")
    config = load_config(path, ("data.train=x.json", "rows.positions_per_question=4", "train.fsdp_config={min = 3}"))
    assert config.data.train == ("x.json",)
    assert config.rows.positions_per_question == 4
    assert config.train["fsdp_config"] == {"min": 3}


def test_resolved_config_reads_back(tmp_path: Path) -> None:
    config = small(
        model={"base": '路徑 "a"\\b\n', "layout": "shared", "max_total_tokens": 256},
        data={"train": ["a.json", "b.json"], "exclude_ids": ["1-1"]},
        train={"bf16": "auto", "learning_rate": 7e-5, "fsdp_config": {"version": 2, "cpu_offload": False}},
    )
    path = tmp_path / "c.toml"
    path.write_text(to_toml(config.to_json()), "utf-8")
    assert load_config(path) == config
    assert tomllib.loads(path.read_text("utf-8"))["train"]["learning_rate"] == 7e-5


def test_unreadable_files_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected a TOML file"):
        load_config(tmp_path / "absent.toml")
    (tmp_path / "broken.toml").write_text("[model\n", "utf-8")
    with pytest.raises(UserError, match="expected TOML, found an error"):
        load_config(tmp_path / "broken.toml")


def test_bf16_auto_asks_the_cpu(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for capable in (False, True):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda capable=capable: {"avx512_bf16": capable})
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda capable=capable: capable)
        assert settle_bf16("auto", on_cpu=True) is capable
        assert settle_bf16(True, on_cpu=True) is True
        assert ("neither AVX512-BF16 nor AMX" in capsys.readouterr().err) is not capable
    assert settle_bf16(False, on_cpu=True) is False
    assert settle_bf16("auto", on_cpu=True, fp16=True) is False
    with pytest.raises(UserError, match=r"train\.bf16 must be"):
        settle_bf16("maybe", on_cpu=True)
