"""Texts compared as a pupil reads them.

Comes in: a text. Goes out: its key for comparison.

A literal example: `comparable("《臺北》 ") == comparable("台北")`.
"""

from __future__ import annotations

from qgkd.quiz.distinct import normalise
from qgkd.text.script import to_simplified


def comparable(text: str) -> str:
    """Letters and digits in Simplified characters, half width and lower case."""
    return normalise(to_simplified(text))
