"""The whole comparison: every row's model made once, measured on validation, and on the test set as a last step.

Comes in: `CompareSettings`, which names and seeds. Goes out, in the folder:

    questions/              where they were drawn
    steps/KIND-DIGEST/      one per step, whoever needs it; with the figures of its model
    steps/rule-DIGEST/      the rule's
    timing.json, final.json
    table.md, table.csv, tree.png, quality.png, and the JSON of all rows

A literal example: `compare(settings, names=("two-stage",), seeds=(1,))` makes what that row needs and no more; every
call writes the tables of all that is there.
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
from qgkd.experiment.compare_questions import draw_questions
from qgkd.experiment.compare_settings import CompareSettings
from qgkd.experiment.measure import Decoding, Part, kept, measure, settled_device
from qgkd.experiment.step import Step, is_done, make_step, read_json, say, steps_before, write_json
from qgkd.experiment.step_runs import check_step
from qgkd.experiment.systems import check_name, chosen_names, parse_tree, step_of, with_tree
from qgkd.experiment.timing import time_pair
from qgkd.files.fingerprint import file_sha256


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One model of the table: a name, a mode, a seed."""

    name: str
    mode: str
    seed: int
    step: Step | None
    """None for the rule."""


class Comparison:
    """One experiment in one folder.

    Args:
        settings: The comparison's.

    Raises:
        UserError: Settings that cannot be, found before anything is trained.
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
        self.decoding = Decoding(device=settled_device(options.device), precision=options.precision)
        self.steps_folder = settings.folder / "steps"
        self.modes = {settings.mode: self.names}
        if options.recurrent and settings.mode != "recurrent":
            self.modes["recurrent"] = list(options.recurrent)

    def cells(self, names: Iterable[str] = (), seeds: Iterable[int] = ()) -> list[Cell]:
        """What is asked for, first seed first; everything where nothing is said. The rule has one row."""
        only, chosen_seeds = with_tree(names, self.settings.options), list(seeds) or list(self.settings.options.seeds)
        for name in only:
            check_name(name, self.settings)
        known = {name for held in self.modes.values() for name in held}
        odd = [*(name for name in only if name not in known),
               *(seed for seed in chosen_seeds if seed not in self.settings.options.seeds)]  # fmt: skip
        if odd:
            raise UserError(f"{self.settings.told}: {odd[0]!r} is no part of this comparison; add it to [compare]")
        found = []
        for seed in chosen_seeds:
            for mode, held in self.modes.items():
                settings = self.settings.of(seed, mode)
                for name in held:
                    if only and name not in only:
                        continue
                    if self._is_of_tree(name) and seed not in (self.settings.options.tree_seeds or (seed,)):
                        continue
                    if name != "rule":
                        found.append(Cell(name=name, mode=mode, seed=seed, step=step_of(name, settings)))
                    elif mode == self.settings.mode and seed == chosen_seeds[0]:
                        found.append(Cell(name=name, mode="rule", seed=self.settings.options.seeds[0], step=None))
        if not found:  # of the tree in a seed that it is not made in
            raise UserError(f"{self.settings.told}: no row has that name and seed; see compare.tree_seeds")
        return found

    def _is_of_tree(self, name: str) -> bool:
        return bool(parse_tree(name)) and name not in self.settings.options.systems

    @cached_property
    def all_cells(self) -> list[Cell]:
        """The whole comparison."""
        return self.cells()

    def folder_of(self, step: Step) -> Path:
        """A step's folder, named for what is in it."""
        return self.steps_folder / f"{step.kind}-{step.fingerprint[:12]}"

    def cell_folder(self, cell: Cell) -> Path:
        """Where a cell's figures are."""
        return self.steps_folder / f"rule-{rule_digest()[:12]}" if cell.step is None else self.folder_of(cell.step)

    def run(self, cells: Iterable[Cell], after_each: Callable[[], Any] = lambda: None) -> None:
        """Make and measure on validation what is not there yet.

        Args:
            cells: Which.
            after_each: Called when a cell has been made.

        Raises:
            UserError: A run refuses.
        """
        cells = list(cells)
        steps = {step.fingerprint: step for cell in cells if cell.step for step in steps_before(cell.step)}
        missing = [step for step in steps.values() if not is_done(step, self.folder_of(step))]
        for step in missing:
            check_step(step)
        say(f"{len(cells):,} rows need {len(steps):,} steps, {len(missing):,} of them to be made")
        for number, cell in enumerate(cells, start=1):
            if self.measured(cell, "validation"):
                continue
            say(f"[{number}/{len(cells)}] {cell.name}, {cell.mode}, seed {cell.seed}")
            model = None if cell.step is None else make_step(cell.step, self.folder_of)
            measure(model, self.part(cell, "validation"), self.decoding, self.cell_folder(cell))
            after_each()

    def part(self, cell: Cell, name: str) -> Part:
        """The questions a cell is measured on."""
        options, test = self.settings.options, self.settings.test
        other_mode = cell.mode == "recurrent" and self.settings.mode != "recurrent"
        if name == "validation":
            limit = options.recurrent_questions if other_mode else options.validation_questions
            return Part(name=name, data=Path(str(self.settings.chain.shared["data"]["validation"])), limit=limit)
        excluded = Path(test.exclude_articles_of) if test.exclude_articles_of else None
        limit = options.recurrent_questions if other_mode else 0
        return Part(name=name, data=Path(test.data), limit=limit, exclude_articles_of=excluded)

    def _is_for_test(self, cell: Cell) -> bool:
        test = self.settings.test
        names, modes = test.systems or (cell.name,), (*test.modes, "rule") if test.modes else (cell.mode,)
        return bool(test.data) and cell.name in names and cell.mode in modes

    def measured(self, cell: Cell, part: str) -> dict[str, Any]:
        """A cell's figures; {} where they are not there."""
        if part == "test" and not self._is_for_test(cell):
            return {}
        if cell.step is not None and not is_done(cell.step, self.folder_of(cell.step)):
            return {}
        return kept(self.part(cell, part), self.decoding, self.cell_folder(cell))

    def time(self) -> None:
        """Time the student against its teacher, per mode, where both are there and were not timed before."""
        options = self.settings.options
        path, validation = self.settings.folder / "timing.json", Path(self.settings.chain.shared["data"]["validation"])
        timings = read_json(path)
        for mode in self.modes if options.timing_questions else ():
            settings = self.settings.of(options.seeds[0], mode)
            pair = [step_of(name, settings) for name in ("teacher", "two-stage")]
            steps = [step for step in pair if step is not None and is_done(step, self.folder_of(step))]
            key = [step.fingerprint[:12] for step in steps] + [options.timing_questions, options.timing_rounds]
            if len(steps) < 2 or timings.get(mode, {}).get("key") == key:
                continue
            say(f"timing {mode}: student against teacher")
            teacher, student = (self.folder_of(step) / "model" for step in steps)
            count, rounds = options.timing_questions, options.timing_rounds
            found = time_pair(teacher, student, validation, self.decoding, questions=count, rounds=rounds)
            timings[mode] = {"key": key, **found}
            write_json(path, timings)

    def final(self, *, force: bool = False) -> None:
        """Measure the rows that are for the test set on it, once, when all of them are there.

        Raises:
            UserError: A row is missing, no test set is named, or the test set was looked at with other models.
        """
        if not self.settings.test.data:
            raise UserError(f"{self.settings.told}: --final needs test.data, the test set; name it")
        cells = [cell for cell in self.all_cells if self._is_for_test(cell)]
        missing = [cell for cell in cells if not self.measured(cell, "validation")]
        if missing:
            raise UserError(
                f"{self.settings.told}: expected every row on validation before the test set is looked at, found "
                f"{len(missing):,} of {len(cells):,} missing ({missing[0].name}, seed {missing[0].seed} "
                "first); run `qgkd compare` without --final first, or ask for fewer rows in [compare]"
            )
        path = self.settings.folder / "final.json"
        models = sorted({str(self.cell_folder(cell).name) for cell in cells})
        held = read_json(path)
        if held and held.get("models") != models and not force:
            raise UserError(
                f"{path}: expected the models that the test set was used for before, found others; what is chosen by "
                "the test set is no result: --force measures again, and final.json counts it"
            )
        if held.get("models") != models:
            write_json(path, {"models": models, "times_looked_at": held.get("times_looked_at", 0) + 1})
        for cell in cells:
            model = None if cell.step is None else self.folder_of(cell.step) / "model"
            measure(model, self.part(cell, "test"), self.decoding, self.cell_folder(cell))

    def trained_on(self, cell: Cell) -> list[tuple[str, int | None]]:
        """The questions of each step whose weights are in the model, or that taught it."""
        if cell.step is None:
            return []
        found = []
        for step in steps_before(cell.step):
            if step.kind != "student":
                record = read_record(str(self.folder_of(step) / "model"))
                found.append((step.name, record.get("trained_on", {}).get("questions")))
        return found


def rule_digest() -> str:
    """The rule has no weights: its identity is its source."""
    digest = hashlib.sha256()
    folder = Path(qgkd.__file__).parent / "rule"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".txt", ".tsv"):
            digest.update(f"{path.relative_to(folder)} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
