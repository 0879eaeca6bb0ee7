"""The input formats, each a function from the lines of a file to its records.

Comes in: the file's name and its lines as bytes. Goes out: `FileRow` per record and `Problem` per broken one, in the
order of the file; what makes the whole file unreadable is a `UserError`.

A literal example: `list(jsonl_rows("a.jsonl", [b'{"context": "x"}']))` is
`[FileRow(row_number=1, line_number=1, fields={"context": "x"})]`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.reading.file_rows import FileRow, Problem
from qgkd.reading.separated import require_context
from qgkd.reading.squad import squad_rows

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MARKUP = {"<!doctype html": "a web page", "<html": "a web page", "<?xml": "XML", "{\\rtf": "RTF"}


def text_rows(name: str, lines: Iterable[bytes]) -> Iterator[FileRow | Problem]:
    """Read plain text: the whole file is one passage named after the file, line ends turned into line feeds."""
    text = _whole_text(name, lines).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UserError(f"{name}: expected a passage, found nothing but white space; give a file with text in it")
    refuse_markup(name, text)
    own_id = {} if name == "-" else {"id": Path(name).stem}
    yield FileRow(row_number=1, line_number=1, fields={**own_id, "context": text})


def refuse_markup(name: str, text: str) -> None:
    """Refuse the source of a page or document: questions would be written about its tags.

    Raises:
        UserError: The text begins as HTML, XML or RTF does.
    """
    head = text.lstrip()[:20].lower()
    for beginning, kind in _MARKUP.items():
        if head.startswith(beginning):
            raise UserError(f"{name}: expected plain text, found the source of {kind}; copy or save its text alone")


def json_rows(name: str, lines: Iterable[bytes]) -> Iterator[FileRow | Problem]:
    """Read one JSON document: DRCD/SQuAD, or a list of objects with the fields of a JSONL line."""
    text = _whole_text(name, lines)
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise UserError(
            f"{name}: expected DRCD/SQuAD JSON, found lists nested too deeply to read; check the file"
        ) from error
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text.lstrip().startswith("{"):  # one object per line under the name .json
            yield from jsonl_rows(name, text.encode().splitlines(keepends=True))
            return
        raise UserError(
            f"{name}: expected JSON, found something else at line {error.lineno}, column {error.colno} ({error.msg}); "
            "was the file cut short or is it of another format?"
        ) from error
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        yield from squad_rows(name, document["data"])
    elif isinstance(document, list) and document:
        for row_number, record in enumerate(document, start=1):
            yield _record(name, record, row_number, None)
    elif isinstance(document, dict) and "context" in document:
        yield FileRow(row_number=1, line_number=None, fields=document)
    else:
        raise UserError(
            f'{name}: expected DRCD/SQuAD JSON with a list under "data", or a list of objects, found '
            f"{_describe(document)}; check that this is a data file"
        )


def jsonl_rows(name: str, lines: Iterable[bytes]) -> Iterator[FileRow | Problem]:
    """Read one JSON object per line; empty lines are passed over."""
    row_number = 0
    for line_number, line in enumerate(lines, start=1):
        if line_number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line.strip():
            continue
        row_number += 1
        try:
            record = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            reason = f"expected UTF-8, found byte 0x{line[error.start]:02x} at position {error.start}; save it as UTF-8"
        except (json.JSONDecodeError, RecursionError) as error:
            where = f" at column {error.colno} ({error.msg})" if isinstance(error, json.JSONDecodeError) else ""
            reason = f"expected one JSON object, found something else{where}; mend or remove the line"
        else:
            yield _record(name, record, row_number, line_number)
            continue
        yield FileRow(row_number=row_number, line_number=line_number, fields={}).problem(name, reason)


def parquet_rows(name: str, lines: Iterable[bytes]) -> Iterator[FileRow | Problem]:
    """Read a Parquet file, row group by row group."""
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(b"".join(lines)))
        columns = file.schema_arrow.names
        require_context(name, columns)
        row_number = 0
        for batch in file.iter_batches(batch_size=1024):
            for fields in batch.to_pylist():
                row_number += 1
                present = {column: value for column, value in fields.items() if value is not None}
                yield FileRow(row_number=row_number, line_number=None, fields=present)
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{name}: expected Parquet, found a damaged or other file ({error}); write it anew") from error


def _whole_text(name: str, lines: Iterable[bytes]) -> str:
    content = b"".join(lines)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name}: expected UTF-8 text, found byte 0x{content[error.start]:02x} at position {error.start} "
            "(Big5, GBK or Latin-1?); save the file as UTF-8"
        ) from error


def _record(name: str, record: object, row_number: int, line_number: int | None) -> FileRow | Problem:
    row = FileRow(row_number=row_number, line_number=line_number, fields=record if isinstance(record, dict) else {})
    if isinstance(record, dict):
        return row
    return row.problem(name, f'expected a JSON object with "context", found {_describe(record)}; mend or remove it')


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object with {', '.join(repr(key) for key in list(value)[:5]) or 'no keys'}"
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    kind = kinds.get(type(value), "a number")
    return "an empty list" if value == [] else kind
