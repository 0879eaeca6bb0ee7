"""The steps of the recipe and what each needs: teacher, student, distillation, self-training.

Comes in: `ChainSettings`. Goes out: `TrainingStep`s that name each other as inputs.

A literal example: `Chain(settings).selftrained()` is a step whose base is `distilled()`, whose base is `student()` and
whose teacher is `teacher()`; a model that is given instead of made stands in their place as a folder's name.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from qgkd.experiment.recipe.settings import ChainSettings, RunSettings, Sections, run_sections
from qgkd.experiment.recipe.training_step import Kind, TrainingStep


class Chain:
    """Builds steps of these settings and trains none."""

    def __init__(self, settings: ChainSettings) -> None:
        self.settings = settings

    def teacher(self, fraction: float | None = None) -> TrainingStep | str:
        """Return the teacher: all layers, trained on labels, on the first `fraction` of the questions."""
        settings = self.settings
        if settings.given.teacher:
            return settings.given.teacher
        run = settings.teacher if fraction is None else replace(settings.teacher, fraction=fraction)
        return self.labels("teacher", run, base=str(settings.shared["model"].get("base", "")))

    def student(self, teacher: TrainingStep | str | None = None) -> TrainingStep | str:
        """Return the student before training: the teacher, or another model that is given, with layers left out."""
        settings = self.settings
        if teacher is None and settings.given.student:
            return settings.given.student
        base = self.teacher() if teacher is None else teacher
        sections: Sections = {"student": asdict(settings.student)}
        if settings.student.drop == "contribution":
            train = settings.shared["data"].get("train", ())
            sections["data"] = {"train": [train] if isinstance(train, str) else list(train)}
        return TrainingStep(name="student", kind=Kind.STUDENT, sections=sections, base=base)

    def distilled(
        self,
        name: str = "distilled",
        run: RunSettings | None = None,
        *,
        teacher: TrainingStep | str | None = None,
        student: TrainingStep | str | None = None,
        **method: Any,
    ) -> TrainingStep | str:
        """Return the student taught by the teacher; keywords override the method's settings."""
        settings = self.settings
        if run is None and not method and settings.given.distilled:
            return settings.given.distilled
        run = run or settings.distill
        sections = run_sections(settings.shared, run)
        sections["distill"] = {"schedule": "all-layer", **run.method, **method}
        if sections["distill"]["schedule"] != "all-layer":
            sections["evaluation"]["patience"] = 0  # the terms join one after another, the logits last
        teacher = self.teacher() if teacher is None else teacher
        base = self.student() if student is None else student
        return TrainingStep(name=name, kind=Kind.DISTILL, sections=sections, base=base, teacher=teacher)

    def selftrained(self, distilled: TrainingStep | str | None = None, run: RunSettings | None = None) -> TrainingStep:
        """Return the distilled student, trained further on the labels alone."""
        sections = run_sections(self.settings.shared, run or self.settings.selftrain)
        base = self.distilled() if distilled is None else distilled
        return TrainingStep(name="selftrained", kind=Kind.SELFTRAIN, sections=sections, base=base)

    def labels(self, name: str, run: RunSettings, *, base: TrainingStep | str) -> TrainingStep:
        """Return any model trained on labels alone."""
        return TrainingStep(name=name, kind=Kind.TRAIN, sections=run_sections(self.settings.shared, run), base=base)
