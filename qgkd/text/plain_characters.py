"""Characters that only look like Chinese text are replaced by those that a keyboard types.

Comes in: any text. Goes out: the same text with radicals, compatibility ideographs, vertical punctuation
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


def plain_characters(text: str) -> str:
    """Text whose radicals and compatibility forms are the characters that they look like."""
    text = _COMPATIBILITY.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text.translate(_RADICALS))
    return _PUNCTUATION.sub(lambda found: unicodedata.normalize("NFKC", found[0]).translate(_FULL_WIDTH), text)
