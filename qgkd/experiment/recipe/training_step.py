"""A step of the recipe: a run of `qgkd train`, `distill` or `selftrain`, or a student made of a teacher.

Comes in: settings, and what the step starts and learns from: folders, hub names or other steps. Goes out: a folder:

    step.json       what it is, written first
    model/          the result
    config.toml, log.jsonl, checkpoint-N/   as of any run; checkpoints go when the step is done
    done.json       written last

A literal example: `TrainingStep(name="distilled", kind=Kind.DISTILL, sections=sections, base=student, teacher=teacher)`
is `qgkd distill` with `model.base` the student and `distill.teacher` the teacher.

A step is known by its fingerprint: its settings, the contents of its data and of the model it starts from, or the
fingerprints of the steps those come from. The same step is never made twice in one place.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from qgkd.distillation.config import DistillRun, StudentConfig, make_distill_run
from qgkd.errors import UserError
from qgkd.experiment.engine.step import Place
from qgkd.experiment.recipe.settings import SHARED, Sections, without_sizes
from qgkd.experiment.recipe.student import write_student
from qgkd.files.fingerprint import file_sha256, model_sha256
from qgkd.files.json_files import read_json, write_json
from qgkd.training.config import TrainConfig, make_config
from qgkd.training.main_process import is_main, say

_NO_EFFECT = {
    "output_dir", "logging_steps", "report_to", "save_total_limit", "dataloader_num_workers", "disable_tqdm",
    "per_device_eval_batch_size", "dataloader_pin_memory", "dataloader_persistent_workers",
}  # fmt: skip
"""Settings of `[train]` that change no weight."""
_WRITTEN = ("checkpoint-*", "model", ".model.*", "runs", "teacher_logits", "config.toml", "log.jsonl", "*.json")


class Kind(StrEnum):
    """What a step does."""

    TRAIN = "train"
    STUDENT = "student"
    DISTILL = "distill"
    SELFTRAIN = "selftrain"


@dataclass(frozen=True, kw_only=True)
class TrainingStep:
    """One step of the recipe."""

    name: str
    kind: Kind
    sections: Sections
    """Its settings; without folders, base and teacher."""
    base: TrainingStep | str
    """What it starts from: a step, a folder or a hub name."""
    teacher: TrainingStep | str = ""
    """Of a distillation."""

    @property
    def inputs(self) -> tuple[TrainingStep, ...]:
        """Base and teacher, where they are steps."""
        return tuple(each for each in (self.base, self.teacher) if isinstance(each, TrainingStep))

    @cached_property
    def fingerprint(self) -> str:
        """Digest that changes with whatever would change the model."""
        sections = {name: dict(values) for name, values in self.sections.items()}
        sections.get("model", {}).pop("base", None)  # known by its contents, not by its folder
        data = sections.get("data", {})
        for key in ("train", "validation", "exclude_articles_of"):
            paths = data.get(key) or ()
            data[key] = [file_digest(path) for path in ([paths] if isinstance(paths, str) else paths)]
        train = sections.get("train", {})
        sections["train"] = {key: value for key, value in train.items() if key not in _NO_EFFECT}
        inputs = [_identity(self.base), _identity(self.teacher)]
        values = json.dumps([self.kind, sections, inputs], sort_keys=True, default=str)
        return hashlib.sha256(values.encode()).hexdigest()

    def is_done(self, folder: Path) -> bool:
        """Whether the folder holds exactly this step, finished."""
        return read_json(folder / "done.json").get("fingerprint") == self.fingerprint and (folder / "model").is_dir()

    def check(self, folder: Path) -> None:
        """Check the settings of a step that is still to be made."""
        if self.is_done(folder) or self.kind is Kind.STUDENT:
            return
        from qgkd.training.arguments import training_arguments

        nowhere = Path("not-written")
        if self.kind is Kind.DISTILL:
            training_arguments(self._distill_run(nowhere, "student", "teacher").train)
        else:
            training_arguments(self._train_config(nowhere, self.base if isinstance(self.base, str) else "base"))

    def make(self, folder: Path, place: Place, *, force: bool) -> None:
        """Train, or drop the teacher's layers, between writing `step.json` and `done.json`."""
        if is_main():
            self._begin(folder, force)
        began = time.perf_counter()
        base, teacher = (
            str(place(each) / "model") if isinstance(each, TrainingStep) else each for each in (self.base, self.teacher)
        )
        self._run(folder, base, teacher)
        if is_main():
            seconds = round(time.perf_counter() - began, 1)
            write_json(folder / "done.json", {"fingerprint": self.fingerprint, "name": self.name, "seconds": seconds})
            for checkpoint in folder.glob("checkpoint-*"):
                shutil.rmtree(checkpoint)

    def _begin(self, folder: Path, force: bool) -> None:
        begun = read_json(folder / "step.json").get("fingerprint") == self.fingerprint
        if not begun:
            written = [path for pattern in _WRITTEN for path in folder.glob(pattern)]
            if written and not force:
                raise UserError(
                    f"{folder}: expected step {self.name} with the same settings and data, found another run; choose "
                    "another folder, or replace it by --force"
                )
            for path in written:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            record = {"fingerprint": self.fingerprint, "name": self.name, "kind": str(self.kind)}
            write_json(folder / "step.json", {**record, "sections": self.sections})
        say(f"step {self.name}: {'going on' if begun else 'begun'} in {folder}")

    def _run(self, folder: Path, base: str, teacher: str) -> None:
        if self.kind is Kind.STUDENT:
            if is_main():
                settings, data = StudentConfig(**self.sections["student"]), self.sections.get("data", {}).get("train")
                write_student(base, folder / "model", settings.layers, settings.drop, data=data[0] if data else None)
            return
        from qgkd.distillation.run import distill, self_train
        from qgkd.training.run import run_training

        resume = (folder / "config.toml").is_file()  # written when the training begins
        if self.kind is Kind.DISTILL:
            distill(self._distill_run(folder, base, teacher), resume=resume)
        elif self.kind is Kind.SELFTRAIN:
            self_train(self._train_config(folder, base), resume=resume)
        else:
            run_training(self._train_config(folder, base), resume=resume)

    def _train_config(self, folder: Path, base: str) -> TrainConfig:
        return make_config(self._complete_sections(folder, base), f"step {self.name}")

    def _distill_run(self, folder: Path, base: str, teacher: str) -> DistillRun:
        sections = self._complete_sections(folder, base)
        sections["distill"] = {**self.sections["distill"], "teacher": teacher}
        return make_distill_run(sections, f"step {self.name}")

    def _complete_sections(self, folder: Path, base: str) -> Sections:
        sections = {name: dict(self.sections.get(name, {})) for name in SHARED}
        sections["model"] = {**(without_sizes(sections["model"]) if base else sections["model"]), "base": base}
        sections["train"]["output_dir"] = str(folder)
        return sections


def file_digest(path: str) -> str:
    """Return a file's SHA-256, computed once as long as the file stays as it is."""
    stat = Path(path).stat() if Path(path).exists() else None
    return _digest_of_file(path, None if stat is None else (stat.st_mtime_ns, stat.st_size))


def _identity(given: TrainingStep | str) -> str:
    if isinstance(given, TrainingStep):
        return given.fingerprint
    if not given:
        return ""
    folder = Path(given)
    stamp = tuple(sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir())) if folder.is_dir() else ()
    return _digest_of_model(given, stamp)


@functools.cache
def _digest_of_file(path: str, stamp: Any) -> str:
    return file_sha256(path)


@functools.cache
def _digest_of_model(name: str, stamp: Any) -> str:
    return model_sha256(name)
