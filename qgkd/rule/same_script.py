"""Convert Simplified passages for the rule, which works on Traditional characters, and its questions back.

Comes in: a passage and a span. Goes out: `LocalPassage`, the text near the span in both scripts, which converts
questions back.

A literal example: `林文海设计了灯塔` is read as `林文海設計了燈塔`; the question `誰設計了燈塔？` goes back as
`谁设计了灯塔？`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qgkd.text.respelling import spelt_as_in
from qgkd.text.script import Script, detect_script, to_traditional_aligned

_OPENING_CHARS = 100
_REACH_CHARS = 400
_SCRIPT_SAMPLE_CHARS = 2000
_script_of = lru_cache(maxsize=256)(detect_script)


@dataclass(frozen=True, slots=True)
class LocalPassage:
    """The passage's opening and the text near an answer, aligned in both scripts."""

    original: str
    traditional: str
    """As long as `original`, character by character."""
    start_char: int
    """The answer's first character in `original`."""
    end_char: int
    is_simplified: bool

    def in_its_script(self, question: str) -> str:
        """Convert a question to the passage's script; quoted text is copied exactly from the passage."""
        if not self.is_simplified:
            return question
        return spelt_as_in(self.original, self.traditional, question)


def localize(context: str, start_char: int, end_char: int) -> LocalPassage:
    """Cut a passage down to its opening and 400 characters on either side of the answer, and convert them."""
    from_char, to_char = max(0, start_char - _REACH_CHARS), end_char + _REACH_CHARS
    opening = context[: min(_OPENING_CHARS, from_char)]
    if opening:
        # Ends a sentence at the cut, or the two parts would read as one sentence.
        opening = opening[:-1] + "。"
    original = opening + context[from_char:to_char]
    is_simplified = _script_of(context[:_SCRIPT_SAMPLE_CHARS]) is Script.SIMPLIFIED
    return LocalPassage(
        original=original,
        traditional=to_traditional_aligned(original) if is_simplified else original,
        start_char=start_char - from_char + len(opening),
        end_char=end_char - from_char + len(opening),
        is_simplified=is_simplified,
    )
