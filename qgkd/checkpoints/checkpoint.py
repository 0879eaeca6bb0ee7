"""Loads a model folder: weights, tokenizer, and the record `qgkd.json` with its input format.

Comes in: a folder or a hub name. Goes out: `Checkpoint`. The folder is a plain `save_pretrained` folder that
`transformers` loads without this package.

A literal example: `load_checkpoint("bert-base-chinese", attention="prefix", layout="marked")`
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qgkd.checkpoints.hub_files import cache_only, hub_file
from qgkd.checkpoints.lean_tokenizer import read_lean_tokenizer
from qgkd.checkpoints.record import RECORD_NAME, read_record, settle_format
from qgkd.checkpoints.tokenizer_folder import check_tokenizer
from qgkd.errors import UserError
from qgkd.model_input.input_format import Attention, InputFormat

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A model with everything needed to write questions with it."""

    name: str
    """The folder's or the hub model's name."""
    model: PreTrainedModel
    """In eval mode; float32 on the CPU until `qgkd.checkpoints.precision.place` moves it."""
    tokenizer: PreTrainedTokenizerFast
    input_format: InputFormat
    record: dict[str, Any]
    """All of `qgkd.json`: format, lineage, data, scores; empty for a model that this package did not train."""


def load_checkpoint(
    name_or_folder: str | Path,
    *,
    attention: str | None = None,
    layout: str | None = None,
    attn_implementation: str | None = None,
    lean: bool = False,
) -> Checkpoint:
    """Load a masked language model for question generation.

    Args:
        name_or_folder: A `save_pretrained` folder, or a model name of the Hugging Face hub.
        attention: `recurrent` or `prefix`; required where the checkpoint has no `qgkd.json`, refused where it
            contradicts the record.
        layout: `plain`, `marked` or `shared`; likewise, `marked` where neither names one.
        attn_implementation: `sdpa` or `eager`; None leaves the choice to transformers.
        lean: For decoding in attention mode `prefix` only: load without transformers' model classes where that is
            possible (`qgkd.checkpoints.lean_bert`, `qgkd.checkpoints.lean_tokenizer`).

    Raises:
        UserError: No such model, no network, no masked language model, no fast tokenizer, or a format that the
            checkpoint was not trained for.
    """
    name = str(name_or_folder)
    local_only = cache_only(name)
    check_model_exists(name, local_only)
    record = read_record(name, local_only=local_only)
    input_format = settle_format(name, record, attention, layout)
    model, tokenizer = _load(
        name, attn_implementation, local_only, lean=lean and input_format.attention is Attention.PREFIX
    )
    check_tokenizer(name, tokenizer, model.config.vocab_size)
    token_types = getattr(model.config, "type_vocab_size", 0)
    if input_format.attention is Attention.PREFIX and (model.config.model_type != "bert" or token_types < 2):
        raise UserError(
            f"{name}: attention 'prefix' needs a BertForMaskedLM with two token types, found model type "
            f"{model.config.model_type!r} with {token_types}; use --attention recurrent"
        )
    limit = _position_limit(model) or input_format.max_total_tokens
    if limit < input_format.max_total_tokens:
        if "format" in record:
            raise UserError(
                f"{name}: its {RECORD_NAME} allows {input_format.max_total_tokens} tokens, its weights have {limit} "
                f"positions; correct {RECORD_NAME}"
            )
        input_format = replace(input_format, max_total_tokens=limit)
    return Checkpoint(
        name=short_name(name), model=model.eval(), tokenizer=tokenizer, input_format=input_format, record=record
    )


def short_name(name: str) -> str:
    """The name of a model in tables: the hub name, the folder's, or the run's whose `model` folder it is."""
    if not Path(name).is_dir():
        return name
    folder = Path(name).resolve()
    of_run = folder.name == "model" and (folder.parent / "config.toml").is_file()
    return folder.parent.name if of_run else folder.name


def check_model_exists(name: str, local_only: bool) -> None:
    """Raise `UserError` for a folder or hub name without a `config.json`, before anything is loaded."""
    if Path(name).exists() and name:
        if not (Path(name) / "config.json").is_file():
            raise UserError(f"{name}: expected a folder with config.json, found none; give the model's own folder")
    elif not name or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise UserError(
            f"{name or repr(name)}: there is no such folder; give a model's folder or a hub name (bert-base-chinese)"
        )
    elif hub_file(name, "config.json", local_only=local_only) is None:
        raise UserError(f"{name}: expected a model with config.json on the hub, found none; check the name")


def _load(
    name: str, attn_implementation: str | None, local_only: bool, *, lean: bool
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """The model and its tokenizer; lean ones where wanted and possible, each else by transformers."""
    model: Any = None
    if lean:
        from qgkd.checkpoints.lean_bert import read_lean_bert  # imports torch, which `read_record` does not need

        model = read_lean_bert(name)
        tokenizer = None if model is None else read_lean_tokenizer(name)
        if tokenizer is not None:
            return model, cast("PreTrainedTokenizerFast", tokenizer)
    return _load_pretrained(name, attn_implementation, local_only, model)


def _load_pretrained(
    name: str, attn_implementation: str | None, local_only: bool, model: Any
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Load with transformers; a model that is already loaded is kept."""
    from transformers import AutoTokenizer
    from transformers.utils import logging as transformers_logging

    options: dict[str, Any] = {"local_files_only": local_only}
    if attn_implementation is not None:
        options["attn_implementation"] = attn_implementation
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()  # missing weights, the part of its report that matters, raise below
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=local_only)
        if model is not None:
            return model, cast("PreTrainedTokenizerFast", tokenizer)
        from transformers import AutoModelForMaskedLM

        model, report = AutoModelForMaskedLM.from_pretrained(name, dtype="float32", output_loading_info=True, **options)
    except Exception as error:  # of several libraries: damaged weights, another architecture, no network
        raise UserError(_load_failure(name, error)) from error
    finally:
        transformers_logging.set_verbosity(verbosity)
    missing = sorted(report["missing_keys"])
    if missing:  # they would be random numbers
        raise UserError(
            f"{name}: expected the weights of a masked language model, found none for {missing[0]} and "
            f"{len(missing) - 1} more; give a folder that was saved with its head"
        )
    return model, cast("PreTrainedTokenizerFast", tokenizer)


def _load_failure(name: str, error: Exception) -> str:
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines and not isinstance(error, KeyError) else f"{type(error).__name__} {error}".strip()
    if "ignore_mismatched_sizes" in reason:
        reason = "the weights have other sizes than its config.json says"
    return f"{name}: expected a masked language model with its tokenizer, found one that does not load: {reason}"


def _position_limit(model: PreTrainedModel) -> int | None:
    """The most tokens a row may have; RoBERTa-type models count positions from after their padding index."""
    positions = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions < 1:
        return None
    embeddings = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    padding = getattr(embeddings, "padding_idx", None)
    return positions if padding is None else positions - padding - 1
