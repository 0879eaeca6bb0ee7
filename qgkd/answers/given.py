"""How long an answer that a person gives may be.

Comes in: the answer's text. Goes out: its length in tokens, to be compared with `LONGEST_ANSWER_TOKENS`.

A literal example: `answer_tokens("Yushan 3952公尺")` is 4: a Latin word, a number and two characters.
"""

from __future__ import annotations

import re

LONGEST_ANSWER_TOKENS = 64
"""Longer given answers are refused, whatever the system: characters, with Latin words and numbers counted once."""

_TOKEN = re.compile(r"[0-9A-Za-z]+|\S")


def answer_tokens(text: str) -> int:
    """Length of an answer: its characters, a Latin word or a number counted once, white space not at all."""
    return len(_TOKEN.findall(text))


def is_too_long(text: str) -> bool:
    """Whether an answer is longer than any system takes."""
    return answer_tokens(text) > LONGEST_ANSWER_TOKENS
