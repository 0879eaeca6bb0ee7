"""A task and its examples, from GLUE's TSV files, the hub or a user's own files.

Comes in: `TaskConfig`. Goes out: `TaskData`: the task, the examples of each split, every row that was left out and why.

A literal example: `load_task(TaskConfig(name="rte", folder="glue/RTE")).examples("validation")` are 277 examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qgkd.classification.tasks.examples import ClassificationExample
from qgkd.classification.tasks.glue_tasks import GlueTask, glue_task
from qgkd.classification.tasks.labels import label_text, ordered_labels
from qgkd.classification.tasks.readers import Columns, find_columns, to_examples
from qgkd.classification.tasks.tables import read_table
from qgkd.classification.tasks.task import METRICS, TEST, TRAIN, TRANSFER, VALIDATION, ClassificationTask
from qgkd.errors import UserError
from qgkd.reading.file_rows import FileRow, Problem

if TYPE_CHECKING:
    from qgkd.classification.config import TaskConfig

_MOST_CLASSES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskData:
    """A task with its examples."""

    task: ClassificationTask
    splits: dict[str, tuple[ClassificationExample, ...]]
    """By the names of `task.splits`."""
    problems: tuple[Problem, ...]
    """Rows that could not be read."""
    left_out: dict[str, int]
    """Examples left out because their texts occur in `exclude_texts_of`, by split."""

    def examples(self, split: str) -> Sequence[ClassificationExample]:
        """A split's examples, in file order; none where the task has no such split."""
        return self.splits.get(split, ())


def load_task(config: TaskConfig) -> TaskData:
    """Read every split.

    Raises:
        UserError: A file or column is absent, no example can be read, or the task is neither GLUE's nor described.
    """
    glue = glue_task(config.name)
    own_files = bool(config.train or config.validation or config.test)
    if glue is not None and not own_files:
        task, found = glue.task, _glue_splits(glue, config)
    elif own_files:
        task, found = _own_splits(config)
    else:
        raise UserError(
            f"task {config.name!r}: expected one of GLUE's nine, or files of your own, found neither; "
            "set task.train and task.test"
        )
    if files := text_files(config.transfer):
        found[TRANSFER] = list(_transfer(config, files, task))
    problems = tuple(item for items in found.values() for item in items if isinstance(item, Problem))
    kept = {name: [item for item in items if isinstance(item, ClassificationExample)] for name, items in found.items()}
    for name, examples in kept.items():
        if not examples:
            first = next((f"; the first problem: {item}" for item in found[name] if isinstance(item, Problem)), "")
            raise UserError(f"task {config.name!r}: expected examples to {name} on, found none that can be read{first}")
    left_out = _exclude(config, kept)
    limits = {TRAIN: config.train_limit, TRANSFER: config.transfer_limit}
    splits = {
        name: tuple(_script(config.script, examples[: limits.get(name, config.test_limit) or None]))
        for name, examples in kept.items()
    }
    return TaskData(task=replace(task, splits=tuple(splits)), splits=splits, problems=problems, left_out=left_out)


def _glue_splits(glue: GlueTask, config: TaskConfig) -> dict[str, list[ClassificationExample | Problem]]:
    """The splits present; GLUE's test files have no labels, so nothing is measured on them."""
    wanted = [split for split in glue.files if not split.startswith(TEST)]
    if not config.folder:
        from qgkd.classification.tasks.hub import hub_columns, hub_rows

        from_hub = {split: (f"hub {split}", hub_rows(glue, split), hub_columns(glue, split)) for split in wanted}
        return {split: list(to_examples(*of_split, glue.task, numbers=True)) for split, of_split in from_hub.items()}
    inside = Path(config.folder) / glue.folder
    folder = inside if inside.is_dir() else Path(config.folder)
    found = {
        split: list(read_glue_file(glue, split, folder / glue.files[split]))
        for split in wanted
        if (folder / glue.files[split]).is_file()
    }
    if not found:
        raise UserError(
            f"{config.folder}: expected {glue.folder} with {', '.join(glue.files.values())}, found none of them; "
            "set task.folder to GLUE's folder or the task's own"
        )
    return found


def read_glue_file(glue: GlueTask, split: str, path: Path) -> Iterator[ClassificationExample | Problem]:
    """Read one of GLUE's TSV files; its test files are read without labels.

    Raises:
        UserError: The file is absent or lacks a column.
    """
    label = "" if split.startswith(TEST) else glue.label
    # The labels in CoLA, MRPC, QQP, SST-2 and WNLI are numbers, in the others names.
    rows, columns = _table(path, glue.headless.get(split, ()), glue.text_a, glue.text_b or "", label)
    yield from to_examples(str(path), rows, replace(columns, label=label or None), glue.task, numbers=True)


