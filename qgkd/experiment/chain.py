"""The steps of the recipe, as settings: teacher, student, distillation, self-training.

Comes in: `ChainSettings`. Goes out: `Step`s that name each other as inputs.

A literal example: `Chain(settings).selftrained()` is a step whose base is `distilled()`, whose base is `student()` and
whose teacher is `teacher()`; what is given instead of made stands in their places as a folder's name.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from qgkd.experiment.settings import ChainSettings, RunSettings, Sections, laid_over
from qgkd.experiment.step import Kind, Step


class Chain:
    """Builds steps; makes nothing.

    Args:
        settings: The chain's.
    """

    def __init__(self, settings: ChainSettings) -> None:
        self.settings = settings

    def teacher(self, fraction: float | None = None) -> Step | str:
        """Trained on labels, all layers, on the first part of the questions that its settings or the caller say."""
        settings = self.settings
        if settings.given.teacher:
            return settings.given.teacher
        run = settings.teacher if fraction is None else replace(settings.teacher, fraction=fraction)
        return self.labels("teacher", run, base=str(settings.shared["model"].get("base", "")))

    def student(self, teacher: Step | str | None = None) -> Step | str:
        """The teacher with layers left out, or of another model where it is named."""
        settings = self.settings
        if teacher is None and settings.given.student:
            return settings.given.student
        base = self.teacher() if teacher is None else teacher
        sections: Sections = {"student": asdict(settings.student)}
        if settings.student.drop == "contribution":
            sections["data"] = {"train": _listed(settings.shared["data"].get("train", ()))}
        return Step(name="student", kind=Kind.STUDENT, sections=sections, base=base)

    def distilled(
        self,
        name: str = "distilled",
        run: RunSettings | None = None,
        *,
        teacher: Step | str | None = None,
        student: Step | str | None = None,
        **method: Any,
    ) -> Step | str:
        """The student taught by the teacher; keywords are laid over the method's settings."""
        settings = self.settings
        if run is None and not method and settings.given.distilled:
            return settings.given.distilled
        run = run or settings.distill
        sections = laid_over(settings.shared, run)
        sections["distill"] = {"schedule": "all-layer", **run.method, **method}
        if sections["distill"]["schedule"] != "all-layer":
            sections["evaluation"]["patience"] = 0  # terms follow one another: the logits come last
        teacher = self.teacher() if teacher is None else teacher
        base = self.student() if student is None else student
        return Step(name=name, kind=Kind.DISTILL, sections=sections, base=base, teacher=teacher)

    def selftrained(self, distilled: Step | str | None = None, run: RunSettings | None = None) -> Step:
        """The distilled student gone on with the labels alone."""
        sections = laid_over(self.settings.shared, run or self.settings.selftrain)
        base = self.distilled() if distilled is None else distilled
        return Step(name="selftrained", kind=Kind.SELFTRAIN, sections=sections, base=base)

    def labels(self, name: str, run: RunSettings, *, base: Step | str) -> Step:
        """Any model trained on labels alone."""
        return Step(name=name, kind=Kind.TRAIN, sections=laid_over(self.settings.shared, run), base=base)


def _listed(paths: Any) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)
