"""A step of an experiment: one training, made once, however many rows of the table need its model.

Comes in: a `Step`, whose inputs are other steps. Goes out: its folder, the result in `model/`.

A literal example: `make_step(step, lambda step: Path("runs/two_stage") / step.name)` first makes what the step needs,
resumes where an earlier call was killed, and returns the folder of its model.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from qgkd.errors import UserError
from qgkd.training.main_process import is_main, say


class Step(Protocol):
    """One training. What it trains, and how its folder records that, its class knows."""

    @property
    def name(self) -> str:
        """For progress and errors."""

    @property
    def inputs(self) -> tuple[Step, ...]:
        """The steps whose models this one starts from or learns from."""

    def is_done(self, folder: Path) -> bool:
        """Whether the folder holds the finished step."""

    def check(self, folder: Path) -> None:
        """Raise `UserError` for a mistake in the settings, before hours of other steps."""

    def make(self, folder: Path, place: Place, *, force: bool) -> None:
        """Train in the folder, which exists, or resume there; the inputs are done. Every process of torchrun calls it.

        Raises:
            UserError: The folder holds another run and `force` is False, or the training refuses.
        """


Place = Callable[[Any], Path]
"""Gives each step's folder."""


def make_step(step: Step, place: Place, *, force: bool = False) -> Path:
    """Make a step, and before it what it needs; `force` replaces what was begun with other settings.

    Returns:
        The folder of its model.

    Raises:
        UserError: As `Step.make`.
    """
    folder = place(step)
    if step.is_done(folder):
        return folder / "model"
    for each in step.inputs:
        make_step(each, place, force=force)
    if is_main():
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            if not step.is_done(folder):
                _make(step, folder, place, force)
    else:
        _make(step, folder, place, force)
        _wait_until_done(step, folder)
    return folder / "model"


def steps_before(step: Step) -> list[Step]:
    """List a step and all it needs, inputs first, each once."""
    found: list[Step] = []
    for each in step.inputs:
        found += [earlier for earlier in steps_before(each) if earlier not in found]
    return [*found, step]


def _make(step: Step, folder: Path, place: Place, force: bool) -> None:
    try:
        step.make(folder, place, force=force)
    finally:
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():  # the next step's models need the memory
            gc.collect()
            torch.cuda.empty_cache()


def _wait_until_done(step: Step, folder: Path, limit_s: float = 1800.0) -> None:
    """Wait for the main process, the only one of torchrun's that writes."""
    until = time.monotonic() + limit_s
    while not step.is_done(folder):
        if time.monotonic() > until:
            raise UserError(f"{folder}: expected the main process to finish {step.name}, found it did not; see it")
        time.sleep(0.2)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second process that needs the step waiting; it then finds the step done."""
    try:
        import fcntl
    except ImportError:  # Windows: one process at a time
        yield
        return
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"{folder}: another process is at this step; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
