"""A toy task of three classes that a word tells apart, tiny models, and runs of a second on the CPU."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tiny_model import tiny_tokenizer
from transformers import BertConfig, BertForMaskedLM, set_seed

from qgkd.classification.config import ClassificationConfig, make_classification_config

WORDS = {"building": "燈塔", "place": "港口", "person": "詩人"}
_NOISE = "年有的人了在海北岸歲來每今天"


def save_encoder(folder: Path, *, layers: int = 2, hidden_size: int = 16, seed: int = 0) -> Path:
    """A masked language model without training, the base of everything."""
    tokenizer = tiny_tokenizer(folder)
    set_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=2 * hidden_size,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_task(folder: Path, *, pair: bool = False, train: int = 60, measured: int = 45) -> Path:
    """`train.jsonl`, `dev.jsonl`, `test.jsonl`; of a pair the word is in the second text."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", train), ("dev", measured), ("test", measured)):
        chosen = random.Random(split)
        lines = []
        for place in range(count):
            label = list(WORDS)[place % 3]
            noise = "".join(chosen.choices(_NOISE, k=chosen.randrange(2, 7)))
            cut = chosen.randrange(len(noise))
            text = noise[:cut] + WORDS[label] + noise[cut:]
            texts = {"text_a": "".join(chosen.choices(_NOISE, k=3)), "text_b": text} if pair else {"text_a": text}
            lines.append(json.dumps({**texts, "label": label}, ensure_ascii=False))
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def write_scores(folder: Path, *, train: int = 60, measured: int = 45) -> Path:
    """The same task as regression: 0, 2.5 and 5."""
    write_task(folder, train=train, measured=measured)
    score = dict(zip(WORDS, (0, 2.5, 5), strict=True))
    for path in folder.glob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        rows = [{**row, "label": score[row["label"]]} for row in rows]
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return folder


def run_config(out: Path, data: Path, base: Path, **sections: dict[str, Any]) -> ClassificationConfig:
    """A run of a second; sections given are laid over it."""
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
