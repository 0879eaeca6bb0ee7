"""The recipe's first stage: a pretrained encoder under the prepared vocabulary.

Comes in: `RecipeSettings` with `transplant.encoder`, the prepared folder. Goes out: a model folder that the other
stages begin from; a folder made of the same encoder and vocabulary is not made again.

A literal example: `transplanted(settings, Path("runs/model/prepared"), Path("runs/model/0-transplant"))`
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from qgkd.checkpoint import read_record
from qgkd.errors import UserError
from qgkd.model_recipe.prepared_record import vocabulary_sha256
from qgkd.model_recipe.settings import RecipeSettings
from qgkd.source_encoder import read_source_encoder
from qgkd.tokenizer_folder import load_tokenizer
from qgkd.transplant import transplant, usable_tokens


def transplanted(settings: RecipeSettings, prepared: Path, folder: Path) -> Path:
    """Make the model, or find it made; needs OpenCC.

    Raises:
        UserError: No such encoder, or a prepared vocabulary with private-use characters.
    """
    held: dict[str, int] = load_tokenizer(prepared / "vocabulary").get_vocab()
    tokens = sorted(held, key=held.__getitem__)
    made_from = {
        "encoder_as_given": Path(settings.transplant.encoder).name,
        "vocabulary_sha256": vocabulary_sha256(tokens),
        "seed": settings.seed,
    }
    if folder.is_dir() and read_record(str(folder)).get("made_from") == made_from:
        return folder
    if len(usable_tokens(tokens)) < len(tokens):
        raise UserError(f"{prepared}: expected a vocabulary without private-use characters; prepare the data again")
    result = transplant(read_source_encoder(settings.transplant.encoder), tokens, seed=settings.seed)
    print(f"transplanted {result.source}: {result.coverage}", file=sys.stderr, flush=True)
    partial_folder = folder.with_name(".transplant.partial")
    shutil.rmtree(partial_folder, ignore_errors=True)
    lineage: dict[str, Any] = {"script": "traditional", "made_from": made_from}
    result.save(partial_folder, settings.model.input_format(), **lineage)
    shutil.rmtree(folder, ignore_errors=True)
    partial_folder.rename(folder)
    return folder
