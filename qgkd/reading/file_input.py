"""Open a file or stdin, recognise its format, and read it record by record.

Comes in: a path, `-`, or an address (`s3://…`). Goes out: `FileRow` and `Problem` in the order of the file; a file of
which nothing can be read is a `UserError`.

A literal example: `list(read_rows("passages/harbour.txt"))` is
`[FileRow(row_number=1, line_number=1, fields={"id": "harbour", "context": "港口建於1850年。..."})]`.

The format follows the name (.json .jsonl .ndjson .csv .tsv .parquet .txt, each also with .gz); with any other name, and
on stdin, the first line decides. Text is UTF-8, with or without a byte order mark.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from qgkd.errors import UserError
from qgkd.files.addresses import is_address, open_address
from qgkd.reading.file_rows import FileRow, Problem
from qgkd.reading.row_formats import json_rows, jsonl_rows, parquet_rows, text_rows
from qgkd.reading.separated import separated_rows

_RowsOf = Callable[[str, Iterable[bytes]], Iterator[FileRow | Problem]]
_BY_SUFFIX: dict[str, _RowsOf] = {
    ".json": json_rows,
    ".jsonl": jsonl_rows,
    ".ndjson": jsonl_rows,
    ".csv": separated_rows,
    ".tsv": separated_rows,
    ".parquet": parquet_rows,
    ".txt": text_rows,
}
_DAMAGED = (EOFError, OSError, zlib.error)  # also what gzip raises


def read_rows(path: str | Path) -> Iterator[FileRow | Problem]:
    """Read a file of any accepted format, or `-` (stdin).

    Yields:
        Every record in order, and a problem in the place of every record that cannot be read.

    Raises:
        UserError: The file is absent, empty, not UTF-8, of another format, or holds no readable record.
    """
    items = _every_row(path)
    problems: list[Problem] = []
    for item in items:
        if isinstance(item, FileRow):
            yield from problems
            yield item
            yield from items
            return
        problems.append(item)  # reported once a row follows; without one, the whole file is at fault
    first = f"; the first problem: {problems[0]}" if problems else ""
    raise UserError(f"{path}: expected at least one record, found none that can be read{first}")


def _every_row(path: str | Path) -> Iterator[FileRow | Problem]:
    name, rows_read = str(path), 0
    try:
        with _opened(path) as stream:
            lines, rows_of = _lines_and_format(name, stream)
            for item in rows_of(name, lines):
                rows_read += 1
                yield item
    except _DAMAGED as error:
        damage = f"the file ends too early or cannot be read to its end ({error}); copy or download it again"
        if not rows_read:
            raise UserError(f"{name}: {damage}") from error
        yield Problem(file=name, row_id=f"after row {rows_read}", reason=damage, row_number=rows_read + 1)


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[IO[bytes]]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    if is_address(path):
        with open_address(str(path)) as stream:
            yield stream
        return
    try:
        stream = Path(path).open("rb")  # noqa: SIM115 (closed below; only errors of opening are handled here)
    except FileNotFoundError as error:
        raise UserError(f"{path}: expected a file, found nothing of that name; check the path") from error
    except IsADirectoryError as error:
        raise UserError(f"{path}: expected a file, found a folder; name one of the files in it") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(f"{path}: expected a readable file, but: {reason}; check the path and permissions") from error
    with stream:
        yield stream


def _lines_and_format(name: str, stream: IO[bytes]) -> tuple[Iterable[bytes], _RowsOf]:
    """The file's lines, uncompressed, and the function that reads its format."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes[-2:]]
    if _head(stream).startswith(b"\x1f\x8b"):
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    head = _head(stream)
    if not head:
        raise UserError(f"{name}: expected text or data, found an empty file; give a file with something in it")
    rows_of = _BY_SUFFIX.get(suffixes[-1] if suffixes else "")
    if rows_of is parquet_rows or head.startswith(b"PAR1"):
        return stream, parquet_rows
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        raise UserError(f"{name}: expected UTF-8 text, found UTF-16 or binary data; save it as UTF-8 text")
    if rows_of is not None:
        return stream, rows_of
    first_lines: list[bytes] = []
    for line in stream:
        first_lines.append(line)
        if line.strip():
            break
    return itertools.chain(first_lines, stream), _format_of(first_lines[-1])


def _format_of(line: bytes) -> _RowsOf:
    """Recognise the format by the first line that is not empty."""
    text = line.decode("utf-8-sig", "replace").strip()
    if re.match(r'\{\s*("|$)', text):
        with contextlib.suppress(json.JSONDecodeError, RecursionError):
            if "data" not in json.loads(text):
                return jsonl_rows
        return json_rows
    if re.match(r"\[\s*(\{|$)", text):
        return json_rows
    if "context" in re.split(r'[,\t;"]+', text) and re.search(r"[,\t;]", text):
        return separated_rows
    return text_rows


def _head(stream: IO[bytes]) -> bytes:
    """The next bytes without taking them off the stream, which may be a pipe."""
    return cast("bytes", stream.peek(4096)[:4096])  # type: ignore[attr-defined]
