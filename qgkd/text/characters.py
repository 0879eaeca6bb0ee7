"""Which characters are Chinese.

Comes in: a character. Goes out: whether it is Chinese; the same range for regular expressions.

A literal example: `is_han("燈")` is True, `is_han("、")` and `is_han("")` are False.
"""

from __future__ import annotations

HAN = "\u4e00-\u9fff"
"""Chinese characters as a range between the brackets of a regular expression."""

_BERT_BLOCKS = ("\u3400\u4dbf", "\u4e00\u9fff", "\uf900\ufaff", "\U00020000\U0002ceaf")


def is_han(character: str) -> bool:
    """Whether a character is in Unicode's main block of Chinese characters."""
    return "\u4e00" <= character <= "\u9fff"


def is_han_or_rare(character: str) -> bool:
    """Whether a character is Chinese, the rare ones of Unicode's extension A included."""
    return "\u3400" <= character <= "\u9fff"


def is_bert_word(character: str) -> bool:
    """Whether BERT's tokenizer takes the character for a word of its own."""
    return any(first <= character <= last for first, last in _BERT_BLOCKS)
