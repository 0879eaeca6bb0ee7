"""One training run, from a config to a run folder.

Comes in: a `TrainConfig`. Goes out: the run folder:

    config.toml     the resolved config
    data/           tokenised questions, where `--prepare-only` wrote them
    checkpoint-N/   a plain model folder, with what a resumed run needs
    model/          the best model by validation; the last one without validation
    log.jsonl       every log entry
    finished.json   the settings of the training that came to its end

A literal example: `run_training(load_config("train.toml"))` gives `runs/teacher`, and
`qgkd generate passage.txt --model runs/teacher/model` uses it.

Importing this needs only torch, transformers and accelerate; so does training on prepared data with
`evaluation.metric=loss`.
"""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.files.toml_values import read_toml, to_toml
from qgkd.model_input.input_format import Attention, Layout
from qgkd.text.characters import is_han
from qgkd.training.arguments import training_arguments
from qgkd.training.checkpoints import last_checkpoint
from qgkd.training.config import TrainConfig
from qgkd.training.data import PreparedData, load_prepared, prepare
from qgkd.training.dataset import Vocabulary
from qgkd.training.lineage import lineage_of
from qgkd.training.main_process import is_main, say
from qgkd.training.method import TrainingMethod
from qgkd.training.trainer import QGTrainer
from qgkd.training.validation import Validator

_OURS = ("checkpoint-*", "model", ".model.*", "log.jsonl", "finished.json", "result.json", "runs")
"""What a run writes to its folder and `--force` removes; `runs` is TensorBoard's."""


def prepare_run(config: TrainConfig, *, method: TrainingMethod | None = None) -> Path:
    """Tokenise the data into `data.prepared`, which with config and base is all that a training machine needs."""
    checkpoint = (method or TrainingMethod(config)).checkpoint()
    prepared = prepare(config.data, checkpoint.tokenizer, checkpoint.input_format)
    prepared.save(config.prepared_folder)
    say(_data_summary(prepared))
    return config.prepared_folder


def run_training(
    config: TrainConfig, *, resume: bool = False, force: bool = False, method: TrainingMethod | None = None
) -> Path:
    """Train.

    Args:
        config: The run.
        resume: Resume from the run folder's newest checkpoint, or start if there is none; a finished run is left alone.
        force: Remove an earlier run from the folder first.
        method: On the labels where None.

    Returns:
        The run folder.

    Raises:
        UserError: A run is there already, or config, data and base do not fit together.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # a bar per file written
    method = method or TrainingMethod(config)
    settle_folder(config.run_folder, method.sections(), method.fixed_sections, resume=resume, force=force)
    arguments = training_arguments(config)
    if resume and _is_finished(config, arguments):
        say(f"{config.run_folder}: this run is finished; nothing was trained and its model is unchanged.")
        return config.run_folder
    checkpoint = method.checkpoint()
    with arguments.main_process_first(desc="tokenising"):
        prepared = _prepared(config, checkpoint, several=arguments.world_size > 1)
    trainer = _trainer(method, arguments, checkpoint, prepared)
    finished = config.run_folder / "finished.json"
    if is_main():
        finished.unlink(missing_ok=True)
        with write_atomically(config.run_folder / "config.toml") as file:
            file.write(to_toml(method.sections()))
    say(f"{_data_summary(prepared)}. {_rows_summary(config, checkpoint)} {method.summary()}".rstrip())
    start = last_checkpoint(config.run_folder) if resume else None
    if resume:
        say("No whole checkpoint here: starting from the beginning." if start is None else f"Resuming from {start}.")
    trainer.train(resume_from_checkpoint=None if start is None else str(start))
    if not config.data.validation:
        trainer.keep_model()
    if is_main():
        with write_atomically(finished) as file:
            json.dump(_resumable_settings(config), file)
    return config.run_folder


def _resumable_settings(config: TrainConfig) -> dict[str, Any]:
    """What a resumed run may change: with other settings, a finished run goes on."""
    sections = config.to_json()
    return {name: sections[name] for name in ("train", "evaluation")}


def _is_finished(config: TrainConfig, arguments: Any) -> bool:
    """Whether the run folder's model is complete: by its record, or because all steps of the config are done."""
    if not (config.run_folder / "model").is_dir():
        return False
    finished, checkpoint = config.run_folder / "finished.json", last_checkpoint(config.run_folder)
    wanted = json.loads(json.dumps(_resumable_settings(config)))
    if finished.is_file() and json.loads(finished.read_text("utf-8")) == wanted:
        return True
    if checkpoint is None:
        return False
    state = json.loads((checkpoint / "trainer_state.json").read_text("utf-8"))
    if arguments.max_steps > 0:
        return bool(state["global_step"] >= arguments.max_steps)
    return bool((state["epoch"] or 0) >= arguments.num_train_epochs)


