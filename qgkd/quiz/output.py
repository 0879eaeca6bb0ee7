"""Turn a finished journal into the output file.

Comes in: a `Journal`. Goes out: JSONL, CSV (with the byte order mark that Excel needs) or Parquet, written whole or not
at all, and streamed, not loaded into memory.

A literal example: `write_output(Path("out.csv"), journal)` writes the header line `id,row,question,answer,…`.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import IO, Any

from qgkd.files.addresses import is_address, name_in, write_address
from qgkd.files.atomic import write_atomically
from qgkd.files.journal import Journal

COLUMNS = (
    "id",
    "row",
    "question",
    "answer",
    "answer_start",
    "answer_type",
    "mean_log_probability",
    "context_was_cut",
    "system",
)
ROWS_PER_GROUP = 4096
"""Rows of one Parquet row group."""


def output_format(path: Path | str) -> str:
    """`csv` or `parquet` by the suffix, else `jsonl`."""
    name = name_in(str(path)) if is_address(path) else path
    return {".csv": "csv", ".parquet": "parquet"}.get(PurePath(name).suffix.lower(), "jsonl")


def write_output(path: Path | str, journal: Journal, *, with_context: bool = False) -> None:
    """Write a finished journal's questions in the format of the path's suffix, replacing the file.

    Raises:
        UserError: The file cannot be written; the journal is left as it is.
    """
    questions = journal.records("question")
    columns = [*COLUMNS, *(["context"] if with_context else [])]
    opened = write_address(str(path)) if is_address(path) else write_atomically(path, binary=True)
    with opened as handle:
        if output_format(path) == "csv":
            _write_csv(handle, questions, columns)
        elif output_format(path) == "parquet":
            _write_parquet(handle, questions, columns)
        else:
            for row in questions:
                handle.write(json_line(row).encode())


def json_line(row: dict[str, Any]) -> str:
    """One JSONL line, Chinese as it is."""
    return json.dumps(row, ensure_ascii=False) + "\n"


def _write_csv(handle: IO[bytes], rows: Iterator[dict[str, Any]], columns: list[str]) -> None:
    text = io.TextIOWrapper(handle, encoding="utf-8-sig", newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    text.detach()


def _write_parquet(handle: IO[bytes], rows: Iterator[dict[str, Any]], columns: list[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        "row": pa.int64(),
        "answer_start": pa.int64(),
        "mean_log_probability": pa.float64(),
        "context_was_cut": pa.bool_(),
    }
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    with pq.ParquetWriter(handle, schema) as writer:
        while group := list(itertools.islice(rows, ROWS_PER_GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
