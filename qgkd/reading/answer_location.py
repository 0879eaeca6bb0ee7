"""Find out where in the passage a given answer stands.

Comes in: a passage, an answer and perhaps the character where the file says it starts. Goes out: an `AnswerSpan`, not
yet classified, and how its place was found; or a `UserError`.

A literal example: `locate_answer("甲在甲板上。", "甲", 1)` is
`(AnswerSpan(text="甲", start_char=0), Placement.REPAIRED)`: character 1 is 在, so the nearest 甲 is taken, and of two
equally near ones the first.
"""

from __future__ import annotations

import re
from enum import StrEnum

from qgkd.answer import AnswerSpan
from qgkd.errors import UserError


class Placement(StrEnum):
    """How an answer's place in the passage is known."""

    GIVEN = "given"
    """The offset of the file was right."""
    REPAIRED = "repaired"
    """The offset of the file was wrong; the nearest occurrence is taken."""
    ONLY_OCCURRENCE = "only_occurrence"
    """No offset was given and the answer occurs once."""
    FIRST_OF_SEVERAL = "first_of_several"
    """No offset was given and the answer occurs several times; the first one is taken."""


def locate_answer(context: str, text: str, stated_start_char: int | None) -> tuple[AnswerSpan, Placement]:
    """Check the offset that a file states for an answer, repair it, or find the answer where none is stated.

    Returns:
        The answer at a place where it stands, and how that place was found.

    Raises:
        UserError: The answer is empty or stands nowhere in the passage.
    """
    if not text.strip():
        raise UserError("expected an answer, found an empty one; give its text or leave the field out")
    if stated_start_char is not None and stated_start_char >= 0 and context.startswith(text, stated_start_char):
        return AnswerSpan(text=text, start_char=stated_start_char), Placement.GIVEN
    starts = [match.start() for match in re.finditer(f"(?={re.escape(text)})", context)]  # overlapping ones too
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    if stated_start_char is None:
        if not starts:
            raise UserError(f"answer {shown!r} is nowhere in the context; was the context edited?")
        placement = Placement.ONLY_OCCURRENCE if len(starts) == 1 else Placement.FIRST_OF_SEVERAL
        return AnswerSpan(text=text, start_char=starts[0]), placement
    if not starts:
        start = max(stated_start_char, 0)
        found = context[start : start + min(len(text), 40)]
        raise UserError(
            f"answer {shown!r} is not at character {stated_start_char} (found {found!r}) nor elsewhere in the context; "
            "was the context edited?"
        )
    nearest = min(starts, key=lambda start: abs(start - stated_start_char))
    return AnswerSpan(text=text, start_char=nearest), Placement.REPAIRED
