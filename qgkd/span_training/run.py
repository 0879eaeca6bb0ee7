"""One training run of the span model, resumed where it was killed.

Comes in: `SpanSettings`. Goes out: the run folder:

    prepared/       see `prepare`
    config.toml     the resolved config
    checkpoint-N/   what a resumed run needs
    model/          the best model by validation
    log.jsonl       every log entry
    finished.json   written last

A literal example: `train_spans(settings, Path("runs/spans"))`; the same call again finds it finished.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, cast

from transformers import TrainingArguments

from qgkd import __version__
from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.record import read_record
from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.files.atomic import write_atomically
from qgkd.files.json_files import read_json, write_json
from qgkd.files.toml_values import to_toml
from qgkd.model_input.input_format import InputFormat
from qgkd.reading.readers import read_examples
from qgkd.span_training.dataset import SpanDataset
from qgkd.span_training.network import SpanTrainingModel, starting_network
from qgkd.span_training.prepare import check_prepared, prepare_spans
from qgkd.span_training.settings import SpanSettings
from qgkd.span_training.store import PassageStore, QuestionStore, load_store
from qgkd.span_training.trainer import SpanTrainer
from qgkd.span_training.validation import SpanValidator
from qgkd.training.arguments import DEFAULTS, ELSEWHERE, build_arguments
from qgkd.training.checkpoints import last_checkpoint
from qgkd.training.lineage import checkout_commit
from qgkd.training.main_process import is_main, say
from qgkd.training.run import settle_folder

_FIXED = ("data", "model", "rows")
"""What a resumed run may not change."""


def train_spans(settings: SpanSettings, out: Path, *, prepared: Path | None = None, force: bool = False) -> Path:
    """Train, or go on with the run in the folder.

    Args:
        settings: The run.
        out: Its folder.
        prepared: Data that another run prepared; None prepares it in the run folder.
        force: Remove an earlier run first.

    Returns:
        The model's folder.

    Raises:
        UserError: The run there has other settings, or data and weights do not fit together.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # a bar per file written
    data = out / "prepared" if prepared is None else prepared
    record = prepare_spans(settings, data) if prepared is None else check_prepared(settings, data)
    settle_folder(out, settings.to_json(), _FIXED, resume=not force, force=force)
    wanted = json.loads(json.dumps(settings.to_json()))
    if read_json(out / "finished.json") == wanted and (out / "model").is_dir():
        say(f"{out}: this run is finished; nothing was trained.")
        return out / "model"
    if is_main():
        with write_atomically(out / "config.toml") as file:
            file.write(to_toml(settings.to_json()))
    trainer = _trainer(settings, out, data, record)
    start = last_checkpoint(out)
    going_on = "" if start is None else f", going on from {start.name}"
    say(f"{len(cast(SpanDataset, trainer.train_dataset)):,} questions and passages{going_on}")
    trainer.train(resume_from_checkpoint=None if start is None else str(start))
    if is_main():
        write_json(out / "finished.json", wanted)
    return out / "model"


def _trainer(settings: SpanSettings, out: Path, data: Path, record: dict[str, Any]) -> SpanTrainer:
    tokenizer = load_tokenizer(data / "vocabulary")
    network = starting_network(settings, data / "vocabulary")
    span_format = settings.model.span_format()
    stores = load_store(QuestionStore, data / "questions.npz"), load_store(PassageStore, data / "passages.npz")
    dataset = SpanDataset(*stores, settings.rows.passage_readings)
    examples = read_examples(data / "validation.jsonl", limit=settings.evaluation.questions or None).examples
    pad_id: Any = tokenizer.pad_token_id
    lineage = _lineage(settings, record)
    return SpanTrainer(
        model=SpanTrainingModel(network),
        # Of a generator's checkpoint the trainer needs the tokenizer alone, to save it.
        checkpoint=Checkpoint(name="spans", model=network, tokenizer=tokenizer, input_format=InputFormat(), record={}),
        args=_arguments(settings, out, len(dataset)),
        train_dataset=dataset,
        pad_id=int(pad_id),
        validator=SpanValidator(examples, tokenizer, span_format),
        lineage=lambda: lineage,
        answers_weight=settings.rows.answers_weight,
    )


def _arguments(settings: SpanSettings, out: Path, items: int) -> TrainingArguments:
    """The arguments, evaluated at even distances and at the end."""
    train = settings.train
    per_step = int(train.get("per_device_train_batch_size", 8)) * int(train.get("gradient_accumulation_steps", 1))
    per_epoch = math.ceil(items / (per_step * int(os.environ.get("WORLD_SIZE", "1"))))
    steps = int(train.get("max_steps", 0)) or math.ceil(per_epoch * float(train.get("num_train_epochs", 3)))
    every = max(1, steps // settings.evaluation.times)
    watched = {
        "eval_strategy": "steps",
        "eval_steps": every,
        "metric_for_best_model": "quality",
        "greater_is_better": True,
        "output_dir": str(out),
    }
    return build_arguments({**DEFAULTS, "save_steps": every, **settings.train}, watched, _ELSEWHERE)


_ELSEWHERE = {**ELSEWHERE, "output_dir": "use --out"}


def _lineage(settings: SpanSettings, record: dict[str, Any]) -> dict[str, Any]:
    """The fields of `qgkd.json` that do not change while training."""
    base = {"name": settings.model.base or Path(settings.model.encoder).name}
    if settings.model.base:
        kept = ("trained_on", "base", "transplant")
        base |= {key: value for key, value in read_record(settings.model.base).items() if key in kept}
    return {
        "spans": settings.model.span_format().to_json(),
        "script": "traditional",
        "trained_on": {"files": record["from"].get("files", {}), **record["counts"]},
        "base": base,
        "config": {**settings.to_json(), "data": {**settings.to_json()["data"], "folder": ""}},
        "seed": settings.seed,
        "qgkd": __version__,
        "commit": checkout_commit(),
    }
