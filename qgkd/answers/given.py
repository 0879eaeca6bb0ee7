"""Measure the length of an answer that a person gives.

Comes in: the answer's text. Goes out: its length in tokens, which `LONGEST_ANSWER_TOKENS` limits.

A literal example: `answer_tokens("Yushan 3952公尺")` is 4: a Latin word, a number and two characters.
"""

from __future__ import annotations

import re

LONGEST_ANSWER_TOKENS = 64
"""Longer given answers are refused by every system. A token is a character, a Latin word or a number."""

_TOKEN = re.compile(r"[0-9A-Za-z]+|\S")


def answer_tokens(text: str) -> int:
    """Count the tokens of an answer; white space does not count."""
    return len(_TOKEN.findall(text))


def is_too_long(text: str) -> bool:
    """Whether an answer is longer than any system accepts."""
    return answer_tokens(text) > LONGEST_ANSWER_TOKENS
