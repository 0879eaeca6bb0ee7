"""Split questions into the tokens that every score counts.

`"GPS衛星在2,019年?"` becomes `["gps", "衛", "星", "在", "2,019", "年", "？"]` (`mixed`) or
`["g", "p", "s", "衛", "星", "在", "2", "，", "0", "1", "9", "年", "？"]` (`char`). The same function reads
the hypothesis and the reference, so a question mark of another width is no error.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Tokenization = Literal["mixed", "char"]

TOKENIZATION_TEXT: dict[Tokenization, str] = {
    "mixed": "mixed: NFKC, lower case, one token per CJK character or mark, per Latin/digit run, per decimal number; "
    "lone ASCII ?!,:;() widened",
    "char": "char: NFKC, lower case, one token per character, spaces dropped; ASCII ?!,:;() widened",
}
"""The definition of each tokenisation, printed beside the scores."""

_MIXED_TOKEN = re.compile(r"[0-9]+(?:[.,][0-9]+)+|[0-9a-zà-öø-ž]+|\S")
_WIDENED = {mark: chr(ord(mark) + 0xFEE0) for mark in "?!,:;()"}


def tokenize(text: str, tokenization: Tokenization = "mixed") -> list[str]:
    """Split a question into the tokens that are scored.

    Args:
        text: A question, with or without spaces between its characters.
        tokenization: `mixed` keeps digit and Latin runs whole; `char` splits them, as some published tables do.

    Returns:
        Tokens without whitespace; empty for a blank text.

    Source: mixed segmentation of the CMRC 2018 evaluation, with NFKC and one width for punctuation.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    pieces = _MIXED_TOKEN.findall(folded) if tokenization == "mixed" else "".join(folded.split())
    return [_WIDENED.get(piece, piece) for piece in pieces]
