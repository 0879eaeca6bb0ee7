"""Random teachers and students, and distillation runs of a few steps on the CPU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tiny_model import save_random_bert
from training_examples import log_entries, records, run_config

from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.checkpoints.record import save_record
from qgkd.distillation.config import DistillRun, make_distill_run
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.source import PassageEncoder, Source, question_target


def save_model(folder: Path, *, layers: int = 4, hidden_size: int = 16, seed: int = 0, **input_format: Any) -> Path:
    """Save a teacher or student of random weights, large enough that tokens predict different tokens."""
    save_random_bert(folder, layers=layers, hidden_size=hidden_size, positions=160, seed=seed)
    limits = {"max_total_tokens": 160, "max_question_tokens": 30, "max_answer_tokens": 10, "max_context_tokens": 22}
    save_record(folder, InputFormat(**{**limits, **input_format}))
    return folder


def distill_run(folder: Path, teacher: Path, **sections: dict[str, Any]) -> DistillRun:
    """A run of six steps whose student is made from the teacher; given sections override it."""
    distill = {"teacher": str(teacher), **sections.pop("distill", {})}
    base = sections.get("model", {}).get("base", "")
    student = sections.pop("student", {} if base else {"layers": 2})
    plain = run_config(folder, Path(base or teacher), **sections).to_json()
    given = {name: {key: value for key, value in section.items() if value is not None}
             for name, section in plain.items()}  # fmt: skip
    return make_distill_run({**given, "distill": distill, "student": student})


def curve(run_folder: Path, name: str = "loss") -> list[float | None]:
    """A logged value at every training step; None where it is absent."""
    return [entry.get(name) for entry in log_entries(run_folder) if "loss" in entry]


def sources_and_targets(folder: Path, *, count: int = 4) -> tuple[list[tuple[Source, tuple[int, ...]]], int]:
    """Sources and targets of some questions as a saved model reads them, and its [MASK] id."""
    checkpoint = load_checkpoint(folder)
    pairs = []
    for record in records()[:: 20 // count][:count]:
        encoder = PassageEncoder(checkpoint.tokenizer, checkpoint.input_format, record["context"])
        source = encoder.source(record["answer_start"], record["answer_start"] + len(record["answer"]))
        pairs.append((source, question_target(checkpoint.tokenizer, checkpoint.input_format, record["question"])[0]))
    return pairs, int(checkpoint.tokenizer.mask_token_id)


def swap_tokens(folder: Path) -> None:
    """Exchange the ids of two ordinary tokens of a saved tokenizer."""
    path = folder / "tokenizer.json"
    values = json.loads(path.read_text("utf-8"))
    vocabulary = values["model"]["vocab"]
    vocabulary["燈"], vocabulary["塔"] = vocabulary["塔"], vocabulary["燈"]
    path.write_text(json.dumps(values, ensure_ascii=False), "utf-8")
