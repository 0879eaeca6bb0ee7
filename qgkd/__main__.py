"""`python -m qgkd`, which `torchrun -m qgkd train ...` needs.

Comes in: the arguments. Goes out: the exit code of `qgkd.cli.main`.

A literal example: `python -m qgkd --version`
"""

from __future__ import annotations

import sys

from qgkd.cli import main

if __name__ == "__main__":
    sys.exit(main())
