"""The teachers' logits of every training row, computed once before the training, and the teacher that reads them.

Comes in: teachers, the examples as they read them, the logits that a transfer set brings. Goes out: logits [N, T, C] of
N rows and T teachers, in the run's data folder; `KeptTeacher`, which takes a batch's own.

A literal example: of 999 training texts and 188,000 transfer texts the teacher reads 8,999 where a set brings the other
logits, and none in later epochs. Teachers have no dropout, so the logits are those they would give in every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.classification.prediction import Predictor
from qgkd.classification.tasks.rows import JudgedBatch
from qgkd.classification.tasks.store import ExampleStore
from qgkd.classification.tasks.transfer_split import GivenLogits
from qgkd.distillation.objectives.objective import Objective
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.teachers.several_teachers import Ensemble, SeveralCaptures, ensemble_logits
from qgkd.errors import UserError
from qgkd.files.fingerprint import model_sha256
from qgkd.model_input.batch import Batch
from qgkd.training.npz import load_arrays, save_arrays

_NAME = "teacher_logits.npz"


class KeptTeacher:
    """Reads the logits that a batch carries, of one teacher or of several as `SeveralTeachers`."""

    def __init__(self, ensemble: Ensemble) -> None:
        self.needs, self._ensemble = Needs(logits=True), ensemble

    def to(self, device: torch.device | str) -> KeptTeacher:
        """Nothing to move."""
        return self

    def __call__(self, batch: Batch) -> DistillCapture:
        """Logits [B, C]."""
        assert isinstance(batch, JudgedBatch)
        each = batch.teacher_logits.unbind(dim=1)
        if len(each) == 1:
            return DistillCapture(logits=each[0])
        members = tuple(DistillCapture(logits=logits) for logits in each)
        return SeveralCaptures(logits=ensemble_logits(each, self._ensemble), members=members)


def kept_logits(
    folder: Path,
    teachers: Sequence[Checkpoint],
    names: Sequence[str],
    stores: Sequence[ExampleStore],
    given: GivenLogits | None,
    predictor: Predictor,
    device: torch.device,
) -> NDArray[np.float32]:
    """The logits [N, T, C] of the stores' examples, one store after the other; read where the folder has them.

    Args:
        folder: The run's data folder.
        teachers: In the order of the config.
        names: Their folders or hub names.
        stores: The examples in the teachers' tokens; the last are the transfer texts where logits are given.
        given: Those of a transfer set; the teacher runs on the other rows alone.
        predictor: How examples are run.
        device: Where.

    Raises:
        UserError: The logits given are not those of the one teacher.
    """
    digests = [model_sha256(name) for name in names]
    if given is not None and digests != [given.about["teacher"]]:
        raise UserError(
            f"task.transfer: expected a transfer set with the logits of {' and '.join(names)}, found those of another "
            "teacher; write it again with this one as augment.teacher, or with none"
        )
    about = {"teachers": digests, "rows": [len(store) for store in stores]}
    if (folder / _NAME).is_file():
        found = load_arrays(folder / _NAME, ("logits",), "the teachers' logits", "delete the file")
        if found["about"] == about:
            return np.asarray(found["logits"])
    known = [np.full((len(store), 1), np.nan, np.float32) for store in stores]
    if given is not None:
        known[-1] = given.logits
    logits = np.concatenate([_logits(teachers, *pair, predictor, device) for pair in zip(stores, known, strict=True)])
    folder.mkdir(parents=True, exist_ok=True)
    save_arrays(folder / _NAME, about, {"logits": logits})
    return logits


def check_on_logits(objectives: Sequence[Objective], why: str) -> None:
    """Refuse objectives that compare layers, of which nothing is kept, by name in a UserError."""
    of_teacher = {each.name: each.needs()[1] for each in objectives}
    refused = [name for name, needs in of_teacher.items() if needs.hidden_states or needs.attention or needs.values]
    if refused:
        raise UserError(f"{why}: expected a method on logits alone, found {' and '.join(refused)}; choose another")


def _logits(
    teachers: Sequence[Checkpoint],
    store: ExampleStore,
    known: NDArray[np.float32],
    predictor: Predictor,
    device: torch.device,
) -> NDArray[np.float32]:
    """[N, T, C] of one store; `known` is NaN where the teachers have to run."""
    unknown = np.isnan(known).any(axis=1)
    places, found = np.flatnonzero(unknown), []
    for teacher in teachers:
        model = teacher.model.to(device)  # type: ignore[arg-type]
        logits = predictor.logits(model, store, places) if len(places) else known[:0]
        whole = np.zeros((len(store), model.config.num_labels), np.float32)
        whole[~unknown] = known[~unknown]
        whole[unknown] = logits
        found.append(whole)
    return np.stack(found, axis=1)
