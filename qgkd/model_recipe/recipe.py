"""Runs the whole recipe: data preparation, then the stages masked text, copying, questions, reward.

Comes in: `RecipeSettings` and a folder. Goes out: the folder, resumable at every point:

    prepared/                       see `prepare`
    0-transplant/                   see `transplanted`
    1-text/ 2-copying/ 3-questions/ 4-reward/   see `stage`
    model/                          the result, a plain model folder

A literal example: `make_model(settings, Path("runs/model"))`, and `qgkd generate passage.txt --model runs/model/model`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.files.fingerprint import model_sha256
from qgkd.files.folders import write_folder
from qgkd.files.toml_values import to_toml
from qgkd.model_recipe.prepared_record import check_prepared
from qgkd.model_recipe.settings import RecipeSettings
from qgkd.model_recipe.stage import run_stage
from qgkd.model_recipe.stages import copying_stage, question_stage, reward_stage, text_stage
from qgkd.model_recipe.transplanted import transplanted
from qgkd.training.main_process import is_main


def prepare_model(settings: RecipeSettings, folder: Path) -> Path:
    """Prepare the data, which needs the data files, jieba and OpenCC.

    Returns:
        The folder that `make_model` takes as `prepared`.
    """
    from qgkd.model_recipe.prepare import Preparation

    Preparation(settings, folder / "prepared").run()
    return folder / "prepared"


def make_model(settings: RecipeSettings, folder: Path, *, prepared: Path, force: bool = False) -> Path:
    """Train all stages on prepared data.

    Args:
        settings: The recipe.
        folder: Where the stages go.
        prepared: The folder of `prepare_model`, made here or on another machine.
        force: Train a stage again that was begun with other settings.

    Returns:
        The folder of the model.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # a bar per file written
    record = check_prepared(settings, prepared)
    folder.mkdir(parents=True, exist_ok=True)
    with write_atomically(folder / "config.toml") as file:
        file.write(to_toml(settings.to_json()))
    base = _base(settings, prepared)
    if settings.transplant.encoder:
        base = transplanted(settings, prepared, folder / "0-transplant")
    inputs: Any = record if base is None else [record, model_sha256(str(base))]
    trained: Path | None = None
    for number, build in enumerate((text_stage, copying_stage, question_stage, reward_stage), start=1):
        stage = build(settings, prepared, record, inputs)
        if stage.settings.max_minutes <= 0:
            continue
        base = trained = run_stage(stage, folder / f"{number}-{stage.name}", base, force=force)
        inputs = [record, stage.fingerprint]
    if trained is None:
        raise UserError("expected a stage of more than 0 minutes, found none; raise one of the max_minutes")
    if is_main():  # under torchrun two processes would write into one folder
        with write_folder(folder / "model") as partial:
            shutil.copytree(trained, partial, dirs_exist_ok=True)
    return folder / "model"


def _base(settings: RecipeSettings, prepared: Path) -> Path | None:
    """Return the model that training starts from; None is random weights."""
    if not settings.model.base:
        return None
    from transformers import AutoTokenizer

    tokenizer: Any = load_checkpoint(settings.model.base).tokenizer
    if tokenizer.get_vocab() != AutoTokenizer.from_pretrained(prepared / "vocabulary").get_vocab():
        raise UserError(
            f"model.base: expected the vocabulary of the prepared data ({prepared}), found another one in "
            f"{settings.model.base}; prepare with the settings that made that model, or leave model.base out"
        )
    return Path(settings.model.base)
