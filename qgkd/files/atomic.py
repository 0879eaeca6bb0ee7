"""Write a file whole or not at all.

Comes in: the path to write. Goes out: a handle on a temporary file in the same folder, which takes the path's place
when the block ends well and is removed when it does not; an old file at the path stays until then.

A literal example:

    with write_atomically("scores.json") as handle:
        handle.write('{"Bleu_1": 0.5}')
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal, overload

from qgkd.errors import UserError

_REASONS = {
    errno.ENOENT: "its folder does not exist; create the folder or choose another path",
    errno.ENOTDIR: "part of its path is a file, not a folder; choose another path",
    errno.EACCES: "writing there is not permitted; choose a folder you may write to",
    errno.EPERM: "writing there is not permitted; choose a folder you may write to",
    errno.EROFS: "the disk is read-only; choose a folder you may write to",
    errno.ENOSPC: "the disk is full; free some space or choose another disk",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another disk",
    errno.EFBIG: "the file grew over the size limit set for it; raise the limit or choose another disk",
    errno.EISDIR: "a folder of that name stands there; choose another path",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}

WHILE_WRITING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""What the system can answer when an open file is written."""


def explain_write_error(path: str | Path, error: OSError) -> UserError:
    """Turn an operating system's refusal to write the user's file into one sentence, to raise `from error`."""
    reason = _REASONS.get(error.errno or 0, f"{error.strerror or error}; choose another path")
    return UserError(f"{path}: could not be written: {reason}")


@overload
def write_atomically(
    path: str | Path, *, binary: Literal[False] = False
) -> contextlib.AbstractContextManager[IO[str]]: ...
@overload
def write_atomically(path: str | Path, *, binary: Literal[True]) -> contextlib.AbstractContextManager[IO[bytes]]: ...
@contextlib.contextmanager
def write_atomically(path: str | Path, *, binary: bool = False) -> Iterator[IO[Any]]:
    """Open a temporary file that becomes `path` when the block ends without an exception.

    Text is UTF-8 with line feeds on every system. A link at `path` is followed, so that its target is replaced and the
    link stays. A device such as `/dev/stdout` is written to directly, as there is nothing to replace.

    Args:
        path: The file to write; its folder must exist.
        binary: Yield a handle for bytes instead of text.

    Raises:
        UserError: The folder is absent or not writable, or the disk is full; the old file is left as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        written = _place_to_write(target)
        replaces = written != target
        handle: IO[Any] = written.open("wb") if binary else written.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise explain_write_error(path, error) from error
    try:
        with handle:
            yield handle
            handle.flush()
            if replaces:
                os.fsync(handle.fileno())
        if replaces:
            written.chmod(_mode_for(target))
            os.replace(written, target)
    except BaseException as error:
        if replaces:
            written.unlink(missing_ok=True)
        # An error that names a file, or a broken connection, does not come from writing this one.
        if isinstance(error, OSError) and error.filename is None and error.errno in WHILE_WRITING:
            raise explain_write_error(path, error) from error
        raise


def check_writable(path: str | Path) -> None:
    """Refuse a path that `write_atomically` would refuse later, after hours of work; writes nothing.

    Raises:
        UserError: The folder is absent or not writable.
    """
    target = Path(os.path.realpath(path))
    try:
        written = _place_to_write(target)
        if written != target:
            written.unlink()
    except OSError as error:
        raise explain_write_error(path, error) from error


def _place_to_write(target: Path) -> Path:
    """A new temporary file beside the target, or the target itself where it is a device."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a directory")
    if target.exists() and not target.is_file():
        return target
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".tmp")
    os.close(descriptor)
    return Path(name)


def _mode_for(target: Path) -> int:
    """The old file's permissions, or what `open` would have given a new one (mkstemp gives 0600)."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
