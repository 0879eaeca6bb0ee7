"""The comparison of question generation systems: every model made once, scored on validation, last on the test set.

Comes in: `CompareSettings`, which names systems and seeds. Goes out, in the folder:

    questions/              training and validation questions, where they were drawn
    steps/KIND-DIGEST/      one per training, whichever rows need it; with the scores of its model
    steps/rule-DIGEST/      the rule's scores
    timing.json, final.json
    table.md, table.csv, tree.png, quality.png, and the JSON of all rows (`report`)

A literal example: `Comparison(settings).run(cells)` makes what these cells need and no more.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import qgkd
from qgkd.checkpoints.record import read_record
from qgkd.errors import UserError
from qgkd.experiment.engine.figures import resolved_device
from qgkd.experiment.engine.rows import Row, make_rows
from qgkd.experiment.engine.step import steps_before
from qgkd.experiment.generation.measure import Decoding, Part, measure, measured_before, time_pair
from qgkd.experiment.generation.questions import draw_questions
from qgkd.experiment.generation.settings import CompareSettings
from qgkd.experiment.generation.systems import check_name, chosen_names, parse_tree, step_of, with_tree
from qgkd.experiment.recipe.training_step import TrainingStep
from qgkd.files.fingerprint import file_sha256
from qgkd.files.json_files import read_json, write_json
from qgkd.training.main_process import say


@dataclass(frozen=True, kw_only=True)
class Cell(Row):
    """One model of the table: a system in an attention mode with a seed."""

    name: str
    mode: str
    seed: int
    step: TrainingStep | None
    """None for the rule."""


class Comparison:
    """One comparison in one folder.

    Raises:
        UserError: Settings that contradict one another, found before anything is trained.
    """

    def __init__(self, settings: CompareSettings) -> None:
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise UserError(
                "qgkd compare: expected one process, found several of torchrun; run parts of the comparison side by "
                "side instead: --only NAME --seed N"
            )
        if settings.questions.final:
            files = draw_questions(settings.questions, settings.folder / "questions")
            settings = settings.with_data(*files)
        self.settings = settings
        self.names = chosen_names(settings)
        options = settings.options
        self.decoding = Decoding(device=resolved_device(options.device), precision=options.precision)
        self.modes = {settings.mode: self.names}
        if options.recurrent and settings.mode != "recurrent":
            self.modes["recurrent"] = list(options.recurrent)

    def cells(self, names: Iterable[str] = (), seeds: Iterable[int] = ()) -> list[Cell]:
        """List the cells of some systems and seeds, seed by seed; of all where none is named. The rule has one cell.

        Raises:
            UserError: A name or seed that is not part of the comparison.
        """
        settings, options = self.settings, self.settings.options
        only, chosen_seeds = with_tree(names, options), list(seeds) or list(options.seeds)
        for name in only:
            check_name(name, settings)
        known = {name for names_of_mode in self.modes.values() for name in names_of_mode}
        unknown = [*(name for name in only if name not in known),
                   *(seed for seed in chosen_seeds if seed not in options.seeds)]  # fmt: skip
        if unknown:
            raise UserError(f"{settings.source}: {unknown[0]!r} is no part of this comparison; add it to [compare]")
        found = []
        for seed in chosen_seeds:
            for mode, names_of_mode in self.modes.items():
                of_seed = settings.of(seed, mode)
                for name in names_of_mode:
                    if only and name not in only:
                        continue
                    if self._is_of_tree(name) and seed not in (options.tree_seeds or (seed,)):
                        continue
                    if name != "rule":
                        found.append(_cell(name, mode, seed, step_of(name, of_seed)))
                    elif mode == settings.mode and seed == chosen_seeds[0]:
                        found.append(_cell(name, "rule", options.seeds[0], None))
        if not found:  # a system of the tree, with a seed that the tree does not have
            raise UserError(f"{settings.source}: no row has that name and seed; see compare.tree_seeds")
        return found

    def _is_of_tree(self, name: str) -> bool:
        return bool(parse_tree(name)) and name not in self.settings.options.systems

    @cached_property
    def all_cells(self) -> list[Cell]:
        """The whole comparison."""
        return self.cells()

    def folder_of(self, step: TrainingStep) -> Path:
        """Return a step's folder, named by the step's fingerprint."""
        return self.settings.folder / "steps" / f"{step.kind}-{step.fingerprint[:12]}"

    def cell_folder(self, cell: Cell) -> Path:
        """Return the folder with a cell's scores."""
        if cell.step is not None:
            return self.folder_of(cell.step)
        return self.settings.folder / "steps" / f"rule-{rule_digest()[:12]}"

    def run(self, cells: Iterable[Cell], after_each: Callable[[], Any] = lambda: None) -> None:
        """Make the cells that are not there yet and score them on validation; call `after_each` after each.

        Raises:
            UserError: A training refuses.
        """
        make_rows(
            list(cells),
            place=self.folder_of,
            after_each=after_each,
            measure=lambda cell: self._measure(cell, "validation"),
            is_done=lambda cell: bool(self.measured(cell, "validation")),
        )

    def _measure(self, cell: Cell, part: str) -> None:
        model = None if cell.step is None else self.folder_of(cell.step) / "model"
        measure(model, self.part(cell, part), self.decoding, self.cell_folder(cell))

    def part(self, cell: Cell, name: str) -> Part:
        """Return the questions a cell is scored on; `name` is `validation` or `test`."""
        options, test = self.settings.options, self.settings.test
        limit = options.validation_questions if name == "validation" else 0
        if cell.mode == "recurrent" and self.settings.mode != "recurrent":
            limit = options.recurrent_questions
        if name == "validation":
            return Part(name=name, data=self.settings.validation, limit=limit)
        excluded = Path(test.exclude_articles_of) if test.exclude_articles_of else None
        return Part(name=name, data=Path(test.data), limit=limit, exclude_articles_of=excluded)

    def _is_for_test(self, cell: Cell) -> bool:
        test = self.settings.test
        names, modes = test.systems or (cell.name,), (*test.modes, "rule") if test.modes else (cell.mode,)
        return bool(test.data) and cell.name in names and cell.mode in modes

    def measured(self, cell: Cell, part: str) -> dict[str, Any]:
        """Return a cell's scores; {} where it was not made or scored."""
        if part == "test" and not self._is_for_test(cell):
            return {}
        if cell.step is not None and not cell.step.is_done(self.folder_of(cell.step)):
            return {}
        return measured_before(self.part(cell, part), self.decoding, self.cell_folder(cell))

    def time(self) -> None:
        """Time the student against its teacher in each mode, where both are made and were not timed before."""
        options = self.settings.options
        path = self.settings.folder / "timing.json"
        timings = read_json(path)
        for mode in self.modes if options.timing_questions else ():
            settings = self.settings.of(options.seeds[0], mode)
            pair = [step_of(name, settings) for name in ("teacher", "two-stage")]
            steps = [step for step in pair if step is not None and step.is_done(self.folder_of(step))]
            count, rounds = options.timing_questions, options.timing_rounds
            key = [*(step.fingerprint[:12] for step in steps), count, rounds]
            if len(steps) < 2 or timings.get(mode, {}).get("key") == key:
                continue
            say(f"timing {mode}: student against teacher")
            teacher, student = (self.folder_of(step) / "model" for step in steps)
            validation = self.settings.validation
            found = time_pair(teacher, student, validation, self.decoding, questions=count, rounds=rounds)
            timings[mode] = {"key": key, **found}
            write_json(path, timings)

    def final(self, *, force: bool = False) -> None:
        """Score the models once on the test set, when every model is there; `force` scores others than before.

        Raises:
            UserError: A model is missing, no test set is named, or other models were scored on it before.
        """
        if not self.settings.test.data:
            raise UserError(f"{self.settings.source}: --final needs test.data, the test set; name it")
        cells = [cell for cell in self.all_cells if self._is_for_test(cell)]
        missing = [cell for cell in cells if not self.measured(cell, "validation")]
        if missing:
            raise UserError(
                f"{self.settings.source}: expected every row on validation before the test set is looked at, found "
                f"{len(missing):,} of {len(cells):,} missing ({missing[0].name}, seed {missing[0].seed} "
                "first); run `qgkd compare` without --final first, or ask for fewer rows in [compare]"
            )
        path = self.settings.folder / "final.json"
        models = sorted({self.cell_folder(cell).name for cell in cells})
        before = read_json(path)
        is_new = before.get("models") != models
        if before and is_new and not force:
            raise UserError(
                f"{path}: expected the models that the test set was used for before, found others; what is chosen by "
                "the test set is no result: --force measures again, and final.json counts it"
            )
        if is_new:
            write_json(path, {"models": models, "times_looked_at": before.get("times_looked_at", 0) + 1})
        for cell in cells:
            self._measure(cell, "test")

    def trained_on(self, cell: Cell) -> list[tuple[str, int | None]]:
        """List the steps that trained a cell's model or its teacher, each with its number of training questions."""
        steps = [] if cell.step is None else steps_before(cell.step)
        trained = [step for step in steps if isinstance(step, TrainingStep) and step.name != "student"]
        records = [(step.name, read_record(str(self.folder_of(step) / "model"))) for step in trained]
        return [(name, record.get("trained_on", {}).get("questions")) for name, record in records]


def _cell(name: str, mode: str, seed: int, step: TrainingStep | None) -> Cell:
    return Cell(label=f"{name}, {mode}, seed {seed}", name=name, mode=mode, seed=seed, step=step)


def rule_digest() -> str:
    """Return what identifies the rule, which has no weights: the SHA-256 of its source files."""
    digest = hashlib.sha256()
    folder = Path(qgkd.__file__).parent / "rule"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".txt", ".tsv"):
            digest.update(f"{path.relative_to(folder)} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
