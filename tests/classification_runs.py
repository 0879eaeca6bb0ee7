"""A toy task of three classes, each shown by one word; tiny models; classification runs of a second on the CPU."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from jsonl_rows import write_rows
from tiny_model import save_random_bert

from qgkd.classification.config import ClassificationConfig, make_classification_config

WORDS = {"building": "燈塔", "place": "港口", "person": "詩人"}
_NOISE = "年有的人了在海北岸歲來每今天"


def save_encoder(folder: Path, *, layers: int = 2, hidden_size: int = 16, seed: int = 0) -> Path:
    """An untrained masked language model, the base of the runs."""
    return save_random_bert(folder, layers=layers, hidden_size=hidden_size, positions=64, seed=seed)


def write_task(folder: Path, *, pair: bool = False, train: int = 60, measured: int = 45) -> Path:
    """Write `train.jsonl`, `dev.jsonl`, `test.jsonl`; in a pair task the second text has the word."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", train), ("dev", measured), ("test", measured)):
        chosen = random.Random(split)
        rows: list[dict[str, Any]] = []
        for index in range(count):
            label = list(WORDS)[index % 3]
            noise = "".join(chosen.choices(_NOISE, k=chosen.randrange(2, 7)))
            cut = chosen.randrange(len(noise))
            text = noise[:cut] + WORDS[label] + noise[cut:]
            texts = {"text_a": "".join(chosen.choices(_NOISE, k=3)), "text_b": text} if pair else {"text_a": text}
            rows.append({**texts, "label": label})
        write_rows(folder / f"{split}.jsonl", rows)
    return folder


def write_scores(folder: Path, *, train: int = 60, measured: int = 45) -> Path:
    """Write the same task as regression, with labels 0, 2.5 and 5."""
    write_task(folder, train=train, measured=measured)
    score = dict(zip(WORDS, (0, 2.5, 5), strict=True))
    for path in folder.glob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        rows = [{**row, "label": score[row["label"]]} for row in rows]
        write_rows(path, rows)
    return folder


def run_config(out: Path, data: Path, base: Path, **sections: dict[str, Any]) -> ClassificationConfig:
    """The config of a run of a second; given sections override it."""
    plain: dict[str, dict[str, Any]] = {
        "task": {
            "name": "toy",
            "train": [str(data / "train.jsonl")],
            "validation": [str(data / "dev.jsonl")],
            "max_tokens": 24,
        },
        "model": {"base": str(base), "dropout": 0.0},
        "evaluation": {"timing_repeats": 1},
        "train": {
            "output_dir": str(out),
            "use_cpu": True,
            "bf16": False,
            "report_to": [],
            "learning_rate": 8e-3,
            "num_train_epochs": 5,
            "per_device_train_batch_size": 10,
            "per_device_eval_batch_size": 45,
            "logging_steps": 1,
            "save_strategy": "no",
            "seed": 7,
        },
    }
    for name, values in sections.items():
        plain[name] = {**plain.get(name, {}), **values}
    return make_classification_config(plain)
