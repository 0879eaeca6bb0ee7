"""A model folder: weights, tokenizer, and `qgkd.json`, which says how they are to be used.

Comes in: a folder or a hub name. Goes out: `Checkpoint`. The folder is a plain `save_pretrained` folder that
`transformers` loads without us.

A literal example: `load_checkpoint("bert-base-chinese", attention="prefix", layout="marked")`
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qgkd.checkpoints.hub_files import hub_answers, hub_file, is_offline
from qgkd.checkpoints.lean_tokenizer import read_lean_tokenizer
from qgkd.checkpoints.tokenizer_folder import check_tokenizer
from qgkd.errors import UserError
from qgkd.files.json_files import write_json
from qgkd.model_input.input_format import Attention, InputFormat, Layout

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from qgkd.checkpoints.lean_bert import LeanBert

RECORD_NAME = "qgkd.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Everything needed to write questions with a model."""

    name: str
    """The folder's or the hub model's name."""
    model: PreTrainedModel
    """In eval mode, on the CPU, in the dtype asked for."""
    tokenizer: PreTrainedTokenizerFast
    input_format: InputFormat
    record: dict[str, Any]
    """All of `qgkd.json`: format, lineage, data, figures; empty for a model that is not ours."""


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
        attention: `recurrent` or `prefix`; required where the checkpoint has no `qgkd.json`, and refused where it says
            otherwise.
        layout: `plain`, `marked` or `shared`; likewise, `marked` where nothing is said.
        attn_implementation: `sdpa` or `eager`; transformers chooses by itself where None.
        lean: Of a folder in mode `prefix`, read what decoding needs without transformers' model classes, where that is
            enough (`qgkd.checkpoints.lean_bert`, `qgkd.checkpoints.lean_tokenizer`). Not for training.

    Raises:
        UserError: Nothing there, no network, no masked language model, no fast tokenizer, or a format that the
            checkpoint was not trained for.
    """
    name = str(name_or_folder)
    local_only = not Path(name).exists() and not hub_answers()
    check_place(name, local_only)
    record = read_record(name, local_only=local_only)
    input_format = _settle_format(name, record, attention, layout)
    lean_model = _lean_model(name) if lean and input_format.attention is Attention.PREFIX else None
    lean_tokenizer = None if lean_model is None else read_lean_tokenizer(name)
    if lean_model is not None and lean_tokenizer is not None:
        model, tokenizer = cast("PreTrainedModel", lean_model), cast("PreTrainedTokenizerFast", lean_tokenizer)
    else:
        model, tokenizer = _load_pretrained(name, attn_implementation, local_only, lean_model)
    check_tokenizer(name, tokenizer, model.config.vocab_size)
    types = getattr(model.config, "type_vocab_size", 0)
    if input_format.attention is Attention.PREFIX and (model.config.model_type != "bert" or types < 2):
        raise UserError(
            f"{name}: attention 'prefix' needs a BertForMaskedLM with two token types, found model type "
            f"{model.config.model_type!r} with {types}; use --attention recurrent"
        )
    limit = _position_limit(model) or input_format.max_total_tokens
    if limit < input_format.max_total_tokens and "format" in record:
        raise UserError(
            f"{name}: its {RECORD_NAME} allows {input_format.max_total_tokens} tokens, its weights have {limit} "
            f"positions; correct {RECORD_NAME}"
        )
    if limit < input_format.max_total_tokens:
        input_format = replace(input_format, max_total_tokens=limit)
    return Checkpoint(
        name=short_name(name), model=model.eval(), tokenizer=tokenizer, input_format=input_format, record=record
    )


def short_name(name: str) -> str:
    """What a table calls a model: a hub name, a folder's own name, or that of the run whose `model` it is."""
    if not Path(name).is_dir():
        return name
    folder = Path(name).resolve()
    of_run = folder.name == "model" and (folder.parent / "config.toml").is_file()
    return folder.parent.name if of_run else folder.name


def save_record(folder: Path, input_format: InputFormat, **lineage: Any) -> None:
    """Write `qgkd.json` beside the weights: the format, and whatever the training has to say for itself."""
    write_json(folder / RECORD_NAME, {"format": input_format.to_json(), **lineage})


