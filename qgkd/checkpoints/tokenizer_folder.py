"""Loads a tokenizer without its model, and checks that one is fit for question generation.

Comes in: a folder with `tokenizer.json` or `vocab.txt`. Goes out: a fast tokenizer with [CLS], [SEP], [MASK], [PAD].

A literal example: `load_tokenizer("runs/teacher")`
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from qgkd.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def load_tokenizer(folder: str | Path) -> PreTrainedTokenizerFast:
    """Load a tokenizer without a model.

    Raises:
        UserError: No tokenizer there, or one that `check_tokenizer` refuses.
    """
    from transformers import AutoTokenizer

    if not Path(folder).is_dir():
        raise UserError(f"{folder}: expected a folder with a tokenizer, found none; check the path")
    try:
        tokenizer = cast("PreTrainedTokenizerFast", AutoTokenizer.from_pretrained(str(folder), local_files_only=True))
    except Exception as error:  # of several libraries
        raise UserError(
            f"{folder}: expected a tokenizer (tokenizer.json or vocab.txt), found none that loads; check the folder"
        ) from error
    check_tokenizer(str(folder), tokenizer, len(tokenizer))
    return tokenizer


def check_tokenizer(name: str, tokenizer: PreTrainedTokenizerFast, vocab_size: int) -> None:
    """Refuse a tokenizer that lacks what question generation needs from it and a model of `vocab_size` tokens.

    Raises:
        UserError: Special tokens or offsets missing, or more tokens than the model knows.
    """
    needed = ("cls_token", "sep_token", "mask_token", "pad_token")
    missing = [token for token in needed if getattr(tokenizer, token) is None]
    if missing:
        raise UserError(f"{name}: expected a tokenizer with [CLS], [SEP], [MASK] and [PAD], found none for {missing}")
    if not tokenizer.is_fast:
        raise UserError(
            f"{name}: expected a fast tokenizer (tokenizer.json or vocab.txt), found {type(tokenizer).__name__}"
        )
    # transformers 5 silently makes an empty tokenizer where the vocabulary file is missing.
    if len(tokenizer) > vocab_size or len(tokenizer) < 10:
        raise UserError(
            f"{name}: expected a tokenizer for the model's {vocab_size} tokens, found {len(tokenizer)}; "
            "restore tokenizer.json or vocab.txt"
        )
