"""`qgkd generate --ray` as a user meets it, without a cluster."""

from __future__ import annotations

import importlib.util
import socket
from pathlib import Path

import pytest
import torch
from stub_generator import PASSAGE

from qgkd.cli import main
from qgkd.cli.generator_options import SystemChoice
from qgkd.cli.ray_option import Cluster, _load_the_same
from qgkd.errors import UserError
from qgkd.quiz.question_rows import BatchOptions


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "in.txt"
    path.write_text(PASSAGE, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("options", [["--ray", "local"], ["--workers", "2", "--output", "out.jsonl"]])
def test_options_that_do_not_go_together_are_code_2(options: list[str], source: str) -> None:
    assert main(["generate", source, *options]) == 2


def test_without_ray_the_package_is_named(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "ray" else found(name, *rest))
    assert main(["generate", source, "--ray", "local", "--output", str(tmp_path / "out.jsonl")]) == 1
    assert "run: pip install 'qgkd[ray]'" in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


def test_an_address_without_a_cluster_is_told_at_once() -> None:
    pytest.importorskip("ray", reason="needs the extra ray: pip install 'qgkd[ray]'")
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UserError, match=f"--ray {address}: expected a Ray cluster there, found none"):
            Cluster(address=address, workers=None).batches(SystemChoice(system="rule"), BatchOptions())
    with pytest.raises(UserError, match="--ray nowhere:x: expected a Ray cluster there, found none"):
        Cluster(address="nowhere:x", workers=None).batches(SystemChoice(system="rule"), BatchOptions())


@pytest.mark.parametrize(("has_bf16", "expected"), [(True, "bf16"), (False, "fp32")])
def test_every_machine_writes_in_the_precision_of_the_first(
    monkeypatch: pytest.MonkeyPatch, has_bf16: bool, expected: str
) -> None:
    pytest.importorskip("ray", reason="needs the extra ray: pip install 'qgkd[ray]'")
    monkeypatch.setattr("qgkd.quiz.ray_batches.connect", lambda address: None)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_bf16)
    load = Cluster(address="local", workers=1).batches(SystemChoice(), BatchOptions()).load
    choice, settings = load.args  # type: ignore[attr-defined]
    assert choice.precision == settings["precision"] == expected
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: not has_bf16)  # on a worker's machine
    assert choice.settings() == settings


def test_scores_are_those_of_fp32_unless_another_precision_is_asked_for() -> None:
    assert SystemChoice().comparable().precision == "fp32"
    assert SystemChoice(precision="bf16").comparable().precision == "bf16"
    assert SystemChoice(system="rule").comparable() == SystemChoice(system="rule")


def test_another_model_on_a_workers_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = SystemChoice(system="rule")
    assert _load_the_same(rule, rule.settings()).name == "rule"
    monkeypatch.setattr("qgkd.files.fingerprint.model_sha256", lambda model: "bbb")
    choice = SystemChoice(model="runs/m")
    with pytest.raises(UserError, match=r"found another one \(model_sha256 bbb\); put the same files"):
        _load_the_same(choice, {**choice.settings(), "model_sha256": "aaa"})
