"""A file name that every system takes, from a title.

Comes in: a title, as a teacher typed it. Goes out: a file name.

A literal example: `safe_file_name("第一課: 燈塔/海", ".docx")` gives `第一課_燈塔_海.docx`.
"""

from __future__ import annotations


def safe_file_name(title: str, suffix: str) -> str:
    """Make a file name.

    Args:
        title: Any text.
        suffix: The end, with its dot.

    Returns:
        A name of at most 120 bytes of UTF-8 without separators, control and direction marks, and not one that Windows
        keeps for itself; `quiz` where nothing is left of the title.
    """
    raise NotImplementedError
