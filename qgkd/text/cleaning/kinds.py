"""What a line or paragraph is, and so whether it can be asked about.

A literal example: `第一章 緒論……1` is `Kind.CONTENTS`.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Everything but `TEXT` is left out of the cleaned text; a text with nothing else is refused for that kind."""

    TEXT = "text"
    """Sentences that can be asked about."""
    HEADING = "heading"
    """Headings, running heads, page numbers, bylines."""
    CONTENTS = "contents"
    """Entries of a table of contents."""
    REFERENCE = "reference"
    """Entries of a list of references."""
    EXERCISE = "exercise"
    """Questions with their options, blanks and keys."""
    TABLE = "table"
    """Rows of a table."""
    CODE = "code"
    """Lines of a program."""
    VERSE = "verse"
    """Lines of a poem or song."""
    CLASSICAL = "classical"
    """Classical Chinese prose."""
    DIALOGUE = "dialogue"
    """Mostly what persons say to each other."""
    FOREIGN = "foreign"
    """Not Chinese."""
    UNPUNCTUATED = "unpunctuated"
    """Sentences that no mark tells apart."""
