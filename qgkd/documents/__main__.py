"""Read one document in a process of its own with limited memory; `qgkd.documents.read` starts it.

Comes in: on stdin a line of JSON (name, limits), then the file. Goes out: one JSON object on stdout.

A literal example: `{"text": "燈塔建於1867年。", "title": "a", "empty_pages": 0, "pages": 1}`, or
`{"code": "pdf_password", "values": {"name": "a.pdf"}}`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys

from qgkd.documents.document import DocumentError, DocumentLimits
from qgkd.documents.read import read_here


def _limit_memory(limit_bytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def main() -> None:
    """Read one document from stdin and print its text, or the error, as JSON."""
    line, _, data = sys.stdin.buffer.read().partition(b"\n")
    header = json.loads(line)
    limits = DocumentLimits(**header["limits"])
    _limit_memory(limits.max_memory_bytes)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            document = read_here(header["name"], data, limits)
        answer = dataclasses.asdict(document)
    except DocumentError as error:
        answer = {"code": error.code, "values": error.values}
    except (MemoryError, RecursionError):
        answer = {"code": "broken", "values": {"name": header["name"]}}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
