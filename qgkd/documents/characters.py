"""Characters of documents: raised ones, those of symbol fonts, and which Chinese ones are common.

Comes in: characters as a document's runs have them. Goes out: characters of Unicode.

A literal example: `superscript("8")` is `"⁸"`, so that 10⁸ does not read 108.
"""

from __future__ import annotations

import re

_SUPERSCRIPT = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
# What the fonts Symbol and Wingdings draw at 0x00-0xFF (in Word: U+F000-F0FF) where it is a character of its own.
_SYMBOL = dict(zip(b"abcdefghiklmnopqrstuwxyzCDFGLPSUWXY", "αβχδεφγηικλμνοπθρστυωξψζΧΔΦΓΛΠΣΥΩΞΨ", strict=True)) | {
    0xA3: "≤",
    0xA5: "∞",
    0xAB: "↔",
    0xAC: "←",
    0xAE: "→",
    0xB0: "°",
    0xB1: "±",
    0xB3: "≥",
    0xB4: "×",
    0xB7: "•",
}
_SYMBOL |= {0xB8: "÷", 0xB9: "≠", 0xBB: "≈", 0xD6: "√", 0xDE: "⇒"}
_WINGDINGS = {0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "□", 0x76: "❖", 0x9F: "•", 0xA7: "▪", 0xA8: "□"}
_WINGDINGS |= {0xAB: "★", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"}


def superscript(text: str) -> str:
    """Text raised above the line, as characters where Unicode has them: `10` and `8` are `10⁸`, not `108`."""
    raised = text.translate(_SUPERSCRIPT)
    return raised if raised.isascii() is False and not re.search("[0-9]", raised) else text


def symbol_character(code: int, font: str) -> str:
    """What a symbol font draws for a code; empty where it is no character of Unicode's (a picture).

    Args:
        code: As the document has it, with or without the 0xF000 that Word adds.
        font: The font's name.
    """
    position = code - 0xF000 if 0xF000 <= code <= 0xF0FF else code
    if font.startswith("Wingdings"):
        return _WINGDINGS.get(position, "")
    if font == "Symbol":
        return _SYMBOL.get(position, chr(position) if position < 0x7F else "")
    return "" if 0xE000 <= code <= 0xF8FF or code > 0x10FFFF else chr(code)


def is_common(character: str) -> bool:
    """Whether a Han character is one of the 5,401 frequent ones of Big5 or the 3,755 of GB 2312."""
    traditional = character.encode("big5", "ignore")
    simplified = character.encode("gb2312", "ignore")
    return b"\xa4\x40" <= traditional <= b"\xc6\x7e" or b"\xb0\xa1" <= simplified <= b"\xd7\xf9"
