from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.cli import main
from qgkd.distillation.config import DistillRun, load_distill_run, make_distill_run
from qgkd.distillation.objectives.objective import imitating_layers
from qgkd.distillation.run import objectives_of
from qgkd.errors import UserError
from qgkd.files.toml_values import to_toml
from qgkd.training.arguments import training_arguments
from qgkd.training.config import load_config

EVAL = Path(__file__).resolve().parents[2] / "eval"
CONFIGS = sorted((EVAL / "configs").glob("distill_*.toml"))
SHAPES = (EncoderShape(layers=6, width=768, heads=12, outputs=21128), EncoderShape(layers=12, width=768, heads=12,
                                                                                   outputs=21128))  # fmt: skip


def run_of(*, student: dict[str, Any] | None = None, **distill: Any) -> DistillRun:
    sections = {"data": {"train": ["a.json"]}, "train": {"output_dir": "run"}, "student": student or {"layers": 6}}
    return make_distill_run({**sections, "distill": {"teacher": "t", **distill}})


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_config_loads(path: Path, tmp_path: Path) -> None:
    run = load_distill_run(path, (f"train.output_dir={tmp_path}",))
    assert training_arguments(run.train).output_dir == str(tmp_path)
    assert run.train.model.base == run.distill.teacher
    assert objectives_of(run, *SHAPES)
    written = tmp_path / "config.toml"
    written.write_text(to_toml(run.to_json()), "utf-8")
    assert load_distill_run(written) == run


def test_shipped_configs_are_found() -> None:
    assert len(CONFIGS) >= 3


def test_shipped_self_training_loads(tmp_path: Path) -> None:
    config = load_config(EVAL / "configs" / "selftrain.toml", (f"train.output_dir={tmp_path}",))
    assert (config.model.dropout, config.data.fraction) == (0.3, 1.0)
    training_arguments(config)


def test_the_default_is_all_layer() -> None:
    run = run_of()
    objectives = objectives_of(run, *SHAPES)
    assert [(each.name, each.weight) for each in objectives] == [
        ("soft_target_cross_entropy", 1.0), ("hidden_state_mse", 1.0), ("attention_mse", 1.0)
    ]  # fmt: skip
    assert imitating_layers(objectives) == (1, 2, 3, 4, 5, 6)
    assert (run.train.model.base, run.student.drop) == ("t", "top")


def test_terms_by_name() -> None:
    found = objectives_of(run_of(logits_loss="mse", attention_loss="kl", hidden_weight=0.0), *SHAPES)
    assert [each.name for each in found] == ["logit_mse", "attention_kl"]
    found = objectives_of(run_of(method="hinton", alpha=0.3, distill_temperature=4), *SHAPES)
    assert [(each.name, each.weight) for each in found] == [("soft_target_kl", 0.3), ("cross_entropy", 0.7)]
    with pytest.raises(UserError, match=r"logits_loss: expected one of .*'cross_entropy', 'mse'\], found 'ce'"):
        objectives_of(run_of(logits_loss="ce"), *SHAPES)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"teacher": ""}, r"distill\.teacher must name"),
        ({"tempature": 2.0}, r"distill\.tempature is unknown; did you mean distill\.distill_temperature\?"),
        ({"method": "pdk"}, r"distill\.method must be one of"),
        ({"method": "hinton", "hidden_weight": 2.0}, r"hinton has no use for distill\.hidden_weight"),
        ({"schedule": "layers"}, r"distill\.schedule must be one of"),
        ({"stage_ends": [0.5, 1.0]}, r"stage_ends needs a distill\.schedule other than all-layer"),
        ({"stage_ends": "0.5"}, r"distill\.stage_ends must be a list of numbers"),
        ({"cached_top_k": -1}, r"cached_top_k must be 0"),
        ({"student": {"layers": 6, "drop": "middle"}}, r"student\.drop must be one of"),
        ({"student": {"drop": "top"}}, r"expected a student, found neither model\.base nor student\.layers"),
    ],
)
def test_what_cannot_be_is_one_sentence(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        run_of(**settings)


def test_a_schedule_and_early_stopping_exclude_each_other() -> None:
    sections = {"data": {"train": ["a"], "validation": "b"}, "train": {"output_dir": "run"}, "student": {"layers": 2}}
    sections |= {"evaluation": {"patience": 2}, "distill": {"teacher": "t", "schedule": "layer-adding"}}
    with pytest.raises(UserError, match=r"evaluation\.patience must be 0"):
        make_distill_run(sections)


@pytest.mark.parametrize("noise", ["target_noise", "renamed_share"])
def test_kept_logits_and_noise_exclude_each_other(noise: str) -> None:
    sections: dict[str, dict[str, Any]] = {"data": {"train": ["a"]}, "train": {"output_dir": "run"}}
    sections |= {"student": {"layers": 2}, "rows": {noise: 0.5}, "distill": {"teacher": "t", "cached_top_k": 8}}
    with pytest.raises(UserError, match=r"rows\.target_noise must be 0"):
        make_distill_run(sections)


def test_a_teacher_without_a_record_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text("{}")
    overrides = [f"distill.teacher={tmp_path}", "data.train=a.json", f"train.output_dir={tmp_path / 'run'}"]
    assert main(["distill", str(CONFIGS[0]), *overrides, "train.use_cpu=true"]) == 1
    assert "expected a trained question generator with a qgkd.json" in capsys.readouterr().err
    assert main(["distill", str(CONFIGS[0]), "--resume", "--force"]) == 2


def test_a_run_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the picture of a run needs matplotlib")
    entries = [{"step": 0, "teacher_accuracy": 0.5}]
    entries += [{"step": s, "loss": 3 / s, "hidden_state_mse": 1 / s, "teacher_agreement": 0.1 * s} for s in (1, 2, 3)]
    entries += [{"step": s, "eval_avg_score": 0.1 * s, "eval_loss": 1.0} for s in (1, 3)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    command = [sys.executable, str(EVAL / "plot_run.py")]
    printed = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == [str(tmp_path / "log.png")]
    assert (tmp_path / "log.png").read_bytes()[:4] == b"\x89PNG"
    assert subprocess.run([*command, str(tmp_path / "absent")], capture_output=True, check=False).returncode == 1
