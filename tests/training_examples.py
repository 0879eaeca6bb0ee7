"""Twenty questions on the passages of `tiny_model`, and a training config that runs in seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from generation_requests import occurrence_start
from jsonl_rows import write_rows
from tiny_model import PASSAGES, save_random_bert

from qgkd.checkpoints.record import save_record
from qgkd.model_input.input_format import InputFormat
from qgkd.training.config import TrainConfig, make_config

# Passage, answer, which occurrence, question. Two ask about different occurrences of one answer.
QUESTIONS = (
    (0, "1867年", 0, "燈塔是什麼時候建的？"),
    (0, "林文海", 0, "燈塔由誰設計？"),
    (0, "林文海", 1, "誰是港務局的職員？"),
    (0, "工程師", 0, "林文海是什麼人？"),
    (0, "港務局", 0, "林文海是哪裡的職員？"),
    (0, "42公尺", 0, "燈塔高多少公尺？"),
    (0, "白沙灣", 0, "燈塔位於哪裡？"),
    (0, "北岸", 0, "燈塔位於白沙灣的哪裡？"),
    (1, "1867年", 0, "白沙灣什麼時候只有三百人？"),
    (1, "三百人", 0, "白沙灣在1867年有多少人？"),
    (1, "New York", 0, "商人是哪裡的？"),
    (1, "商人", 0, "誰來到港口？"),
    (1, "茶葉與糖", 0, "商人帶來什麼？"),
    (1, "五萬名", 0, "港口每年有多少旅客？"),
    (1, "旅客", 0, "每年有五萬名什麼人？"),
    (3, "1902年", 0, "詩人什麼時候寫了《海》？"),
    (3, "《海》", 0, "詩人寫了什麼？"),
    (3, "林文海", 0, "誰把《海》譯成了法文？"),
    (3, "法文", 0, "林文海把《海》譯成什麼文？"),
    (3, "孩子", 0, "誰都會背？"),
)


def records() -> list[dict[str, Any]]:
    """The questions as rows of a JSONL file."""
    found = []
    for number, (passage, answer, occurrence, question) in enumerate(QUESTIONS):
        found.append(
            {
                "id": f"q-{number}",
                "title": f"passage {passage}",
                "context": PASSAGES[passage],
                "answer": answer,
                "answer_start": occurrence_start(PASSAGES[passage], answer, occurrence),
                "question": question,
            }
        )
    return found


def write_questions(path: Path, chosen: list[dict[str, Any]] | None = None) -> Path:
    """Write the chosen questions, or all twenty."""
    return write_rows(path, records() if chosen is None else chosen)


def save_base(folder: Path, *, hidden_size: int = 16, layers: int = 2, **input_format: Any) -> Path:
    """Save a model initialised as usual, with its tokenizer and record."""
    save_random_bert(folder, layers=layers, hidden_size=hidden_size, positions=160, initializer_range=0.02)
    limits = {"max_total_tokens": 160, "max_question_tokens": 30, "max_answer_tokens": 10, **input_format}
    save_record(folder, InputFormat(**limits))
    return folder


def run_config(folder: Path, base: Path, **sections: dict[str, Any]) -> TrainConfig:
    """A config of six steps on the CPU, by default on all twenty questions; given sections override it."""
    if "train" not in sections.get("data", {}):
        write_questions(folder / "train.jsonl")
    defaults: dict[str, dict[str, Any]] = {
        "model": {"base": str(base), "dropout": 0.0},
        "data": {"train": [str(folder / "train.jsonl")]},
        "train": {
            "output_dir": str(folder / "run"),
            "use_cpu": True,
            "bf16": False,
            "report_to": [],
            "per_device_train_batch_size": 8,
            "max_steps": 6,
            "learning_rate": 1e-3,
            "lr_scheduler_type": "constant",
            "logging_steps": 1,
            "save_steps": 1000,
            "seed": 7,
        },
    }
    for name, values in sections.items():
        defaults[name] = {**defaults.get(name, {}), **values}
    return make_config(defaults)


def loss_curve(run_folder: Path) -> list[float]:
    """The loss at every training step."""
    return [entry["loss"] for entry in log_entries(run_folder) if "loss" in entry]


def log_entries(run_folder: Path) -> list[dict[str, Any]]:
    """All entries of a run's log."""
    return [json.loads(line) for line in (run_folder / "log.jsonl").read_text("utf-8").splitlines()]
