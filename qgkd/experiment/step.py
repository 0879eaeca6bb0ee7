"""One step of an experiment: a run of `qgkd train`, `distill` or `selftrain`, or a student made of a teacher.

Comes in: a `Step`, whose inputs are folders or other steps. Goes out: its folder:

    step.json       what it is, written first
    model/          the result
    config.toml, log.jsonl, checkpoint-N/   as of any run; checkpoints go when the step is done
    done.json       written last

A literal example: `make_step(step, lambda step: Path("runs/two_stage") / step.name)` makes what the step needs, goes on
where an earlier call was killed, and returns the folder of its model.

A step is known by its fingerprint: its settings, the contents of its data and of the model it starts from, or the
fingerprints of the steps those come from. The same step is never made twice in one place.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.experiment.settings import Sections
from qgkd.files.fingerprint import file_sha256, model_sha256
from qgkd.files.json_files import read_json, write_json
from qgkd.training.main_process import is_main, say

_NO_MATTER = {
    "output_dir", "logging_steps", "report_to", "save_total_limit", "dataloader_num_workers", "disable_tqdm",
    "per_device_eval_batch_size", "dataloader_pin_memory", "dataloader_persistent_workers",
}  # fmt: skip
"""Of `[train]`: what changes no weight."""
_OURS = ("checkpoint-*", "model", ".model.*", "runs", "teacher_logits", "config.toml", "log.jsonl", "*.json")


class Kind(StrEnum):
    """What a step does."""

    TRAIN = "train"
    STUDENT = "student"
    DISTILL = "distill"
    SELFTRAIN = "selftrain"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step."""

    name: str
    """For people and folders."""
    kind: Kind
    sections: Sections
    """Its settings; without folders, base and teacher."""
    base: Step | str
    """What it starts from: a step, a folder or a hub name."""
    teacher: Step | str = ""
    """Of a distillation."""

    @cached_property
    def fingerprint(self) -> str:
        """Changes with whatever would change the model."""
        sections = {name: dict(values) for name, values in self.sections.items()}
        sections.get("model", {}).pop("base", None)  # told by what is in it, not by where it lies
        data = sections.get("data", {})
        for key in ("train", "validation", "exclude_articles_of"):
            paths = data.get(key) or ()
            data[key] = [file_digest(path) for path in ([paths] if isinstance(paths, str) else paths)]
        train = sections.get("train", {})
        sections["train"] = {key: value for key, value in train.items() if key not in _NO_MATTER}
        inputs = [_identity(self.base), _identity(self.teacher)]
        values = json.dumps([self.kind, sections, inputs], sort_keys=True, default=str)
        return hashlib.sha256(values.encode()).hexdigest()


Place = Callable[[Step], Path]
"""Where a step's folder is."""


def make_step(step: Step, place: Place, *, force: bool = False) -> Path:
    """Make a step, and before it what it needs.

    Args:
        step: The step.
        place: Tells each step's folder.
        force: Replace a step that was begun with other settings in the same folder.

    Returns:
        The folder of its model.

    Raises:
        UserError: The folder holds the step with other settings, or the run itself refuses.
    """
    folder = place(step)
    if is_done(step, folder):
        return folder / "model"
    base, teacher = (_made(given, place, force) for given in (step.base, step.teacher))
    if not is_main():
        if step.kind is not Kind.STUDENT:
            _run(step, folder, base, teacher)
        _wait_until_done(step, folder)
        return folder / "model"
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        if not is_done(step, folder):
            _begin(step, folder, force)
            began = time.perf_counter()
            _run(step, folder, base, teacher)
            _finish(step, folder, time.perf_counter() - began)
    return folder / "model"


def is_done(step: Step, folder: Path) -> bool:
    """Whether the folder holds exactly this step, finished."""
    return read_json(folder / "done.json").get("fingerprint") == step.fingerprint and (folder / "model").is_dir()


def steps_before(step: Step) -> list[Step]:
    """A step and all it needs, first things first, each once."""
    found: list[Step] = []
    for given in (step.base, step.teacher):
        if isinstance(given, Step):
            found += [each for each in steps_before(given) if each not in found]
    return [*found, step]


def _made(given: Step | str, place: Place, force: bool) -> str:
    return str(make_step(given, place, force=force)) if isinstance(given, Step) else given


def _begin(step: Step, folder: Path, force: bool) -> None:
    begun = read_json(folder / "step.json")
    if begun.get("fingerprint") != step.fingerprint:
        held = any(path for pattern in _OURS for path in folder.glob(pattern))
        if held and not force:
            raise UserError(
                f"{folder}: expected step {step.name} with the same settings and data, found another run; choose "
                "another folder, or replace it by --force"
            )
        for path in [path for pattern in _OURS for path in folder.glob(pattern)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        record = {"fingerprint": step.fingerprint, "name": step.name, "kind": str(step.kind)}
        write_json(folder / "step.json", {**record, "sections": step.sections})
    say(f"step {step.name}: {'going on' if begun.get('fingerprint') == step.fingerprint else 'begun'} in {folder}")


def _finish(step: Step, folder: Path, seconds: float) -> None:
    record = {"fingerprint": step.fingerprint, "name": step.name, "seconds": round(seconds, 1)}
    write_json(folder / "done.json", record)
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)


def _run(step: Step, folder: Path, base: str, teacher: str) -> None:
    from qgkd.experiment.step_runs import run_step

    try:
        run_step(step, folder, base, teacher)
    finally:
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():  # the next step's models need the memory
            gc.collect()
            torch.cuda.empty_cache()


def _wait_until_done(step: Step, folder: Path, limit_s: float = 1800.0) -> None:
    """Of the processes torchrun started the first writes; the others go on when it has."""
    until = time.monotonic() + limit_s
    while not is_done(step, folder):
        if time.monotonic() > until:
            raise UserError(f"{folder}: expected the main process to finish step {step.name}, found it did not; see it")
        time.sleep(0.2)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Two processes that need one step: the second waits for the first, and finds it done."""
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


def _identity(given: Step | str) -> str:
    if isinstance(given, Step):
        return given.fingerprint
    if not given:
        return ""
    folder = Path(given)
    stamp = tuple(sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir())) if folder.is_dir() else ()
    return _model_digest(given, stamp)


def file_digest(path: str) -> str:
    """A file's SHA-256, computed once as long as the file stays as it is."""
    stat = Path(path).stat() if Path(path).exists() else None
    return _digest_of_file(path, None if stat is None else (stat.st_mtime_ns, stat.st_size))


@functools.cache
def _digest_of_file(path: str, stamp: Any) -> str:
    return file_sha256(path)


@functools.cache
def _model_digest(name: str, stamp: Any) -> str:
    return model_sha256(name)
