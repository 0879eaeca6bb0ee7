"""The recipe's optional first stage: converts a pretrained encoder to the prepared vocabulary.

Comes in: `RecipeSettings` with `transplant.encoder`, the prepared folder. Goes out: a model folder that the other
stages begin from; a folder made of the same encoder and vocabulary is not made again.

A literal example: `transplanted(settings, Path("runs/model/prepared"), Path("runs/model/0-transplant"))`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgkd.checkpoints.record import read_record
from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.checkpoints.transplant import convert_encoder, usable_tokens
from qgkd.errors import UserError
from qgkd.files.folders import write_folder
from qgkd.model_recipe.prepared_record import vocabulary_sha256
from qgkd.model_recipe.settings import RecipeSettings
from qgkd.training.main_process import say


def transplanted(settings: RecipeSettings, prepared: Path, folder: Path) -> Path:
    """Make the model, or find it made; needs OpenCC.

    Raises:
        UserError: No such encoder, or a prepared vocabulary with private-use characters.
    """
    ids: dict[str, int] = load_tokenizer(prepared / "vocabulary").get_vocab()
    tokens = sorted(ids, key=ids.__getitem__)
    made_from = {
        "encoder_as_given": Path(settings.transplant.encoder).name,
        "vocabulary_sha256": vocabulary_sha256(tokens),
        "seed": settings.seed,
    }
    if folder.is_dir() and read_record(str(folder)).get("made_from") == made_from:
        return folder
    if len(usable_tokens(tokens)) < len(tokens):
        raise UserError(f"{prepared}: expected a vocabulary without private-use characters; prepare the data again")
    result = convert_encoder(settings.transplant.encoder, tokens, seed=settings.seed)
    say(f"transplanted {result.source}: {result.coverage}")
    lineage: dict[str, Any] = {"script": "traditional", "made_from": made_from}
    with write_folder(folder) as partial:
        result.save(partial, settings.model.input_format(), **lineage)
    return folder
