"""`eval/package_model.py`: half precision, the settings given, nothing about its maker's folders."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from training_examples import save_base

from qgkd.checkpoints.checkpoint import load_checkpoint

SCRIPT = Path(__file__).resolve().parents[2] / "eval" / "package_model.py"


def test_a_model_goes_into_the_package(tmp_path: Path) -> None:
    made = save_base(tmp_path / "made")
    record = json.loads((made / "qgkd.json").read_text("utf-8"))
    lineage = {"recipe": {"model": {"base": str(tmp_path / "before" / "student")}, "files": [str(tmp_path / "a.gz")]}}
    (made / "qgkd.json").write_text(json.dumps({**record, **lineage, "data": "a/b"}), "utf-8")
    command = [sys.executable, str(SCRIPT), str(made), "--target", str(tmp_path / "packaged")]
    subprocess.run([*command, "--decoding", '{"no_splices": true}'], check=True, capture_output=True, timeout=120)
    packaged = load_checkpoint(tmp_path / "packaged").record
    assert packaged["recipe"] == {"model": {"base": "student"}, "files": ["a.gz"]}
    assert (packaged["data"], packaged["decoding"]) == ("a/b", {"no_splices": True})
    weights = load_file(tmp_path / "packaged" / "model.safetensors")
    assert {each.dtype for each in weights.values()} == {torch.float16}