def _trainer(method: TrainingMethod, arguments: Any, checkpoint: Checkpoint, prepared: PreparedData) -> QGTrainer:
    config, vocabulary = method.config, vocabulary_of(checkpoint)
    validator = None
    if config.data.validation:
        batch = arguments.per_device_eval_batch_size
        validator = Validator(prepared, checkpoint, config.evaluation, vocabulary, batch)
    seed = int(arguments.seed)
    lineage = {**lineage_of(config, checkpoint, prepared, seed), **method.lineage(), "config": method.sections()}
    return method.trainer(
        checkpoint,
        args=arguments,
        train_dataset=method.dataset(arguments, checkpoint, prepared, vocabulary),
        pad_id=vocabulary.pad_id,
        validator=validator,
        patience=config.evaluation.patience,
        lineage=lambda: lineage,
    )


def vocabulary_of(checkpoint: Checkpoint) -> Vocabulary:
    """The ids that rows are built with."""
    import numpy as np

    tokenizer = checkpoint.tokenizer
    special = set(tokenizer.all_special_ids)
    ordinary = [token for token in range(len(tokenizer)) if token not in special]
    names = tokenizer.get_vocab()
    characters = sorted(names[token] for token in names if len(token) == 1 and is_han(token))
    return Vocabulary(
        mask_id=int(tokenizer.mask_token_id),
        pad_id=int(tokenizer.pad_token_id),
        ordinary_ids=np.asarray(ordinary, np.int64),
        character_ids=np.asarray(characters, np.int64),
    )


def _prepared(config: TrainConfig, checkpoint: Checkpoint, *, several: bool) -> PreparedData:
    """Prepared data if there is any; several processes tokenise once and share it through the folder."""
    folder = config.prepared_folder
    arguments = (config.data, checkpoint.tokenizer, checkpoint.input_format)
    found = load_prepared(folder, *arguments)
    if found is None:
        found = prepare(*arguments)
        if several:
            found.save(folder)
    return found


def settle_folder(
    folder: Path, sections: dict[str, Any], fixed_sections: tuple[str, ...], *, resume: bool, force: bool
) -> None:
    """Make the run folder; refuse to overwrite a run there, or to resume it with another config.

    Raises:
        UserError: A run is there already, it has another config, or the folder cannot be made.
    """
    if not is_main():
        return
    found = sorted(path for pattern in _OURS for path in folder.glob(pattern))
    if found and not (resume or force):
        raise UserError(
            f"{folder}: expected no run here, found {found[0].name}; go on with it by --resume, replace it by --force, "
            "or set another train.output_dir"
        )
    if force and not resume:
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if resume and (folder / "config.toml").is_file():
        _check_same(sections, fixed_sections, folder / "config.toml")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: expected a folder to write to, but: {error.strerror}; choose another") from error


def _check_same(new: dict[str, Any], fixed_sections: tuple[str, ...], path: Path) -> None:
    """A resumed run trains the same model on the same rows; `[train]` and `[evaluation]` may change."""
    old, written = read_toml(path), tomllib.loads(to_toml(new))
    for section in fixed_sections:
        for key in new[section]:
            before, value = old.get(section, {}).get(key), written[section].get(key)
            if before != value:
                raise UserError(
                    f"{path}: this run has {section}.{key} = {before!r}, asked for {value!r}; resume with the "
                    "run's own config, or start another run"
                )


def _data_summary(prepared: PreparedData) -> str:
    counts, left_out = prepared.train.about["counts"], prepared.train.about["left_out"]
    parts = [f"{counts['questions']:,} questions to train on"]
    parts += [f"{count:,} left out ({reason})" for reason, count in left_out.items() if count]
    words = {
        "answers_refused": "left out (answer too long or without a token)",
        "contexts_cut": "passages cut to a window",
        "questions_cut": "questions cut at the cap",
    }
    parts += [f"{counts[name]:,} {text}" for name, text in words.items() if counts[name]]
    if prepared.validation is not None:
        parts.append(f"{len(prepared.validation):,} to validate on")
    return ", ".join(parts)


def _rows_summary(config: TrainConfig, checkpoint: Checkpoint) -> str:
    rows, input_format = config.rows, checkpoint.input_format
    text = f"Attention {input_format.attention}, layout {input_format.layout}"
    if input_format.attention is Attention.RECURRENT and rows.positions_per_question:
        text += (
            f"; {rows.positions_per_question} sampled positions per question and epoch, weighted so that the expected "
            "loss is that of all positions (unbiased)"
        )
    elif input_format.attention is Attention.RECURRENT:
        text += "; every position of a question is a row"
    elif input_format.layout is Layout.SHARED and rows.answers_per_row > 1:
        text += f"; up to {rows.answers_per_row} questions about one window share a row"
    return text + "."
