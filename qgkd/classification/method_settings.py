"""A method's settings: checked against its function, and sums of methods.

Comes in: the `[method]` section as plain values. Goes out: the same, every key known and of its type; and the
objectives it stands for.

A literal example: `{"name": "pkd-skip+ckd", "distill_temperature": 5.0, "ckd": {"alpha": 0.5}}` is PKD and CKD, both at
T = 5, CKD with alpha 0.5: the sum of both losses. Terms that are equal but for their weights are one term, with the sum
of the weights.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.classification.methods import METHODS
from qgkd.distillation.objectives.objective import Objective, check_objectives
from qgkd.errors import UserError
from qgkd.files.toml_values import check_section, nearest

_FIRST = {"name": str}


def check_method(values: Mapping[str, Any], told: str = "config") -> dict[str, Any]:
    """Check the `[method]` section.

    Raises:
        UserError: An unknown method or setting, the nearest known one named; or a value of another type.
    """
    names = _names(str(values.get("name", "fine-tune")), told)
    hints = {name: _settings_of(name) for name in names}
    known = {**_FIRST, **{key: hint for each in hints.values() for key, hint in each.items()}}
    parts = {name: value for name, value in values.items() if name in names}
    checked = check_section(told, "method", {key: values[key] for key in values if key not in parts}, known)
    for name, own in parts.items():
        checked[name] = check_section(told, f"method.{name}", own, hints[name])
    return {"name": "fine-tune", **checked}


def objectives_of(method: Mapping[str, Any], student: EncoderShape, teacher: EncoderShape) -> list[Objective]:
    """The objectives of a checked `[method]` section.

    Raises:
        UserError: Student, teacher and method do not fit together.
    """
    merged: list[tuple[Objective, Objective]] = []
    names = _names(str(method["name"]))
    for name in names:
        known = _settings_of(name)
        own = {key: value for key, value in method.items() if key in known} | method.get(name, {})
        for objective in METHODS[name](student, teacher, **own):
            _merge(merged, objective, name)
    objectives = [objective for _, objective in merged]
    check_objectives(objectives, student, teacher)
    return objectives


def settings_in_full(method: Mapping[str, Any]) -> dict[str, Any]:
    """A checked section with every default written out, for the run folder; those of a sum by method."""
    names = _names(str(method["name"]))
    full = {}
    for name in names:
        known, signature = _settings_of(name), inspect.signature(METHODS[name])
        given = {key: value for key, value in method.items() if key in known} | method.get(name, {})
        full[name] = {key: given.get(key, signature.parameters[key].default) for key in known}
    return {"name": method["name"], **(full[names[0]] if len(names) == 1 else full)}


def _merge(merged: list[tuple[Objective, Objective]], objective: Objective, method: str) -> None:
    """Add a term to those there are; each is kept with what it is apart from weight and name."""
    bare = _bare(objective)
    for place, (other, held) in enumerate(merged):
        if other == bare:
            merged[place] = (other, replace(held, weight=held.weight + objective.weight))
            return
    if any(held.name == objective.name for _, held in merged):
        objective = replace(objective, name=f"{method}_{objective.name}")
    merged.append((bare, objective))


def _bare(objective: Objective) -> Objective:
    return replace(objective, weight=1.0)


def _names(written: str, told: str = "config") -> list[str]:
    names = [name.strip() for name in written.split("+")]
    for name in names:
        if name not in METHODS:
            raise UserError(f"{told}: method {name!r} is unknown{nearest(name, METHODS)}")
    if len(set(names)) < len(names):
        raise UserError(f"{told}: expected every method of a sum once, found {written!r}; correct method.name")
    if "fine-tune" in names and len(names) > 1:
        raise UserError(f"{told}: every other method has the labels' term: leave fine-tune out of {written!r}")
    return names


def _settings_of(name: str) -> dict[str, Any]:
    """A method's settings and their types; those its name has settled are none."""
    method = METHODS[name]
    settled: Sequence[str] = list(method.keywords) if isinstance(method, partial) else []
    function = method.func if isinstance(method, partial) else method
    hints = typing.get_type_hints(function)
    keywords = [each.name for each in inspect.signature(function).parameters.values() if each.kind is each.KEYWORD_ONLY]
    return {key: hints[key] for key in keywords if key not in settled}
