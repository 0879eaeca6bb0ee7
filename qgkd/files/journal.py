"""The journal `OUT.partial` of a batch run, which `quiz.file_run` fills with finished groups of questions.

Comes in: a header (system, options) and, batch by batch, records. Goes out: `OUT.partial`, which a later run opens,
cuts back to the last complete batch, and continues.

A literal example of the file, one JSON array a line; a batch counts once its `done` line is on the disk:

    ["header", {"qgkd": "0.1.0", "system": {"name": "rule", "parameters": 0}, "options": {…}, "settings": {…}}]
    ["question", {"id": "a", "row": 1, "question": "誰設計了燈塔？", "answer": "林文海", …}]
    ["bad_row", {"row": 2, "id": "b", "reason": "the context is empty"}]
    ["done", {"items": 2, "rows": 2, "input_sha256": "9f2c…"}]
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.files.atomic import explain_write_error

Record = tuple[str, dict[str, Any]]
"""The kind of a line, and its values."""


@dataclass(slots=True)
class Progress:
    """Totals over the complete batches of a journal."""

    items: int = 0
    """Passages and problems read from the input; a row with some wrong answers counts as one of each."""
    rows: int = 0
    """Number of the last input row processed, good or bad."""
    input_sha256: str = ""
    """Digest of those rows, to recognise the input when resuming."""
    questions: int = 0
    bad_rows: int = 0
    short_rows: int = 0
    """Passages that gave fewer questions than asked for."""

    def count(self, kind: str) -> None:
        """Add one record."""
        self.questions += kind == "question"
        self.bad_rows += kind == "bad_row"
        self.short_rows += kind == "short_row"


class Journal:
    """An open progress file; `open_journal` makes one."""

    def __init__(self, path: Path, descriptor: int, progress: Progress) -> None:
        self.path = path
        self.progress = progress
        self._descriptor = descriptor

    def commit(self, records: Iterable[Record], *, items: int, rows: int, input_sha256: str) -> None:
        """Write one batch to the disk: its records, then the line that completes it.

        Args:
            records: Questions and problems, in input order.
            items: Passages and problems read since the beginning of the input.
            rows: Number of the last input row processed.
            input_sha256: Digest of the input up to there.

        Raises:
            UserError: Writing failed; earlier batches are safe.
        """
        batch = list(records)
        done: dict[str, Any] = {"items": items, "rows": rows, "input_sha256": input_sha256}
        _append(self._descriptor, self.path, [*batch, ("done", done)], self.progress.rows)
        for kind, _ in batch:
            self.progress.count(kind)
        self.progress = replace(self.progress, **done)

    def records(self, kind: str) -> Iterator[dict[str, Any]]:
        """The records of one kind, in order, read from the disk."""
        with self.path.open("rb") as handle:
            for line in handle:
                found, value = json.loads(line)
                if found == kind:
                    yield value

    def close(self) -> None:
        """Close the file, which unlocks it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Close and delete the file, once the output is written."""
        self.close()
        self.path.unlink(missing_ok=True)


def open_journal(path: Path, header: dict[str, Any], *, start_over: bool) -> Journal:
    """Begin a progress file, or continue an existing one.

    Args:
        path: The progress file.
        header: System, options and settings of this run, as JSON values.
        start_over: Discard an existing file's content.

    Raises:
        UserError: Another process is writing it, its header differs from this run's, or it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise explain_write_error(path, error) from error
    try:
        _lock(descriptor, path)
        end, progress = (0, Progress()) if start_over else _read(path, header)
        os.ftruncate(descriptor, end)
        os.lseek(descriptor, end, os.SEEK_SET)
        if end == 0:
            _append(descriptor, path, [("header", header)], 0)
            _sync_folder(path.parent)
        return Journal(path, descriptor, progress)
    except BaseException:
        os.close(descriptor)
        raise


def _read(path: Path, header: dict[str, Any]) -> tuple[int, Progress]:
    """Where the last complete batch ends, in bytes, and the totals up to there."""
    progress, pending = Progress(), Progress()  # complete batches; with the one being read
    with path.open("rb") as handle:
        first = handle.readline()
        if not first.endswith(b"\n"):  # empty, or killed while the header was written
            return 0, progress
        _check_header(path, first, header)
        end = position = len(first)
        for line in handle:
            position += len(line)
            try:
                kind, value = json.loads(line)
            except ValueError:
                break  # cut off by the kill
            pending.count(kind)
            if kind == "done" and line.endswith(b"\n"):
                progress, end = replace(pending, **value), position
    return end, progress


def _check_header(path: Path, line: bytes, header: dict[str, Any]) -> None:
    try:
        kind, found = json.loads(line)
        if kind != "header" or not isinstance(found, dict):
            raise ValueError
    except ValueError:
        raise UserError(f"{path}: expected the progress of an earlier run, found another file; move it away") from None
    expected = json.loads(json.dumps(header))
    if found == expected:
        return
    old, new = _flat(found), _flat(expected)
    differing = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    shown = ", ".join(f"{key} {old.get(key)!r} then, {new.get(key)!r} now" for key in differing[:3])
    raise UserError(
        f"{path}: expected the run that began it, found another one ({shown}); give the same options, or "
        "--force to start over"
    )


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined with dots, to name a difference."""
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        flat |= _flat(inner, f"{prefix}{key}.") if isinstance(inner, dict) else {f"{prefix}{key}": inner}
    return flat


def _append(descriptor: int, path: Path, records: Iterable[Record], rows: int) -> None:
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    left = lines.encode("utf-8", "replace")  # an id may hold half a surrogate pair
    try:
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError as error:
        sentence = f"{explain_write_error(path, error)}; the first {rows} rows are kept: go on with --resume"
        raise UserError(sentence) from error


def _lock(descriptor: int, path: Path) -> None:
    """Keep a second process out; the lock ends with the process."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock: users must not start two runs into one file
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(f"{path}: another process is writing it; wait for it or choose another output") from None


def _sync_folder(folder: Path) -> None:
    """Make the new file's name survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
