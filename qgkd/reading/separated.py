r"""Tables of comma-, tab- or semicolon-separated values.

Comes in: lines, a delimiter, the columns' names. Goes out: `FileRow` per record and `Problem` per broken one, in order.

A literal example: under the columns `label` and `text` the line `1\t早餐很好。` becomes
`FileRow(row_number=1, line_number=2, fields={"label": "1", "text": "早餐很好。"})`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence

from qgkd.errors import UserError
from qgkd.reading.file_rows import FileRow, Problem

Line = tuple[int, list[str] | str]
"""A record's first line, from 1, and its cells, or what is wrong with its quotes."""

DELIMITERS = ",\t;"


def separated_rows(name: str, lines: Iterable[bytes]) -> Iterator[FileRow | Problem]:
    """Read CSV, or tab- or semicolon-separated values, whose first line names the columns, `context` among them."""
    decoded = decoded_lines(lines)
    header_line = next(decoded, "")
    headers = {delimiter: header_cells(header_line, delimiter) for delimiter in DELIMITERS}
    delimiter = next((delimiter for delimiter in DELIMITERS if "context" in headers[delimiter]), ",")
    require_context(name, headers[delimiter])
    yield from table_rows(name, headers[delimiter], cells_of(decoded, delimiter, lines_before=1))


def decoded_lines(lines: Iterable[bytes]) -> Iterator[str]:
    """Lines as text; a byte that is not UTF-8 becomes half a surrogate pair, which readers report for its row alone."""
    for number, line in enumerate(lines):
        yield (line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line).decode("utf-8", "surrogateescape")


def header_cells(line: str, delimiter: str) -> list[str]:
    """The names in a header line."""
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def require_context(name: str, columns: Sequence[str]) -> None:
    """Refuse a table of passages without a column `context`.

    Raises:
        UserError: With the columns that were found.
    """
    if "context" not in columns:
        found = ", ".join(repr(column[:30]) for column in columns[:6]) or "none"
        raise UserError(f"{name}: expected a column named 'context', found {found}; rename the passages' column")


def cells_of(lines: Iterable[str], delimiter: str, *, lines_before: int = 0) -> Iterator[Line]:
    """The cells of each record, in double quotes or not, after `lines_before` lines; empty lines are skipped."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # the default refuses a passage of 131,072 bytes
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line_number = reader.line_num + lines_before + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield line_number, str(error)
            continue
        if cells is None:
            return
        if cells:
            yield line_number, cells


def unquoted_cells_of(lines: Iterable[str], delimiter: str) -> Iterator[Line]:
    """The cells of each line, double quotes left as they stand; empty lines are skipped."""
    for line_number, line in enumerate(lines, start=1):
        if line.strip("\r\n"):
            yield line_number, line.rstrip("\r\n").split(delimiter)


def table_rows(name: str, header: Sequence[str], records: Iterable[Line]) -> Iterator[FileRow | Problem]:
    """Records with named fields, empty ones left out; a problem for each record with another number of cells."""
    expected = f"expected {len(header)} fields ({', '.join(header)})"
    for row_number, (line_number, cells) in enumerate(records, start=1):
        fields: dict[str, str] = {}
        fault = ""
        if isinstance(cells, str):
            fault = f"found broken quoting ({cells}); mend the quotes"
        elif len(cells) != len(header):
            fault = f"found {len(cells)}; put fields that hold separators in double quotes, or remove the line"
        else:
            fields = {column: cell for column, cell in zip(header, cells, strict=True) if cell}
        row = FileRow(row_number=row_number, line_number=line_number, fields=fields)
        yield row.problem(name, f"{expected}, {fault}") if fault else row
