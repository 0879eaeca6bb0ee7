"""A transfer set on disk: texts, and a teacher's logits beside them, as the library `datasets` writes them in Arrow.

Comes in: rows, block by block. Goes out: a folder, read through memory mapping, so that it need not fit into memory:

    data-*.arrow    columns `text_a`, `text_b` of pairs, `row` (which example a text comes from), `logits` [C]
    about.json      how it was made: settings, files, the teacher and its classes

A literal example: `open_transfer_set(Path("runs/hotel/augmented"))[:2]` are two examples without labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from qgkd.classification.tasks.examples import ClassificationExample
from qgkd.errors import UserError, how_to_install
from qgkd.files.folders import write_folder
from qgkd.files.json_files import read_json, write_json

ABOUT = "about.json"


@dataclass(frozen=True)
class TransferSet(Sequence[ClassificationExample]):
    """The examples of a folder, none of them labelled; read when they are asked for."""

    data: Any
    about: dict[str, Any]

    def __len__(self) -> int:
        return len(self.data)

    @overload
    def __getitem__(self, place: int) -> ClassificationExample: ...
    @overload
    def __getitem__(self, place: slice) -> list[ClassificationExample]: ...
    def __getitem__(self, place: int | slice) -> ClassificationExample | list[ClassificationExample]:
        """One example, or a list of them."""
        if isinstance(place, int):
            return self[place : place + 1][0]
        columns = self.data[place]
        second = columns.get("text_b") or [None] * len(columns["text_a"])
        return [
            ClassificationExample(example_id=str(row), text_a=text_a, text_b=text_b)
            for row, text_a, text_b in zip(columns["row"], columns["text_a"], second, strict=True)
        ]

    @property
    def is_of_pairs(self) -> bool:
        """Whether an example has two texts."""
        return "text_b" in self.data.column_names

    @property
    def logits(self) -> NDArray[np.float32] | None:
        """The teacher's, [N, C]; None where none was given."""
        if "logits" not in self.data.column_names:
            return None
        column = self.data.with_format("numpy")["logits"]
        return np.asarray(column[:], np.float32)


def is_transfer_set(path: str | Path) -> bool:
    """Whether a path is a folder that `write_transfer_set` wrote; folders are complete or absent."""
    return (Path(path) / ABOUT).is_file() and (Path(path) / "dataset_info.json").is_file()


def open_transfer_set(folder: str | Path) -> TransferSet:
    """Map a folder into memory.

    Raises:
        UserError: `datasets` is not installed, or the folder is no transfer set or damaged.
    """
    if not is_transfer_set(folder):
        raise UserError(
            f"{folder}: expected a transfer set (dataset_info.json, {ABOUT}), found none; give a folder that "
            "`qgkd glue augment` wrote, or a file"
        )
    library = _library()
    try:
        data = library.load_from_disk(str(folder))
    except Exception as error:  # of pyarrow, the file system's or the library's
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{folder}: expected a transfer set, found one that does not load: {reason}; write it again"
        ) from (error)
    return TransferSet(data, read_json(Path(folder) / ABOUT))


def write_part(folder: Path, rows: Sequence[tuple[int, str, str | None]], logits: NDArray[np.float32] | None) -> None:
    """Write some rows, each with the place of its example, and their logits [N, C]; whole or not at all."""
    library = _library()
    columns: dict[str, Any] = {"row": [row for row, _, _ in rows], "text_a": [text for _, text, _ in rows]}
    kinds: dict[str, Any] = {"row": library.Value("int64"), "text_a": library.Value("string")}
    if any(text is not None for _, _, text in rows):
        columns["text_b"], kinds["text_b"] = [text for _, _, text in rows], library.Value("string")
    if logits is not None:
        columns["logits"], kinds["logits"] = list(logits), library.Sequence(library.Value("float32"))
    with write_folder(folder) as partial:
        data = library.Dataset.from_dict(columns, features=library.Features(kinds))
        data.save_to_disk(str(partial))


def join_parts(parts: Sequence[Path], folder: Path, about: dict[str, Any]) -> None:
    """Write parts that have rows as one transfer set, whole or not at all."""
    library = _library()
    loaded = [library.load_from_disk(str(part)) for part in parts]
    data = library.concatenate_datasets([each for each in loaded if len(each)] or loaded[:1])
    with write_folder(folder) as partial:
        data.save_to_disk(str(partial))
        write_json(partial / ABOUT, {**about, "rows": len(data)})


def _library() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise UserError(
            f"transfer sets: expected the library datasets, found none; {how_to_install('glue')}"
        ) from error
    datasets.disable_progress_bars()
    return datasets
