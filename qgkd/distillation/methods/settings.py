"""A method's settings: checked against its function, and sums of methods.

Comes in: a section of a config as plain values. Goes out: the same, every key known and of its type; and the objectives
of the method.

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
from qgkd.distillation.methods.by_name import METHODS
from qgkd.distillation.objectives.objective import Objective, check_objectives
from qgkd.distillation.objectives.schedule import Schedule
from qgkd.errors import UserError
from qgkd.files.toml_values import check_section, nearest


def check_method(
    values: Mapping[str, Any], source: str = "config", section: str = "method", beside: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Check a section that holds a method's name, or several with `+`, and settings.

    `source` and `section` are the file and the section's name in messages; `beside` are the types of further keys.

    Raises:
        UserError: An unknown method or setting, the nearest known one named; or a value of another type.
    """
    names = method_names(str(values.get("name", "fine-tune")), source)
    hints = {name: settings_of(name) for name in names}
    known: dict[str, Any] = {"name": str, **(beside or {})}
    for each in hints.values():
        known |= each
    given = {key: value for key, value in values.items() if value is not None}  # None is the default of some
    parts = {name: value for name, value in given.items() if name in names}
    checked = check_section(source, section, {key: given[key] for key in given if key not in parts}, known)
    for name, own in parts.items():
        checked[name] = check_section(source, f"{section}.{name}", own, hints[name])
    return {"name": "fine-tune", **checked}


def objectives_of(method: Mapping[str, Any], student: EncoderShape, teacher: EncoderShape) -> list[Objective]:
    """The objectives of a checked `[method]` section.

    Raises:
        UserError: Student, teacher and method do not fit together.
    """
    merged: list[tuple[Objective, Objective]] = []
    for name in method_names(str(method["name"])):
        known = settings_of(name)
        own = {key: value for key, value in method.items() if key in known} | method.get(name, {})
        for objective in METHODS[name](student, teacher, **own):
            _merge(merged, objective, name)
    objectives = [objective for _, objective in merged]
    check_objectives(objectives, student, teacher)
    _check_temperature(method, objectives, student)
    return objectives


def settings_in_full(method: Mapping[str, Any]) -> dict[str, Any]:
    """A checked section with every default written out, for the run folder; those of a sum by method."""
    names = method_names(str(method["name"]))
    full = {name: {key: _value(method, name, key) for key in settings_of(name)} for name in names}
    return {"name": method["name"], **(full[names[0]] if len(names) == 1 else full)}


def schedule_of(method: Mapping[str, Any]) -> tuple[Schedule, tuple[float, ...] | None]:
    """Which terms of a checked section are active when, and where its stages end."""
    for name in method_names(str(method["name"])):
        schedule = Schedule(_value(method, name, "schedule") or Schedule.ALL_LAYER)
        if schedule is not Schedule.ALL_LAYER:
            return schedule, _value(method, name, "stage_ends")
    return Schedule.ALL_LAYER, None


def _value(method: Mapping[str, Any], name: str, key: str) -> Any:
    """A setting as given for the method alone, for all methods, by the method's name, or by default."""
    parameter = inspect.signature(METHODS[name]).parameters.get(key)
    default = None if parameter is None else parameter.default
    given = method.get(key, default) if key in settings_of(name) else default
    return method.get(name, {}).get(key, given)


def has_temperature(objectives: Sequence[Objective]) -> bool:
    """Whether any term softens distributions."""
    return any(hasattr(getattr(each, "objective", each), "distill_temperature") for each in objectives)


def _check_temperature(method: Mapping[str, Any], objectives: Sequence[Objective], student: EncoderShape) -> None:
    """Refuse a temperature for squared errors of logits, in which it would cancel: T² |s/T - t/T|² is |s - t|²."""
    if has_temperature(objectives) or student.outputs == 1:  # of a score there is no other loss
        return
    for name in method_names(str(method["name"])):
        known = settings_of(name)
        if "distill_temperature" not in known or _value(method, name, "logits_loss") != "mse":
            continue
        given = _value(method, name, "distill_temperature")
        default = inspect.signature(METHODS[name]).parameters["distill_temperature"].default
        if given != default:
            raise UserError(
                f"{name}: expected no distill_temperature with logits_loss 'mse', in which it cancels, found "
                f"{given:g}; leave it out, or set logits_loss to kl"
            )


def _merge(merged: list[tuple[Objective, Objective]], objective: Objective, method: str) -> None:
    """Add a term to those there are; each beside itself without its weight."""
    bare = replace(objective, weight=1.0)
    for place, (other, named) in enumerate(merged):
        if other == bare:
            merged[place] = (other, replace(named, weight=named.weight + objective.weight))
            return
    if any(named.name == objective.name for _, named in merged):
        objective = replace(objective, name=f"{method}_{objective.name}")
    merged.append((bare, objective))


def method_names(written: str, source: str = "config") -> list[str]:
    """The methods of a sum.

    Raises:
        UserError: An unknown one, one twice, or fine-tuning beside another.
    """
    names = [name.strip() for name in written.split("+")]
    for name in names:
        if name not in METHODS:
            raise UserError(f"{source}: method {name!r} is unknown{nearest(name, METHODS)}")
    if len(set(names)) < len(names):
        raise UserError(f"{source}: expected every method of a sum once, found {written!r}; correct method.name")
    if "fine-tune" in names and len(names) > 1:
        raise UserError(f"{source}: every other method has the labels' term: leave fine-tune out of {written!r}")
    return names


def settings_of(name: str) -> dict[str, Any]:
    """A method's settings and their types, without those that its name fixes."""
    method = METHODS[name]
    fixed = set(method.keywords) if isinstance(method, partial) else set()
    function = method.func if isinstance(method, partial) else method
    hints = typing.get_type_hints(function)
    keywords = [each.name for each in inspect.signature(function).parameters.values() if each.kind is each.KEYWORD_ONLY]
    return {key: hints[key] for key in keywords if key not in fixed}
