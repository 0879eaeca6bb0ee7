"""Records of an input file with named fields, and problems in the place of unreadable ones.

Comes in: nothing. Goes out: `FileRow` and `Problem`, made by `qgkd.reading.row_formats`, checked by
`qgkd.reading.readers`.

A literal example: the JSONL line `{"id": "h-1", "context": "燈塔建於1867年。", "answer": "1867年"}` becomes
`FileRow(row_number=1, line_number=1, fields={"id": "h-1", "context": "燈塔建於1867年。", "answer": "1867年"})`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One record of a file, its fields not yet checked."""

    row_number: int
    """Counts the file's records from 1, unreadable ones included."""
    line_number: int | None
    """The line the record starts on, from 1; None in JSON and Parquet."""
    fields: dict[str, Any]
    """The record as the file has it; `context` and `answer` are what the readers look for."""

    @property
    def row_id(self) -> str:
        """The record's own id, else its line, else its number."""
        own_id = self.fields.get("id")
        if isinstance(own_id, str | int) and str(own_id).strip():
            return str(own_id).encode("utf-8", "replace").decode()  # it is printed; half a surrogate pair cannot be
        return f"row {self.row_number}" if self.line_number is None else f"line {self.line_number}"

    def problem(self, file: str, reason: str) -> Problem:
        """A problem in the record's place."""
        return Problem(
            file=file,
            row_id=self.row_id,
            reason=reason,
            row_number=self.row_number,
            line_number=self.line_number,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One record, or one answer of it, that was left out, or that gave fewer questions than wanted; and why."""

    file: str
    """The path as the user gave it; `-` for stdin."""
    row_id: str
    """The record's own id, else `line 12`, else `row 12` where the format has no lines."""
    reason: str
    """What was expected, what was found, what to do."""
    row_number: int
    """The record's number in the file, from 1."""
    line_number: int | None = None
    """The line the record starts on, from 1; None in JSON and Parquet."""
    is_shortfall: bool = False
    """True where the record was used, and only gave fewer questions than wanted."""

    def to_json(self) -> dict[str, Any]:
        """The problem as an entry of `bad_rows` or `short_rows`; the file's name is left out."""
        return {"row": self.row_number, "line": self.line_number, "id": self.row_id, "reason": self.reason}

    @classmethod
    def from_json(cls, value: dict[str, Any], *, file: str, is_shortfall: bool = False) -> Problem:
        """Read back what `to_json` gave, from the progress file of an earlier run."""
        return cls(
            file=file,
            row_id=value["id"],
            reason=value["reason"],
            row_number=value["row"],
            line_number=value["line"],
            is_shortfall=is_shortfall,
        )

    def __str__(self) -> str:
        """The sentence a command prints, e.g. `rows.jsonl: line 3: q-7: the context is empty; ...`."""
        line = f"line {self.line_number}"
        where = self.row_id if self.line_number is None or self.row_id == line else f"{line}: {self.row_id}"
        is_whole_file = self.line_number is None and self.row_id in (self.file, Path(self.file).name)
        return f"{self.file}: {self.reason}" if is_whole_file else f"{self.file}: {where}: {self.reason}"
