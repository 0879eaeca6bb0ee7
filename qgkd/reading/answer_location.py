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
    """The offset or the spelling of the file was wrong; the nearest occurrence is taken, as the passage spells it."""
    ONLY_OCCURRENCE = "only_occurrence"
    """No offset was given and the answer occurs once."""
    FIRST_OF_SEVERAL = "first_of_several"
    """No offset was given and the answer occurs several times; the first one is taken."""


def locate_answer(context: str, text: str, stated_start_char: int | None) -> tuple[AnswerSpan, Placement]:
    """Check the offset that a file states for an answer, repair it, or find the answer where none is stated.

    An answer that stands nowhere as it is written is found without the blanks around it, without or with the commas of
    thousands, and with 台 for 臺 or 臺 for 台.

    Returns:
        The answer at a place where it stands, and how that place was found.

    Raises:
        UserError: The answer is empty or stands nowhere in the passage.
    """
    if not text.strip():
        raise UserError("expected an answer, found an empty one; give its text or leave the field out")
    if stated_start_char is not None and stated_start_char >= 0 and context.startswith(text, stated_start_char):
        return AnswerSpan(text=text, start_char=stated_start_char), Placement.GIVEN
    found = [match.start() for match in re.finditer(f"(?={re.escape(text)})", context)]  # overlapping ones too
    nearest_to = stated_start_char or 0
    if not found:
        spelled = min(
            _otherwise_spelled(text).finditer(context), key=lambda m: abs(m.start() - nearest_to), default=None
        )
        if spelled is None:
            raise UserError(_nowhere(context, text, stated_start_char))
        return AnswerSpan(text=spelled.group(), start_char=spelled.start()), Placement.REPAIRED
    if stated_start_char is None:
        placement = Placement.ONLY_OCCURRENCE if len(found) == 1 else Placement.FIRST_OF_SEVERAL
    else:
        placement = Placement.REPAIRED
    return AnswerSpan(text=text, start_char=min(found, key=lambda start: abs(start - nearest_to))), placement


def _otherwise_spelled(text: str) -> re.Pattern[str]:
    """What an answer may look like in the passage; a number is found whole, not as a part of a longer one."""
    plain = re.sub(r"(?<=[0-9])[,，](?=[0-9]{3}(?![0-9]))", "", text.strip())
    pattern = re.sub("[台臺]", "[台臺]", re.escape(plain))
    pattern = re.sub(r"(?<![0-9.])[0-9]+", lambda run: re.sub(r"\B(?=([0-9]{3})+$)", "[,，]?", run[0]), pattern)
    before = r"(?<![0-9])(?<![0-9][,，.])" if re.match(r"[0-9]", plain) else ""
    after = r"(?![,，.]?[0-9])" if re.search(r"[0-9]$", plain) else ""
    return re.compile(f"{before}{pattern}{after}")


def _nowhere(context: str, text: str, stated_start_char: int | None) -> str:
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    if stated_start_char is None:
        return f"answer {shown!r} is nowhere in the context; was the context edited?"
    start = max(stated_start_char, 0)
    found = context[start : start + min(len(text), 40)]
    return (
        f"answer {shown!r} is not at character {stated_start_char} (found {found!r}) nor elsewhere in the context; "
        "was the context edited?"
    )
