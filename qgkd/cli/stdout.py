r"""Write results to stdout; a full disk behind it is reported in one sentence.

Comes in: text. Goes out: the same on stdout, flushed.

A literal example: `write_stdout("{}\n")` under `> /dev/full` raises `UserError("stdout: could not be written: …")`.
"""

from __future__ import annotations

import contextlib
import os
import sys

from qgkd.files.atomic import explain_write_error


def write_stdout(text: str) -> None:
    """Write and flush.

    Args:
        text: Any; half a surrogate pair, which no file can hold, becomes a question mark.

    Raises:
        UserError: The disk behind stdout is full, or refuses for another reason.
        BrokenPipeError: The reader went away; the command line ends quietly.
    """
    try:
        sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8"))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        with contextlib.suppress(OSError, ValueError):  # else the interpreter's last flush prints the error again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise explain_write_error("stdout", error) from error