def _own_splits(config: TaskConfig) -> tuple[ClassificationTask, dict[str, list[ClassificationExample | Problem]]]:
    files = {TRAIN: config.train, VALIDATION: config.validation, TEST: config.test}
    named = (config.columns, config.text_a, config.text_b, config.label)
    tables = {split: [(path, *_table(path, *named)) for path in paths] for split, paths in files.items() if paths}
    first = next(iter(tables.values()))[0][2]
    if first.label is None:
        raise UserError(f"task {config.name!r}: expected a column of labels, found none; name it as task.label")
    labels = None if config.regression else config.labels or _labels_found(config, tables)
    metrics = config.metrics or (("pearson", "spearman") if config.regression else ("accuracy", "macro_f1"))
    if unknown := [name for name in metrics if name not in METRICS]:
        raise UserError(f"task.metrics must be of {', '.join(METRICS)}, was {unknown[0]!r}; correct it")
    task = ClassificationTask(
        name=config.name,
        labels=labels,
        metrics=metrics,
        main_metric=metrics[0],
        splits=tuple(tables),
        pair=first.text_b is not None,
    )
    return task, {
        split: [item for path, rows, columns in of_split for item in to_examples(path, rows, columns, task)]
        for split, of_split in tables.items()
    }


def _table(path: str | Path, header: tuple[str, ...] = (), *named: str) -> tuple[list[FileRow | Problem], Columns]:
    """A file's rows, and its columns of texts and label among those that any row fills."""
    rows = list(read_table(path, header))
    present = dict.fromkeys(name for row in rows if isinstance(row, FileRow) for name in row.fields)
    return rows, find_columns(str(path), present, *named)


def text_files(paths: Sequence[str]) -> list[str]:
    """Those of `task.transfer` that are read here; transfer sets are folders, read when they are tokenised."""
    return [path for path in paths if not Path(path).is_dir()]


def _transfer(
    config: TaskConfig, files: Sequence[str], task: ClassificationTask
) -> Iterator[ClassificationExample | Problem]:
    """Texts whose labels are not read, even if the files have some."""
    for path in files:
        rows, columns = _table(path, config.columns, config.text_a, config.text_b)
        yield from to_examples(path, rows, replace(columns, label=None), task)


def _labels_found(
    config: TaskConfig, tables: dict[str, list[tuple[str, list[FileRow | Problem], Columns]]]
) -> tuple[str, ...]:
    """The classes of the training files, or of the others if there are none."""
    of_split = tables.get(TRAIN) or next(iter(tables.values()))
    cells = (
        row.fields.get(columns.label)
        for _, rows, columns in of_split
        if columns.label is not None
        for row in rows
        if isinstance(row, FileRow)
    )
    found = {label_text(cell) for cell in cells if cell not in (None, "")}
    if not 2 <= len(found) <= _MOST_CLASSES:
        raise UserError(
            f"task {config.name!r}: expected from 2 to {_MOST_CLASSES} classes, found {len(found)} different labels; "
            "give task.labels, or regression = true where the label is a number to predict"
        )
    return ordered_labels(found)


def _exclude(config: TaskConfig, kept: dict[str, list[ClassificationExample]]) -> dict[str, int]:
    """Leave out of train and transfer, in place, what occurs in other files; the counts."""
    if not config.exclude_texts_of:
        return {}
    from qgkd.classification.tasks.overlap import TextsSeen

    seen = TextsSeen(text for path in config.exclude_texts_of for text in _texts(config, path))
    left_out = {}
    for name in (TRAIN, TRANSFER):
        if name in kept:
            clear = [example for example in kept[name] if f"{example.text_a} {example.text_b or ''}" not in seen]
            left_out[name] = len(kept[name]) - len(clear)
            kept[name] = clear
    return left_out


def _texts(config: TaskConfig, path: str) -> Iterator[str]:
    """The texts of a file that may have other columns."""
    try:
        rows, columns = _table(path, (), config.text_a, config.text_b)
    except UserError:  # without a header line
        rows, columns = _table(path, config.columns or ("label", "text"))
    for row in rows:
        if isinstance(row, FileRow):
            yield f"{row.fields.get(columns.text_a, '')} {row.fields.get(columns.text_b or '', '')}"


def _script(script: str, examples: list[ClassificationExample]) -> Iterator[ClassificationExample]:
    if not script:
        yield from examples
        return
    from qgkd.text.script import to_simplified, to_traditional

    converters = {"traditional": to_traditional, "simplified": to_simplified}
    if script not in converters:
        raise UserError(f"task.script must be traditional or simplified, was {script!r}; correct it")
    convert = converters[script]
    for example in examples:
        text_b = None if example.text_b is None else convert(example.text_b)
        yield replace(example, text_a=convert(example.text_a), text_b=text_b)
