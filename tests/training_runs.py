"""Starts training runs in separate processes, and compares the curves and weights of two runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from training_examples import loss_curve

from qgkd.files.toml_values import to_toml
from qgkd.training.config import TrainConfig

TESTS = Path(__file__).resolve().parent
PLAIN_DESCENT = {"optim": "sgd", "learning_rate": 0.3}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def assert_same_run(one: Path, other: Path, *, rtol: float) -> None:
    assert loss_curve(other) == pytest.approx(loss_curve(one), rel=rtol)
    first, second = weights(one / "model"), weights(other / "model")
    assert set(first) == set(second)
    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, rtol=rtol, atol=1e-7, msg=name)


def write_config(config: TrainConfig, path: Path) -> Path:
    path.write_text(to_toml(config.to_json()), "utf-8")
    return path


def spawn(command: list[str], **options: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    return subprocess.Popen([sys.executable, "-m", *command], env=environment, **{**pipes, **options})


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
