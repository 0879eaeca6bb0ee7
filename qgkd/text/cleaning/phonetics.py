"""Readings that stand beside the characters: zhuyin, and pinyin in brackets or between characters.

Comes in: a text. Goes out: the text without them. A text about the symbols (ㄅ、ㄆ、ㄇ, 念作ㄅㄛ) keeps them,
and so does a Latin name in brackets.

A literal example: `小ㄒㄧㄠˇ溪（xī）` is read as 小溪.
"""

from __future__ import annotations

import re
import unicodedata

from qgkd.text.cleaning.tracked import TrackedText

_ZHUYIN = "\u3105-\u312f\u31a0-\u31bf"
_TONES = "ˊˇˋ˙ˉ\u02ea\u02eb"
_SYLLABLE = rf"˙?[{_ZHUYIN}]{{1,3}}[{_TONES}]?"
_HAN = "\u3400-\u9fff"
_BESIDE = re.compile(rf"(?<=[{_HAN}])[ \u3000]?{_SYLLABLE}(?=[ \u3000]?(?:[{_HAN}\W]|$))")
_FOR_ONE = "ㄧ"
"""Is typed for 一."""
_QUOTED_AFTER = re.compile("[念讀读作為为是音]")
_BRACKETED = re.compile(
    rf"(?<=[{_HAN}」』》])[ ]?[（(\[【〔](?:注音|讀音|读音|音|念)?[:：]?\s*(?:{_SYLLABLE}[\s·，,、]*)+[)）\]】〕]"
)
_LABELLED = re.compile(
    r"[（(](?:漢語|汉语)?(?:拼音|讀音|读音|發音|发音|注音)[:：]\s*[^（）()，。；;\n]{1,60}(?P<more>[；;，,][^"
    r"（）()\n]{0,80})?[)）]"
)
_LATIN = r"A-Za-z\u00c0-\u024f\u0300-\u030c"
_LATIN_BRACKETS = re.compile(rf"(?<=[{_HAN}」』》])[ ]?[（(\[]([{_LATIN}'’\-\s·]{{1,80}})[)）\]]")
_LATIN_BESIDE = re.compile(rf"(?<=[{_HAN}])[ ]?([{_LATIN}]{{1,7}})[ ]?(?=[{_HAN}，。、；：！？」])")
_TONE_MARKS = frozenset("\u0300\u0301\u0304\u030c")
_PINYIN = re.compile(
    r"(?:[bpmf](?:iu|iao|ian|iang|ie|in|ing|i|a|o|ai|ei|ao|ou|an|en|ang|eng|u)|[dtnl](?:iang|iao|ian|ie|iu|ia|in|ing|i|"
    r"uan|uo|ui|un|u|ve|v|ong|ou|ao|an|ang|en|eng|ei|ai|a|e)|[gkh](?:uang|uai|uan|ua|uo|ui|un|u|ong|ou|ao|an|ang|en|eng"
    r"|ei|ai|a|e)|[jqx](?:iong|iang|iao|ian|ia|ie|iu|in|ing|i|uan|ue|un|u|ve|v)|(?:zh|ch|sh|[zcs])(?:uang|uai|uan|ua|uo"
    r"|ui|un|u|ong|ou|ao|an|ang|en|eng|ei|ai|a|e|i)|r(?:uan|ua|uo|ui|un|u|ong|ou|ao|an|ang|en|eng|e|i)|y(?:uan|ue|un|u|"
    r"ong|ou|ao|an|ang|in|ing|i|e|a)|w(?:ai|ei|an|ang|en|eng|a|o|u)|er|ai|ei|ao|ou|an|en|ang|eng|a|o|e)r?"
)
_WHOLE = re.compile(rf"(?:{_PINYIN.pattern})+")


def without_phonetics(text: TrackedText) -> TrackedText:
    """Take off readings of the characters before them."""
    text = text.without(_BRACKETED).without(_LABELLED)
    readings = list(_BESIDE.finditer(text.text))
    every = len(readings) * 2 > len(re.findall(f"[{_HAN}]", text.text))  # else some may be what the text is about
    text = text.edited(
        (*match.span(), "")
        for match in readings
        if every or not (_QUOTED_AFTER.match(text.text[match.start() - 1]) or match[0].strip() == _FOR_ONE)
    )
    text = text.edited((*match.span(), "") for match in _LATIN_BRACKETS.finditer(text.text) if _is_pinyin(match[1]))
    beside = [match for match in _LATIN_BESIDE.finditer(text.text) if _is_pinyin(match[1], syllables=1)]
    every = len(beside) * 2 > len(re.findall(f"[{_HAN}]", text.text))
    return text.edited(
        (*match.span(), "") for match in beside if every or not _QUOTED_AFTER.match(text.text[match.start() - 1])
    )


def _is_pinyin(text: str, syllables: int | None = None) -> bool:
    """Whether Latin text is pinyin with tone marks: syllables of Chinese, half of them or more with a mark."""
    apart = unicodedata.normalize("NFD", text.lower().replace("ü", "v"))
    marks = sum(character in _TONE_MARKS for character in apart)
    bare = "".join(character for character in apart if not unicodedata.combining(character)).replace("ü", "v")
    words = re.findall("[a-z]+", bare)
    if not marks or not words or not all(_WHOLE.fullmatch(word) for word in words):
        return False
    count = sum(len(_PINYIN.findall(word)) for word in words)
    return marks * 2 >= count and (syllables is None or count == syllables)
