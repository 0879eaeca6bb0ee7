"""GLUE from the Hugging Face hub, through the library `datasets`.

Comes in: a task of GLUE and a split. Goes out: its records, as those of a TSV file.

A literal example: `list(hub_rows(GLUE_TASKS["rte"], "validation"))[0].fields` is
`{"index": 0, "sentence1": "Dana Reeve, the widow of ...", "sentence2": "Christopher Reeve had an accident.",
"label": 1}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qgkd.classification.tasks.glue_tasks import HUB_DATA_SET, GlueTask
from qgkd.classification.tasks.readers import Columns
from qgkd.errors import UserError, how_to_install
from qgkd.reading.file_rows import FileRow


def hub_rows(glue: GlueTask, split: str) -> Iterator[FileRow]:
    """Load a split and yield its records; of MNLI's two for validation and test the matched one, if not named.

    Raises:
        UserError: `datasets` is not installed, the hub cannot be reached, or its classes are in another order.
    """
    split_there = f"{split}_matched" if glue.task.name == "mnli" and split in ("validation", "test") else split
    name = glue.hub_name or glue.task.name
    data = _loaded(name, split_there)
    _check_classes(glue, data, name)
    for row_number, record in enumerate(data, start=1):
        fields = {"index": record.get("idx", row_number - 1), **record}
        if fields.get("label") == -1 and glue.task.labels is not None:  # how the hub writes "no label"
            fields["label"] = None
        yield FileRow(row_number=row_number, line_number=None, fields=fields)


def hub_columns(glue: GlueTask, split: str) -> Columns:
    """The columns of the hub's records; labels of the test sets were never published."""
    first, second = (*(glue.hub_texts or (glue.text_a, glue.text_b)), None)[:2]
    return Columns(text_a=str(first), text_b=second, label=None if split.startswith("test") else "label")


def _loaded(name: str, split: str) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise UserError(
            "GLUE from the hub: expected the library datasets, found none; "
            f"{how_to_install('glue')}, or give task.folder"
        ) from error
    try:
        return datasets.load_dataset(HUB_DATA_SET, name, split=split)
    except Exception as error:  # of the HTTP library, the hub's or the file system's
        lines = str(error).strip().splitlines()
        reason = lines[0][:200].rstrip(".:") if lines else type(error).__name__
        raise UserError(
            f"{HUB_DATA_SET}, {name}, {split}: could not be loaded from the Hugging Face hub ({reason}); check the "
            "network, or give GLUE's TSV folder as task.folder"
        ) from error


def _check_classes(glue: GlueTask, data: Any, name: str) -> None:
    names = getattr(data.features.get("label"), "names", None)
    if names is not None and glue.task.labels is not None and tuple(names) != glue.task.labels:
        raise UserError(
            f"{HUB_DATA_SET}, {name}: expected the classes {', '.join(glue.task.labels)}, found {', '.join(names)}; "
            "take GLUE's TSV files (task.folder) instead"
        )
