"""A task's tokenised splits in a folder, so that training needs neither files nor readers.

Comes in: `TaskConfig`, the tokenizer, a folder. Goes out: `PreparedTask`; the folder holds `task.json` and one `.npz`
per split, read instead of the files from then on.

A literal example: `prepare_task(TaskConfig(name="rte", folder="glue"), tokenizer, Path("runs/rte/data"))` has
`splits["train"]` with 2,490 examples and `splits["validation"]` with 277.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgkd.classification.tasks.glue_tasks import glue_task
from qgkd.classification.tasks.store import ExampleStore, tokenise_examples
from qgkd.classification.tasks.task import ClassificationTask
from qgkd.classification.tasks.transfer_split import GivenLogits, add_transfer_sets
from qgkd.errors import UserError
from qgkd.files.fingerprint import file_sha256
from qgkd.files.json_files import write_json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from qgkd.classification.config import TaskConfig
    from qgkd.classification.tasks.data import TaskData

_OF_SET = ("about.json", "state.json")
"""The files of a transfer set that change with its content."""
_TASK, _LOGITS = "task.json", "transfer_logits.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTask:
    """The examples of a run."""

    task: ClassificationTask
    splits: dict[str, ExampleStore]
    """By the names of `task.splits`."""
    problems: tuple[str, ...]
    """Rows that could not be read, a sentence each."""
    left_out: dict[str, int]
    """Examples of a split left out because of `exclude_texts_of`."""
    transfer_logits: GivenLogits | None = None
    """What a transfer set brings."""


def prepare_task(
    config: TaskConfig, tokenizer: PreTrainedTokenizerFast, folder: Path, data: TaskData | None = None
) -> PreparedTask:
    """Read the folder, or read the files, tokenise and write it.

    Args:
        config: The task.
        tokenizer: The student's.
        folder: Where the tokenised splits are kept.
        data: The task's examples; None reads them, and reports each bad row on stderr.

    Raises:
        UserError: The files changed since the folder was prepared, or cannot be read.
    """
    stamp = _stamp(config, tokenizer)
    found = _load(folder, stamp)
    if found is not None:
        return found
    if data is None:
        from qgkd.classification.tasks.data import load_task

        data = load_task(config)
        for problem in data.problems:
            print(problem, file=sys.stderr)
    splits = {name: tokenise_examples(data.examples(name), tokenizer, config.max_tokens) for name in data.task.splits}
    given = add_transfer_sets(config, data.task, splits, tokenizer)
    prepared = PreparedTask(
        task=replace(data.task, splits=tuple(splits)), splits=splits, problems=tuple(map(str, data.problems)),
        left_out=data.left_out, transfer_logits=given,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, store in splits.items():
        store.save(folder / f"{name}.npz")
    (folder / _LOGITS).unlink(missing_ok=True)  # of other settings
    if given is not None:
        given.save(folder / _LOGITS)
    record = {"stamp": stamp, "task": asdict(prepared.task), "problems": prepared.problems, "left_out": data.left_out}
    write_json(folder / _TASK, record)  # last: without it the folder counts as not prepared
    return prepared


def _load(folder: Path, stamp: dict[str, Any]) -> PreparedTask | None:
    if not (folder / _TASK).is_file():
        return None
    record = json.loads((folder / _TASK).read_text(encoding="utf-8"))
    if any(record["stamp"].get(key) != stamp[key] for key in ("choice", "vocabulary")):
        return None  # of an earlier run with other settings
    for path, digest in record["stamp"]["files"].items():
        # An absent file counts as unchanged.
        if stamp["files"].get(path, digest) != digest:
            raise UserError(
                f"{folder}: expected {path} as it was when the folder was prepared, found other content; delete the "
                "folder, or choose another output_dir"
            )
    fields = record["task"]
    tuples = {name: tuple(fields[name]) for name in ("metrics", "splits")}
    task = ClassificationTask(
        **{**fields, **tuples, "labels": None if fields["labels"] is None else tuple(fields["labels"])}
    )
    return PreparedTask(
        task=task,
        splits={name: ExampleStore.load(folder / f"{name}.npz") for name in task.splits},
        problems=tuple(record["problems"]),
        left_out=record["left_out"],
        transfer_logits=GivenLogits.load(folder / _LOGITS),
    )


def _stamp(config: TaskConfig, tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """What prepared examples depend on."""
    vocabulary = hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode()).hexdigest()
    choice = json.loads(json.dumps(asdict(config)))
    return {"choice": choice, "files": file_digests(config), "vocabulary": vocabulary}


def file_digests(config: TaskConfig) -> dict[str, str]:
    """The digest of each of a task's files that is there, by its path."""
    own = (*config.train, *config.validation, *config.test, *config.transfer, *config.exclude_texts_of)
    glue = glue_task(config.name)
    of_glue = [Path(config.folder) / glue.folder / name for name in glue.files.values()] if glue else []
    of_glue += [Path(config.folder) / path.name for path in of_glue]
    of_sets = [Path(path) / name for path in config.transfer if Path(path).is_dir() for name in _OF_SET]
    paths = (*own, *(str(path) for path in (*(of_glue if config.folder else ()), *of_sets)))
    return {path: file_sha256(path) for path in paths if Path(path).is_file()}
