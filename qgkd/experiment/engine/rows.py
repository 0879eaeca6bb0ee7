"""Makes the rows of a comparison's table, one model each, and leaves out those that are there.

Comes in: rows, each with the step whose model it shows. Goes out: made and measured rows; a report after each.

A literal example: `make_rows(rows, place=folder_of, is_done=was_measured, measure=score, after_each=write_tables)`;
killed and called again, it resumes within the step it was in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qgkd.errors import UserError
from qgkd.experiment.engine.step import Place, Step, make_step, steps_before
from qgkd.training.main_process import say


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model of the table: a system with one seed."""

    label: str
    """For progress and errors, e.g. `two-stage, prefix, seed 1`."""
    step: Step | None
    """The step whose model it is; None where nothing is trained."""


RowType = TypeVar("RowType", bound=Row)


def make_rows(
    rows: Sequence[RowType],
    *,
    place: Place,
    after_each: Callable[[], Any],
    measure: Callable[[RowType], Any] = lambda row: None,
    is_done: Callable[[RowType], bool] | None = None,
    keep_going: bool = False,
) -> list[str]:
    """Make and measure every row that is not there yet, in order.

    Args:
        rows: The rows.
        place: Gives each step's folder.
        after_each: Called after each row that was made.
        measure: Scores a row whose step is done; left out where the step scores its own model.
        is_done: Whether a row was made and measured before; its step's own answer by default.
        keep_going: Where a row refuses, go on with those that do not need it; otherwise stop.

    Returns:
        A sentence for each row that could not be made.

    Raises:
        UserError: A mistake in a step's settings, before anything is trained; or a refusal, without `keep_going`.
    """
    steps = {place(step): step for row in rows if row.step for step in steps_before(row.step)}
    for folder, step in steps.items():
        step.check(folder)
    missing = sum(not step.is_done(folder) for folder, step in steps.items())
    say(f"{len(rows):,} rows need {len(steps):,} steps, {missing:,} of them to be made")
    failures: dict[Path, str] = {}
    for number, row in enumerate(rows, start=1):
        folders = [place(step) for step in steps_before(row.step)] if row.step else []
        if is_done(row) if is_done else row.step and row.step.is_done(folders[-1]):
            continue
        say(f"run {number} of {len(rows)}: {row.label}")
        try:
            failed = next((folder for folder in folders if folder in failures), None)
            if failed is not None:
                raise UserError(f"its teacher {failed} could not be trained")
            if row.step:
                make_step(row.step, place)
            measure(row)
        except UserError as error:
            if not keep_going:
                raise
            failures[folders[-1]] = f"{row.label}: {error}"
            say(failures[folders[-1]])
        else:
            after_each()
    return list(failures.values())
