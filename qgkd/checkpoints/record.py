"""`qgkd.json`, the record beside a model's weights: its input format, and what it was trained on.

Comes in: a folder or a hub name. Goes out: the record as a dict, and the `InputFormat` to run the model with.

A literal example: `read_record("runs/teacher/model")["format"]["attention"]` is `"prefix"`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgkd.checkpoints.hub_files import hub_file, hub_is_reachable, is_offline
from qgkd.errors import UserError
from qgkd.files.json_files import write_json
from qgkd.model_input.input_format import Attention, InputFormat, Layout

RECORD_NAME = "qgkd.json"


def read_record(name: str, *, local_only: bool | None = None) -> dict[str, Any]:
    """Read `qgkd.json` of a folder or a hub model; empty where there is none.

    For `local_only`, a hub model is looked for in the cache only; None finds out whether the hub can be reached.

    Raises:
        UserError: The file is broken, or the hub cannot be asked whether the model has one.
    """
    if Path(name).is_dir():
        path: Path | None = Path(name) / RECORD_NAME
    else:
        path = _hub_record(name, not hub_is_reachable() if local_only is None else local_only)
    if path is None or not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: expected the JSON that describes the checkpoint, found {error}; restore it") from None
    if not isinstance(record, dict) or not isinstance(record.get("format", {}), dict):
        raise UserError(f"{path}: expected a JSON object with an object 'format'; restore the file")
    return record


def save_record(folder: Path, input_format: InputFormat, **lineage: Any) -> None:
    """Write `qgkd.json` from the input format and what the training adds: data, base, settings."""
    write_json(folder / RECORD_NAME, {"format": input_format.to_json(), **lineage})


def settle_format(name: str, record: dict[str, Any], attention: str | None, layout: str | None) -> InputFormat:
    """Take the recorded format, or the requested one (layout `marked` by default) where none is recorded.

    Raises:
        UserError: Nothing recorded and no attention requested, or a request that contradicts the record.
    """
    if "format" not in record:
        if attention is None:
            raise UserError(
                f"{name}: has no {RECORD_NAME}, so it is unknown how it was trained; say --attention recurrent or "
                "--attention prefix"
            )
        return new_format(attention, layout or "marked")
    input_format = InputFormat.from_json(record["format"])
    for option, value in {"attention": attention, "layout": layout}.items():
        recorded = getattr(input_format, option)
        if value is not None and value != recorded:
            raise UserError(
                f"{name}: was trained with {option} {str(recorded)!r}, asked for {value!r}; leave --{option} out"
            )
    return input_format


def new_format(attention: str, layout: str) -> InputFormat:
    """Default limits with the attention mode and the layout that the command line names."""
    return InputFormat(attention=_choice(Attention, "attention", attention), layout=_choice(Layout, "layout", layout))


def _choice(kind: type[Attention] | type[Layout], option: str, value: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise UserError(f"--{option}: expected one of {[str(member) for member in kind]}, found {value!r}") from None


def _hub_record(name: str, local_only: bool) -> Path | None:
    """Find `qgkd.json` of a hub model; only with HF_HUB_OFFLINE=1 may it stay unknown whether there is one."""
    try:
        return hub_file(name, RECORD_NAME, local_only=local_only)
    except UserError as error:
        if is_offline():
            return None
        raise UserError(
            f"{name}: its {RECORD_NAME}, which says how it was trained, could not be asked for on the hub; try again "
            "with a network, or set HF_HUB_OFFLINE=1 to go by the cache alone"
        ) from error
