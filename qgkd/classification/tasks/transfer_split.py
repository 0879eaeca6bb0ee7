"""Adds transfer sets to the transfer texts that come from files.

Comes in: a task's tokenised splits, the folders in `task.transfer`. Goes out: the splits with theirs, and the logits
that the sets bring.

A literal example: 8,000 texts of a file and 180,000 of a set are one split of 188,000 texts; the first 8,000 rows of
the logits are NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qgkd.classification.tasks.store import ExampleStore, tokenise_examples
from qgkd.classification.tasks.task import TRANSFER, ClassificationTask
from qgkd.errors import UserError
from qgkd.training.npz import load_arrays, save_arrays

if TYPE_CHECKING:
    from qgkd.classification.config import TaskConfig
    from qgkd.classification.tasks.transfer_set import TransferSet


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLogits:
    """What a teacher said of the transfer texts when their set was written."""

    logits: NDArray[np.float32]  # [N, C], NaN where none are given
    about: dict[str, Any]
    """`teacher`: the digest of its folder."""

    def save(self, path: Path) -> None:
        """Write one compressed file, atomically."""
        save_arrays(path, self.about, {"logits": self.logits})

    @classmethod
    def load(cls, path: Path) -> GivenLogits | None:
        """Read a file back; None where there is none, a UserError where it is damaged."""
        if not path.is_file():
            return None
        return cls(
            **load_arrays(path, ("logits",), "a teacher's logits", "delete its folder and run the command again")
        )


def add_transfer_sets(
    config: TaskConfig, task: ClassificationTask, splits: dict[str, ExampleStore], tokenizer: Any
) -> GivenLogits | None:
    """Tokenise the sets, put them into `splits` after the transfer texts of files, and read their logits.

    Raises:
        UserError: A folder that is no transfer set, or one of another task, script or teacher than the others.
    """
    folders = [path for path in config.transfer if Path(path).is_dir()]
    if not folders:
        return None
    from qgkd.classification.tasks.transfer_set import open_transfer_set

    sets = [open_transfer_set(folder) for folder in folders]
    for folder, each in zip(folders, sets, strict=True):
        _check(folder, each, config, task)
    first = splits.get(TRANSFER)
    left = config.transfer_limit - (0 if first is None else len(first)) if config.transfer_limit else None
    given = [np.full((0 if first is None else len(first), task.num_labels), np.nan, np.float32)]
    for each in sets:
        counted = len(each) if left is None else min(left, len(each))
        left = None if left is None else left - counted
        if not counted:
            continue
        examples: Sequence[Any] = each if counted == len(each) else each[:counted]
        store = tokenise_examples(examples, tokenizer, config.max_tokens)
        first = store if first is None else first.joined(store)
        logits = each.logits
        given.append(np.full((counted, task.num_labels), np.nan, np.float32) if logits is None else logits[:counted])
    if first is not None:
        splits[TRANSFER] = first
    teachers = {each.about["teacher"] for each in sets if each.logits is not None}
    if len(teachers) > 1:
        raise UserError(
            f"task.transfer: expected logits of one teacher, found {len(teachers)} in {', '.join(folders)}; give sets "
            "of one teacher"
        )
    return GivenLogits(logits=np.concatenate(given), about={"teacher": teachers.pop()}) if teachers else None


def _check(folder: str, found: TransferSet, config: TaskConfig, task: ClassificationTask) -> None:
    labels = None if task.labels is None else list(task.labels)
    if found.is_of_pairs != task.pair or (found.logits is not None and found.about.get("labels") != labels):
        pairs = "pairs" if found.is_of_pairs else "single texts"
        raise UserError(
            f"{folder}: expected a transfer set of {task.name} with the classes {labels}, found {pairs} with "
            f"{found.about.get('labels')}; write it again for this task"
        )
    written = found.about.get("script", "")
    if written != config.script:
        raise UserError(
            f"{folder}: expected texts of task.script={config.script!r}, as the run's, found {written!r}; write it "
            "again with the run's"
        )
