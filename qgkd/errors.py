"""The one exception that means "the user can mend this", and how an extra is installed.

Comes in: nothing. Goes out: `UserError`, raised everywhere, caught once in `qgkd.cli.main`.

A literal example: `raise UserError("notes.txt: expected UTF-8 text, found an empty file; give a file with text in it")`
"""

from __future__ import annotations

import sys


class UserError(ValueError):
    """A mistake the user can mend, told in one sentence: what was expected, what was found, what to do.

    The command line prints the sentence on stderr and exits with code 1, without a traceback.
    """


def how_to_install(extra: str) -> str:
    """What to do where an extra is missing; no package index has this package, so it is installed from its folder."""
    return f"run {sys.executable} -m pip install '.[{extra}]' in the folder of qgkd"
