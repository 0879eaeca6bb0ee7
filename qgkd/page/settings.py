"""Settings of the page's server.

Comes in: the options of `qgkd app`, handed over in the environment as JSON. Goes out: `PageSettings`.

A literal example: `PageSettings(models=("runs/student",)).to_environment()` is
`{"QGKD_PAGE": '{"state_folder": "…", "models": ["runs/student"], …}'}`.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "QGKD_PAGE"


def default_state_folder() -> str:
    """Where quizzes are kept: the user's own folder for state, as the XDG specification names it."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return str(Path(base) / "qgkd" / "quizzes")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """Settings of the person who starts the server."""

    state_folder: str = dataclasses.field(default_factory=default_state_folder)
    """Folder of the visitors' quizzes."""
    keep_days: int = 60
    """Quizzes not opened for so long are removed."""
    models: tuple[str, ...] = ()
    """Model folders or hub names that visitors may choose from, the first the default."""
    any_model: bool = False
    """Whether visitors may type a folder or hub name of their own; for one's own machine only."""
    at_once: int = 1
    """How many visitors are served at the same moment; the others wait in turn."""
    most_waiting: int = 100
    """Longest queue; later visitors are told to retry."""
    max_chars: int = 200_000
    """Longest text, in characters."""
    max_upload_mb: int = 20
    """Largest upload, in MB."""
    most_questions: int = 100
    """Most questions of one order."""

    def to_environment(self) -> dict[str, str]:
        """The settings as an environment variable for the server's process."""
        return {VARIABLE: json.dumps(dataclasses.asdict(self))}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> PageSettings:
        """Read what `to_environment` wrote; the defaults where there is nothing."""
        values = json.loads((os.environ if environment is None else environment).get(VARIABLE, "{}"))
        if "models" in values:
            values["models"] = tuple(values["models"])
        return cls(**values)
