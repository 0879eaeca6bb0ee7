"""Check an answer that a person gives: it is in the passage at its offset, and not too long.

Comes in: a passage and an `AnswerSpan`. Goes out: nothing, or a sentence that explains the error.

A literal example: `too_long(AnswerSpan(text="長" * 300, start_char=0, end_char=300))` is
"answer '長長長…'… is 300 characters and words long, the longest that can be asked about has 64; give a shorter one".
"""

from __future__ import annotations

import re

from qgkd.answers.types import AnswerSpan
from qgkd.errors import UserError

LONGEST_ANSWER_TOKENS = 64
"""Longer given answers are refused by every system. A token is a character, a Latin word or a number."""

_TOKEN = re.compile(r"[0-9A-Za-z]+|\S")


def check_answer(context: str, answer: AnswerSpan) -> None:
    """Refuse an answer that is not at its offsets.

    Raises:
        UserError: The passage has other text at these offsets.
    """
    found = context[max(answer.start_char, 0) : max(answer.end_char, 0)]
    if not answer.text or answer.start_char < 0 or found != answer.text:
        raise UserError(
            f"answer {answer.text[:40]!r} is not at characters {answer.start_char} to {answer.end_char} of the passage "
            f"(found {found[:40]!r}); was the passage edited?"
        )


def too_long(answer: AnswerSpan) -> str | None:
    """Explain that the answer is longer than any system accepts; None if it is not."""
    tokens = len(_TOKEN.findall(answer.text))
    if tokens <= LONGEST_ANSWER_TOKENS:
        return None
    return (
        f"answer {answer.text[:20]!r}… is {tokens} characters and words long, the longest that can be asked about has "
        f"{LONGEST_ANSWER_TOKENS}; give a shorter one"
    )
