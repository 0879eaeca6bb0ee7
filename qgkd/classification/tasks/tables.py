r"""Tables of any columns, read row by row.

Comes in: a CSV, TSV, JSON or JSONL file, each also with .gz. Goes out: `FileRow` per record and `Problem` per broken
one, in the order of the file.

A literal example: the second line of `label\ttext` / `1\t早餐很好。` becomes
`FileRow(row_number=1, line_number=2, fields={"label": "1", "text": "早餐很好。"})`.

Differs: `qgkd.reading.file_input` reads passages, whose column `context` decides delimiter and format; here
any column may be a text.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from qgkd.errors import UserError
from qgkd.reading.file_rows import FileRow, Problem
from qgkd.reading.row_formats import json_rows, jsonl_rows


def read_table(
    path: str | Path, columns: tuple[str, ...] = (), quoted: bool | None = None
) -> Iterator[FileRow | Problem]:
    """Read a table.

    Args:
        path: The file. `.csv` has commas, semicolons or tabs, `.json` and `.jsonl` objects, any other name tabs.
        columns: The columns of a CSV or TSV file without a header line; empty where the first line names them.
        quoted: Whether cells may be in double quotes; None is yes for CSV and no for TSV, as GLUE's files have unpaired
            quotes.

    Yields:
        Every record in order, and a problem for every record that cannot be read.

    Raises:
        UserError: No such file, a header that is not UTF-8, or one that repeats a column.
    """
    name, suffix = str(path), Path(str(path).removesuffix(".gz")).suffix.lower()
    content = _content(name)
    if not content.strip():
        raise UserError(f"{name}: expected a table, found an empty file; give a file with rows in it")
    if suffix in (".jsonl", ".ndjson"):
        yield from jsonl_rows(name, content.split(b"\n"))
        return
    if suffix == ".json":
        yield from json_rows(name, [content])
        return
    # Only line feeds end a line: texts hold form feeds and the line separators of Unicode.
    lines = (line.decode("utf-8", "surrogateescape") for line in io.BytesIO(content.removeprefix(b"\xef\xbb\xbf")))
    delimiter = _delimiter(content) if suffix == ".csv" else "\t"
    if quoted is None:
        quoted = suffix == ".csv"
    cells_of_lines = _quoted(lines, delimiter) if quoted else _plain(lines, delimiter)
    yield from _rows(name, cells_of_lines, columns)


def _rows(
    name: str, found: Iterator[tuple[int, list[str] | str]], columns: tuple[str, ...]
) -> Iterator[FileRow | Problem]:
    header = [column.strip() for column in columns]
    if not header:
        first = next(found, (1, []))[1]
        header = [cell.strip() for cell in first] if isinstance(first, list) else []
    if not header or len(set(header)) != len(header):
        shown = ", ".join(repr(cell[:30]) for cell in header[:8]) or "none"
        raise UserError(
            f"{name}: expected a first line that names each column once, found {shown}; name them as `columns`"
        )
    for row_number, (line_number, cells) in enumerate(found, start=1):
        reason = (
            f"expected {len(header)} fields ({', '.join(header)}), found broken quoting ({cells}); mend the quotes"
            if isinstance(cells, str)
            else f"expected {len(header)} fields ({', '.join(header)}), found {len(cells)}; mend or remove the line"
        )
        if isinstance(cells, list) and len(cells) == len(header):
            fields = {column: cell for column, cell in zip(header, cells, strict=True) if cell}
            yield FileRow(row_number=row_number, line_number=line_number, fields=fields)
        else:
            row_id = f"line {line_number}"
            yield Problem(file=name, row_id=row_id, reason=reason, row_number=row_number, line_number=line_number)


def _plain(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    for line_number, line in enumerate(lines, start=1):
        if line.strip("\r\n"):
            yield line_number, line.rstrip("\r\n").split(delimiter)


def _quoted(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line_number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield line_number, str(error)
            continue
        if cells is None:
            return
        if cells:
            yield line_number, cells


def _delimiter(content: bytes) -> str:
    """Of comma, tab and semicolon the one the first line has most of."""
    first = content.split(b"\n", 1)[0].decode("utf-8", "replace")
    return max(",\t;", key=first.count)


def _content(name: str) -> bytes:
    try:
        content = Path(name).read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
    except FileNotFoundError as error:
        raise UserError(f"{name}: expected a file, found nothing of that name; check the path") from error
    except (EOFError, OSError, ValueError, zlib.error) as error:
        shown = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UserError(f"{name}: expected a readable file, but: {shown}; check the path and the file") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content[:4096]:
        raise UserError(f"{name}: expected UTF-8 text, found UTF-16 or binary data; save it as UTF-8 text")
    return content
