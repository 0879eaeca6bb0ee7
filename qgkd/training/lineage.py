"""Records what a checkpoint was trained on: data files, base model, seed, commit.

Comes in: a config, the base and the data of a run. Goes out: the fields of `qgkd.json` beside the format.

A literal example: `{"trained_on": {"files": {"DRCD_training.json": "5a0…"}, "questions": 26936, …}, "base": {"name":
"bert-base-chinese"}, "seed": 42, "commit": "1f0…"}`
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from qgkd import __version__
from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.training.config import TrainConfig
from qgkd.training.data import PreparedData


def lineage_of(config: TrainConfig, checkpoint: Checkpoint, prepared: PreparedData, seed: int) -> dict[str, Any]:
    """The fields of `qgkd.json` on where the weights come from."""
    kept = ("trained_on", "teacher", "base", "step")
    base = {key: checkpoint.record[key] for key in kept if key in checkpoint.record}
    about = prepared.train.about
    validation = {} if prepared.validation is None else {"questions": len(prepared.validation)}
    wording = {
        name: checkpoint.record[name] for name in ("script", "question_vocabulary") if checkpoint.record.get(name)
    }
    return {
        **wording,
        "trained_on": {
            "files": {Path(path).name: digest for path, digest in about["files"].items() if path in config.data.train},
            **about["counts"],
            "left_out": about["left_out"],
        },
        "validated_on": {
            **{Path(p).name: digest for p, digest in about["files"].items() if p == config.data.validation},
            **validation,
        },
        "base": {"name": config.model.base or "from scratch", **base},
        "config": config.to_json(),
        "seed": seed,
        "qgkd": __version__,
        "commit": checkout_commit(),
    }


def checkout_commit() -> str | None:
    """The commit of the checkout this package is in, with `+` where files differ; None outside a checkout."""
    git = ["git", "-C", str(Path(__file__).resolve().parent)]
    try:
        commit, status = (
            subprocess.run([*git, *words], capture_output=True, text=True, timeout=10, check=True).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+" if status else "")
