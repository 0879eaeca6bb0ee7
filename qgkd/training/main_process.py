"""Which of several processes writes files and prints.

Comes in: `RANK`, as torchrun sets it. Goes out: whether this process is the first; one line on stderr.

A literal example: under `torchrun --nproc-per-node 2`, `say("Resuming.")` prints once.
"""

from __future__ import annotations

import os
import sys


def is_main() -> bool:
    """Whether this is the only process, or the first that torchrun started; needs no process group."""
    return int(os.environ.get("RANK", "0")) == 0


def say(text: str) -> None:
    """Print a line on stderr, from the main process only."""
    if is_main():
        print(text, file=sys.stderr, flush=True)
