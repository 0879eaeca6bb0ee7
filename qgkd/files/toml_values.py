"""TOML in and out, with keys and types checked.

Comes in: a TOML file, `section.key=value` overrides. Goes out: plain values, each known and of its field's type; and a
resolved config written back as TOML.

A literal example: `parse_overrides(("train.learning_rate=7e-5",))` is `[("train", "learning_rate", 7e-05)]`.
"""

from __future__ import annotations

import difflib
import json
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from qgkd.errors import UserError


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a file of sections.

    Raises:
        UserError: No such file, or it is not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: expected a TOML file, but: {error.strerror}; check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: expected TOML, found an error: {error}; correct the file") from error


def parse_overrides(overrides: Iterable[str]) -> list[tuple[str, str, Any]]:
    """Split `section.key=value`; the value is read as TOML, and as plain text where it is not TOML.

    Raises:
        UserError: Something without a section, a key or an equals sign.
    """
    parsed = []
    for override in overrides:
        name, equals, text = override.partition("=")
        section, dot, key = name.strip().partition(".")
        if not (equals and dot and section and key):
            raise UserError(f"expected section.key=value, found {override!r}; write it like train.learning_rate=7e-5")
        parsed.append((section, key, _value(text.strip())))
    return parsed


def read_sections(path: str | Path, overrides: Iterable[str]) -> dict[str, Any]:
    """Read a TOML file and apply overrides, which may reach into tables at any depth: `teacher.train.max_steps=100`.

    Raises:
        UserError: As `read_toml` and `parse_overrides`, or an override that reaches into a plain value.
    """
    sections = read_toml(path)
    for section, key, value in parse_overrides(overrides):
        *tables, last = key.split(".")
        place: Any = sections.setdefault(section, {})
        for table in tables:
            place = place.setdefault(table, {}) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            raise UserError(f"expected {section}.{key} to be a value in tables, found a value above it; check its name")
        place[last] = value
    return sections


def check_section(
    file: str, section: str, values: Any, known: type | Mapping[str, Any] | Iterable[str]
) -> dict[str, Any]:
    """Refuse unknown keys and values of another type; lists become tuples where the field is one.

    Args:
        file: Its name, for messages.
        section: The section's name; empty for the sections themselves.
        values: What the section holds.
        known: A dataclass, types by name, or the names alone.

    Raises:
        UserError: With the nearest known key.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"{file}: expected a section [{section}], found {values!r}; write its keys below [{section}]")
    if isinstance(known, type):
        every = typing.get_type_hints(known)
        hints = {field.name: every[field.name] for field in fields(known)}  # type: ignore[arg-type]
    else:
        hints = dict(known) if isinstance(known, Mapping) else dict.fromkeys(known, Any)
    checked = {}
    for key, value in values.items():
        full_name = f"{section}.{key}" if section else f"[{key}]"
        if key not in hints:
            raise UserError(f"{file}: {full_name} is unknown{nearest(key, hints, section)}")
        checked[key] = _typed(f"{file}: {full_name}", value, hints[key])
    return checked


def nearest(key: str, known: Iterable[str], section: str = "") -> str:
    """How an unknown key's sentence ends: the nearest known one, or all of them."""
    names = sorted(known)
    if close := difflib.get_close_matches(key, names, n=1, cutoff=0.5):
        return f"; did you mean {section}{'.' if section else ''}{close[0]}?"
    return f"; known are {', '.join(names[:40])}"


def to_toml(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """Sections as TOML; values that are None are left out, as TOML has none."""
    lines = []
    for name, values in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_written(value)}" for key, value in values.items() if value is not None]
        lines.append("")
    return "\n".join(lines)


def _value(text: str) -> Any:
    try:
        value = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return value["value"] if (len(value) == 1 and not isinstance(value["value"], dict)) or text[:1] == "{" else text


def _typed(full_name: str, value: Any, hint: Any) -> Any:
    """The value as the field's type: a whole number is taken as a number, one text as a list of texts."""
    if hint is Any:
        return value
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if typing.get_origin(option) is tuple:
            kind = typing.get_args(option)[0]
            items = [value] if isinstance(value, str) else value
            if isinstance(items, list | tuple) and all(_is_item(item, kind) for item in items):
                return tuple(kind(item) for item in items)
        elif option is float and type(value) in (int, float):
            return float(value)
        elif type(value) is option:
            return value
        elif option is str and not isinstance(value, dict | list | bool):
            return str(value)
    # TOML has no null: a key is left out
    expected = " or ".join(_type_name(option) for option in options if option is not type(None))
    raise UserError(f"{full_name} must be {expected}, was {value!r}; correct it")


def _is_item(value: Any, kind: type) -> bool:
    return type(value) in (int, float) if kind is float else isinstance(value, kind)


def _type_name(option: Any) -> str:
    if typing.get_origin(option) is not tuple:
        return str(option.__name__)
    return {float: "a list of numbers", int: "a list of whole numbers"}.get(
        typing.get_args(option)[0], "a list of texts"
    )


def _written(value: Any) -> str:
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(key))} = {_written(item)}" for key, item in value.items() if item is not None)
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False)
