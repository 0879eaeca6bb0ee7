"""Publish a folder whole or not at all.

Comes in: the folder to write. Goes out: a hidden folder beside it, which takes its place when the block ends well and
is removed when it does not; an old folder there stays until then.

A literal example:

    with write_folder(Path("runs/a/model")) as partial:  # runs/a/.model.partial
        model.save_pretrained(partial)
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path


def partial_folder(target: Path) -> Path:
    """Where `write_folder` lets the content of `target` be written."""
    return target.with_name(f".{target.name}.partial")


@contextlib.contextmanager
def write_folder(target: Path) -> Iterator[Path]:
    """Open an empty folder that becomes `target` when the block ends without an exception.

    Yields:
        The folder to write into, beside the target; folders above it are made.

    Raises:
        OSError: The system refuses to write there; the old folder is left as it was.
    """
    partial, old = partial_folder(target), target.with_name(f".{target.name}.old")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
