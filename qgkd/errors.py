"""The one exception that means "the user can mend this".

Comes in: nothing. Goes out: `UserError`, raised everywhere, caught once in `qgkd.cli.main`.

A literal example: `raise UserError("notes.txt: expected UTF-8 text, found an empty file; give a file with text in it")`
"""

from __future__ import annotations


class UserError(ValueError):
    """A mistake the user can mend, told in one sentence: what was expected, what was found, what to do.

    The command line prints the sentence on stderr and exits with code 1, without a traceback.
    """
