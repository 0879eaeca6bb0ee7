r"""Tables of any columns, read row by row.

Comes in: a CSV, TSV, JSON or JSONL file, each also with .gz. Goes out: `FileRow` per record and `Problem` per broken
one, in the order of the file.

A literal example: the second line of `label\ttext` / `1\t早餐很好。` becomes
`FileRow(row_number=1, line_number=2, fields={"label": "1", "text": "早餐很好。"})`.

Differs: `qgkd.reading.file_input` reads passages, whose column `context` decides delimiter and format; here
any column may be a text.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from qgkd.errors import UserError
from qgkd.reading.file_rows import FileRow, Problem
from qgkd.reading.row_formats import json_rows, jsonl_rows
from qgkd.reading.separated import DELIMITERS, Line, cells_of, decoded_lines, table_rows, unquoted_cells_of


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
    lines = decoded_lines(io.BytesIO(content))
    is_csv, first = suffix == ".csv", content.split(b"\n", 1)[0].decode("utf-8", "replace")
    delimiter = max(DELIMITERS, key=first.count) if is_csv else "\t"
    quoted = is_csv if quoted is None else quoted
    records = cells_of(lines, delimiter) if quoted else unquoted_cells_of(lines, delimiter)
    yield from table_rows(name, _header(name, records, columns), records)


def _header(name: str, records: Iterator[Line], columns: tuple[str, ...]) -> list[str]:
    """The columns' names: those given, else the first record."""
    header: list[str] | str = list(columns) or next(records, (1, []))[1]
    header = [] if isinstance(header, str) else [column.strip() for column in header]
    if not header or len(set(header)) != len(header):
        shown = ", ".join(repr(cell[:30]) for cell in header[:8]) or "none"
        raise UserError(
            f"{name}: expected a first line that names each column once, found {shown}; name them as `columns`"
        )
    return header


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
