"""Traditional and Simplified Chinese: detect the script, convert, keep character offsets.

Comes in: text in either script. Goes out: `Script`, or the text in the wanted script.

A literal example: `to_traditional_aligned("头发里发现")` is `"頭髮裡發現"`, five characters for five.

The conversion is OpenCC's: `s2tw` (Taiwan's character forms, as in DRCD) and `tw2s`, which knows Taiwan's 著 for 着,
corrected where it cuts through words (`qgkd.text.one_to_many`). Words of the region stay as they are (软件 becomes
軟件, not 軟體): the question must quote the passage's own words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from enum import StrEnum

from qgkd.text.characters import is_han_or_rare
from qgkd.text.one_to_many import corrected_simplified, corrected_traditional

_PIECE = re.compile(r"[^，。！？；：、\s]*[，。！？；：、\s]?")
_UNCONVERTIBLE = re.compile("([\x00\ud800-\udfff]+)")


class Script(StrEnum):
    """Which characters a text is written in."""

    TRADITIONAL = "traditional"
    SIMPLIFIED = "simplified"
    NEUTRAL = "neutral"
    """No character belongs to one script only, or as many to each."""


def detect_script(text: str) -> Script:
    """Detect the script of a text by the majority of the characters that occur in one script only.

    A character counts as Traditional when Big5 holds it and GB 2312 does not, as Simplified the other way round; those
    in both (的, 里, 台) do not count. A Simplified passage with a name in Traditional characters stays Simplified;
    Latin text, the empty string and a tie are `NEUTRAL`.
    """
    balance = sum(_leaning(character) for character in text)
    if balance == 0:
        return Script.NEUTRAL
    return Script.TRADITIONAL if balance > 0 else Script.SIMPLIFIED


@functools.lru_cache(maxsize=32_768)
def _leaning(character: str) -> int:
    """+1 for a character of Traditional text only, -1 for one of Simplified text only, else 0."""
    if not is_han_or_rare(character):
        return 0
    return _encodable(character, "big5") - _encodable(character, "gb2312")


def _encodable(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def to_traditional(text: str) -> str:
    """Convert to Traditional Chinese as written in Taiwan, choosing characters by phrase (发现 發現, 头发 頭髮)."""
    return _corrected(text, _converter("s2tw")(text), corrected_traditional)


def to_simplified(text: str) -> str:
    """Convert to Simplified Chinese; 著 becomes 着 where it is no authorship or fame (看着, 著作)."""
    return _corrected(text, _converter("tw2s")(text), corrected_simplified)


def to_traditional_aligned(text: str) -> str:
    """Convert to Traditional Chinese so that character i of the result is character i of the text."""
    return corrected_traditional(text, _aligned(text, _converter("s2tw")))


def to_simplified_aligned(text: str) -> str:
    """Convert to Simplified Chinese so that character i of the result is character i of the text."""
    return corrected_simplified(text, _aligned(text, _converter("tw2s")))


def _corrected(text: str, converted: str, correct: Callable[[str, str], str]) -> str:
    """Correct a conversion that kept the length; otherwise no character is known to be another's."""
    return correct(text, converted) if len(converted) == len(text) else converted


def _aligned(text: str, convert: Callable[[str], str]) -> str:
    """Convert piece by piece (up to the next punctuation mark), a piece of changed length character by character."""
    pieces = []
    for piece in _PIECE.findall(text):
        converted = convert(piece)
        if len(converted) != len(piece):
            single = map(convert, piece)
            converted = "".join(new if len(new) == 1 else old for old, new in zip(piece, single, strict=True))
        pieces.append(converted)
    return "".join(pieces)


@functools.cache
def _converter(config: str) -> Callable[[str], str]:
    import opencc

    convert = opencc.OpenCC(config).convert
    # OpenCC ends the text at a NUL and refuses half a surrogate pair: keep both out of it.
    return lambda text: "".join(
        part if _UNCONVERTIBLE.fullmatch(part) else convert(part) for part in _UNCONVERTIBLE.split(text)
    )
