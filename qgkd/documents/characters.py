"""Characters that only look like Chinese text are replaced by those that a keyboard types.

Comes in: text of any document. Goes out: the same text with radicals, compatibility ideographs, vertical punctuation
and Latin ligatures as plain characters; nothing else is normalised (①, ㎏ and full-width digits stay).

A literal example: `plain_characters("⼀六六⼀年⺠國︒")` is `"一六六一年民國。"`.
"""

from __future__ import annotations

import re
import unicodedata

# U+2E81-2EF3 has no NFKC form; Source: Unicode, EquivalentUnifiedIdeograph.txt, those that fonts use for whole words.
_RADICALS = str.maketrans(
    "⺁⺅⺆⺈⺊⺌⺎⺒⺓⺟⺠⺡⺧⺩⺫⺬⺭⺶⺻⺼⺾⻁⻂⻄⻅⻆⻈⻉⻋⻌⻎⻏⻐⻑⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻱⻳",
    "厂亻冂刀卜小兀巳幺母民氵牛王目示礻羊聿肉艹虎衤西见角讠贝车辶辶邑钅長长门阝雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾齐齿龙龜龟",
)
_COMPATIBILITY = re.compile("[\u2f00-\u2fdf\uf900-\ufaff\U0002f800-\U0002fa1f\ufb00-\ufb06]")
_PUNCTUATION = re.compile("[\ufe10-\ufe19\ufe30-\ufe6f]")
"""Vertical and small forms, which NFKC makes ASCII; Chinese text has them full-width."""
_FULL_WIDTH = str.maketrans(",:;!?(){}", "，：；！？（）｛｝")
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


def plain_characters(text: str) -> str:
    """Text whose radicals and compatibility forms are the characters that they look like."""
    text = _COMPATIBILITY.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text.translate(_RADICALS))
    return _PUNCTUATION.sub(lambda found: unicodedata.normalize("NFKC", found[0]).translate(_FULL_WIDTH), text)


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
