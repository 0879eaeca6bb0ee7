"""Read and write a file by its address, on every file system that pyarrow knows.

Comes in: an address such as `s3://bucket/in.parquet`, `gs://…`, `hdfs://…`, `file:///…`. Goes out: its bytes; or the
file, whole or not at all. Keys and end points are found as pyarrow finds them, in the environment.

A literal example: `open_address("s3://school/passages.parquet?region=eu-west-1").read(4)` is `b"PAR1"`.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from qgkd.errors import UserError

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)  # two letters at least: `c:` is a disk


def is_address(path: str | Path) -> bool:
    """Whether this is an address, not the path of a file."""
    return _ADDRESS.match(str(path)) is not None


def name_in(address: str) -> str:
    """The last part of the address, without the settings behind `?`."""
    return PurePosixPath(address.partition("?")[0]).name


def open_address(address: str) -> IO[bytes]:
    """Open the file for reading.

    Raises:
        UserError: There is no such file or file system, or it may not be read.
    """
    with _explained(address, "a file that can be read"):
        file_system, path = _located(address)
        stream = file_system.open_input_stream(path, compression=None)
    return io.BufferedReader(cast("io.RawIOBase", stream))


def exists_at(address: str) -> bool:
    """Whether there is something at the address.

    Raises:
        UserError: There is no such file system, or it does not answer.
    """
    import pyarrow.fs

    with _explained(address, "a file system that answers"):
        file_system, path = _located(address)
        return bool(file_system.get_file_info(path).type != pyarrow.fs.FileType.NotFound)


@contextlib.contextmanager
def write_address(address: str) -> Iterator[IO[bytes]]:
    """Open a temporary file of this machine that is copied to the address when the block ends without an exception.

    Raises:
        UserError: The file cannot be written; an old one is left as it was.
    """
    with tempfile.TemporaryFile() as handle:
        yield handle
        handle.seek(0)
        with _explained(address, "a place to write to"):
            file_system, path = _located(address)
            unfinished = f"{path}.{uuid.uuid4().hex}.tmp"
            try:
                with file_system.open_output_stream(unfinished) as stream:
                    shutil.copyfileobj(handle, stream)
                file_system.move(unfinished, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    file_system.delete_file(unfinished)
                raise


def _located(address: str) -> tuple[Any, str]:
    import pyarrow.fs

    return cast("tuple[Any, str]", pyarrow.fs.FileSystem.from_uri(address))


@contextlib.contextmanager
def _explained(address: str, expected: str) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (OSError, pyarrow.ArrowException, NotImplementedError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{address}: expected {expected}, but: {reason}; check the address and its keys") from error