def read_record(name: str, *, local_only: bool | None = None) -> dict[str, Any]:
    """`qgkd.json` of a folder or a hub model; empty where there is none.

    Args:
        name: The folder or hub name.
        local_only: Of a hub model, look in the cache alone; None finds out whether the hub answers.

    Raises:
        UserError: The file is broken, or it cannot be known whether a hub model has one.
    """
    if Path(name).is_dir():
        path: Path | None = Path(name) / RECORD_NAME
    else:
        path = _hub_record(name, not hub_answers() if local_only is None else local_only)
    if path is None or not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: expected the JSON that describes the checkpoint, found {error}; restore it") from None
    if not isinstance(record, dict) or not isinstance(record.get("format", {}), dict):
        raise UserError(f"{path}: expected a JSON object with an object 'format'; restore the file")
    return record


def new_format(attention: str, layout: str) -> InputFormat:
    """The default limits with an attention mode and a layout as the command line names them."""
    return InputFormat(attention=_choice(Attention, "attention", attention), layout=_choice(Layout, "layout", layout))


def _settle_format(name: str, record: dict[str, Any], attention: str | None, layout: str | None) -> InputFormat:
    """The recorded format, or the one asked for where nothing is recorded; never one against the other."""
    if "format" not in record:
        if attention is None:
            raise UserError(
                f"{name}: has no {RECORD_NAME}, so it is unknown how it was trained; say --attention recurrent or "
                "--attention prefix"
            )
        return new_format(attention, layout or "marked")
    input_format = InputFormat.from_json(record["format"])
    asked = {"attention": attention, "layout": layout}
    for option, value in asked.items():
        recorded = getattr(input_format, option)
        if value is not None and value != recorded:
            raise UserError(
                f"{name}: was trained with {option} {str(recorded)!r}, asked for {value!r}; leave --{option} out"
            )
    return input_format


def _choice(kind: type[Attention] | type[Layout], option: str, value: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise UserError(f"--{option}: expected one of {[str(member) for member in kind]}, found {value!r}") from None


def check_place(name: str, local_only: bool) -> None:
    """Refuse a name that leads nowhere before anything else is said about it.

    Args:
        name: A folder, or a hub name.
        local_only: Of a hub model, look in the cache alone.

    Raises:
        UserError: No `config.json` there.
    """
    if Path(name).exists() and name:
        if not (Path(name) / "config.json").is_file():
            raise UserError(f"{name}: expected a folder with config.json, found none; give the model's own folder")
    elif not name or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise UserError(
            f"{name or repr(name)}: there is no such folder; give a model's folder or a hub name (bert-base-chinese)"
        )
    elif hub_file(name, "config.json", local_only=local_only) is None:
        raise UserError(f"{name}: expected a model with config.json on the hub, found none; check the name")


def _hub_record(name: str, local_only: bool) -> Path | None:
    """`qgkd.json` of a hub model. Only a user who works offline may go on without knowing whether there is one."""
    try:
        return hub_file(name, RECORD_NAME, local_only=local_only)
    except UserError as error:
        if is_offline():
            return None
        raise UserError(
            f"{name}: its {RECORD_NAME}, which says how it was trained, could not be asked for on the hub; try again "
            "with a network, or set HF_HUB_OFFLINE=1 to go by the cache alone"
        ) from error


def _lean_model(name: str) -> LeanBert | None:
    from qgkd.checkpoints.lean_bert import read_lean_bert  # torch is not imported before it is needed

    return read_lean_bert(name)


def _load_pretrained(
    name: str, attn_implementation: str | None, local_only: bool, loaded: Any = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    from transformers import AutoTokenizer
    from transformers.utils import logging as transformers_logging

    options: dict[str, Any] = {"local_files_only": local_only}
    if attn_implementation is not None:
        options["attn_implementation"] = attn_implementation
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()  # what matters of its report is checked below
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=local_only)
        if loaded is not None:
            return loaded, cast("PreTrainedTokenizerFast", tokenizer)
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
    """The most tokens a row may have; RoBERTa's kind counts positions from behind its padding index."""
    positions = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions < 1:
        return None
    embeddings = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    padding = getattr(embeddings, "padding_idx", None)
    return positions if padding is None else positions - padding - 1
