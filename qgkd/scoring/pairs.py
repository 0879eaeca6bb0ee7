"""Read files of predictions: hypotheses and references.

JSONL: `{"hyp": "誰種了樹？", "refs": ["樹是誰種的？"]}` on each line, other fields ignored, `refs` also as one string.
Text: one hypothesis per line in one file, its reference on the same line of the other. `-` is stdin.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgkd.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Questions to be scored with their references, item for item."""

    hypotheses: list[str]
    references: list[list[str]]


def read_jsonl_pairs(path: str) -> Pairs:
    """Read hypotheses with their references from a JSONL file or `-`; blank lines are skipped.

    Raises:
        UserError: The file cannot be read, has no line, or a line is not an object with both fields.
    """
    hypotheses, references = [], []
    for row, where in _read_rows(path):
        hypotheses.append(_hypothesis(row, where))
        references.append(_references(row, where))
    if not hypotheses:
        raise UserError(f"{_name(path)}: expected lines with hyp and refs, found none; give a file with predictions")
    return Pairs(hypotheses=hypotheses, references=references)


def read_text_pairs(hypotheses_path: str, references_path: str) -> Pairs:
    """Read hypotheses and references from two files of equally many lines.

    Args:
        hypotheses_path: One question per line, an empty line for an empty one; or `-`.
        references_path: One reference per line; or `-`, if the other is not.

    Raises:
        UserError: A file cannot be read, there is no line, the counts differ, or a reference is empty.
    """
    if hypotheses_path == references_path == "-":
        raise UserError("expected two files, found - for both; only one of them can come from stdin")
    hypotheses, references = _read_lines(hypotheses_path), _read_lines(references_path)
    if len(hypotheses) != len(references):
        raise UserError(
            f"expected as many hypotheses as references, found {len(hypotheses)} lines in {_name(hypotheses_path)} and "
            f"{len(references)} in {_name(references_path)}; write one question per line"
        )
    if not hypotheses:
        raise UserError(f"{_name(hypotheses_path)}: expected one question per line, found an empty file")
    for number, reference in enumerate(references, start=1):
        if not reference.strip():
            raise UserError(
                f"{_name(references_path)}: line {number}: expected a reference question, found an empty line; "
                "leave out this line in both files"
            )
    return Pairs(hypotheses=hypotheses, references=[[reference] for reference in references])


def read_other_hypotheses(path: str, pairs: Pairs, *, is_jsonl: bool) -> list[str]:
    """Read a second system's questions over the same references.

    Args:
        path: A file in the format of the first; `refs` may be left out of a JSONL.
        pairs: What the first system was scored on.
        is_jsonl: Whether the file is JSONL, or text with one question per line.

    Raises:
        UserError: The file cannot be read, has another number of questions or other references.
    """
    hypotheses = [] if is_jsonl else _read_lines(path)
    for row, where in _read_rows(path) if is_jsonl else ():
        # Extra lines have no pair to compare with; the counts are compared below.
        expected = pairs.references[len(hypotheses) : len(hypotheses) + 1]
        if "refs" in row and expected and [_references(row, where)] != expected:
            raise UserError(f"{where}: expected the first file's references, found others; compare one test set")
        hypotheses.append(_hypothesis(row, where))
    if len(hypotheses) != len(pairs.hypotheses):
        raise UserError(
            f"{_name(path)}: expected {len(pairs.hypotheses)} questions as in the first file, found {len(hypotheses)}; "
            "compare two systems on one test set"
        )
    return hypotheses


def _read_lines(path: str) -> list[str]:
    """Lines without their ends; only LF and CRLF end a line, since questions may hold other separators."""
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: expected a readable file, found {(error.strerror or str(error)).lower()}; check the path"
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{_name(path)}: line {line}: expected UTF-8 text, found the byte 0x{data[error.start]:02x}; "
            "save the file as UTF-8"
        ) from error
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def _read_rows(path: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the object on each line that is not blank, and where it stands."""
    for number, line in enumerate(_read_lines(path), start=1):
        if not line.strip():
            continue
        where = f"{_name(path)}: line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{where}: expected one JSON object, found broken JSON ({error}); mend the line") from error
        if not isinstance(row, dict):
            raise UserError(
                f'{where}: expected one JSON object, found {type(row).__name__}; write {{"hyp": ..., "refs": ...}}'
            )
        yield row, where


def _hypothesis(row: dict[str, Any], where: str) -> str:
    hypothesis = row.get("hyp")
    if not isinstance(hypothesis, str):
        raise UserError(
            f"{where}: expected the question in the field hyp, found {_found(row, 'hyp')}; add it as a string"
        )
    return hypothesis


def _references(row: dict[str, Any], where: str) -> list[str]:
    references = row.get("refs")
    references = [references] if isinstance(references, str) else references
    if not isinstance(references, list) or not all(isinstance(reference, str) for reference in references):
        raise UserError(
            f"{where}: expected references in the field refs, found {_found(row, 'refs')}; "
            "add them as a string or a list of strings"
        )
    if not references or not all(reference.strip() for reference in references):
        raise UserError(f"{where}: expected references with text in them, found an empty one; leave it out")
    return references


def _found(row: dict[str, Any], field: str) -> str:
    return f"{row[field]!r:.40}" if field in row else f"only {', '.join(map(str, row)) or 'an empty object'}"


def _name(path: str) -> str:
    return "stdin" if path == "-" else path
