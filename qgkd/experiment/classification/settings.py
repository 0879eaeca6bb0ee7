"""What a comparison of classification systems is told: `[compare]`, `[systems.NAME]`.

Comes in: sections of a TOML file. Goes out: `CompareConfig`, `SystemConfig`.

A literal example: `[systems.tinybert]` with `teachers = ["teacher"]`, `start = "tinybert-layers"` and
`method.name = "tinybert-prediction"` is TinyBERT's second stage.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """`[compare]`: what is compared, and where it goes."""

    output_dir: str = ""
    """Folder of the runs and the tables."""
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Every system is trained on every task with each seed. A student learns from the teacher of the same seed, so that
    the standard deviation includes the teacher's and seeds can run apart; a teacher without that seed teaches with its
    first."""
    tasks: tuple[str, ...] = ()
    """Names of `[tasks]` to run, so that tasks can run apart; empty takes all."""
    data_folder: str = ""
    """Folder that the files of `[tasks]` are relative to; empty is the working directory."""
    results: str = ""
    """A second file for what `rows.json` in the folder holds: a row per task, system, seed and metric, written after
    every finished run."""


@dataclass(frozen=True, kw_only=True)
class SystemConfig:
    """`[systems.NAME]`, apart from the sections it overrides."""

    title: str = ""
    """Its name in tables; NAME where empty."""
    teachers: tuple[str, ...] = ()
    """Systems of this file, or model folders; the smaller first."""
    start: str = ""
    """A system of this file whose model it begins from, with all its layers: TinyBERT's second stage begins from its
    first; empty begins from `model.base`."""
    seeds: tuple[int, ...] | None = None
    """Seeds of its own, e.g. one for a teacher that is only there to teach; None takes all."""
