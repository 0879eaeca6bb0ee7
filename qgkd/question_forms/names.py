"""Which spans of a passage read as the name of something, and can be options.

Comes in: a proposed span. Goes out: yes or no.

A literal example: 稻米 and 劉銘傳 do; 路段通車, 主峰海拔, 修憲 tagged as a person, and 特里 of 普利斯特里 do not.
"""

from __future__ import annotations

import re

from qgkd.answer import AnswerSpan, AnswerType
from qgkd.text.foreign_names import is_spelt, spelling_characters
from qgkd.text.word_lists import either, words_of

_BY_FORM = frozenset({AnswerType.DATE, AnswerType.NUMBER, AnswerType.CLAUSE})
_NO_LAST_CHARS = frozenset("內内時时著着間间後后上下中前裡里等者們们化")
_NO_FIRST_CHARS = frozenset("這这那此該该其每各某本新最全又也亦並并而均即")
_VERBAL_TAGS = ("v", "d", "p", "r", "c", "u", "a")
_GENERAL_FIRST_CHARS = frozenset("長长大小高低老古名外內内")
_DEVERBAL = re.compile(
    "(?:通車|通车|成形|發源|发源|命名|證明|证明|營運|营运|進度|进度|距離|距离|意思|能力|階段|阶段|原料|原本|旅程|小時|小时|總長|总长|全長|全长"
    "|長度|长度|水量|高度|功能|結論|结论|證實|证实|規模|规模|特色|成就|影響|影响|基礎|基础|資料|资料|情形|狀態|状态|發展|发展|研究|活動|活动"
    "|時速|时速|高程|容量|密度|傳說|传说|天氣|天气|溫度|温度|氣溫|气温|數量|数量|比例|程度|效果|經驗|经验|行為|行为|名字|名稱|名称)$"
)
_SOVEREIGN = re.compile(r"[帝王宗祖后]$")
_DIRECTIONS = re.compile(r"[東西南北东]{2}")


def is_name(span: AnswerSpan, context: str) -> bool:
    """Whether a span that `propose_answers` gives can be an option.

    Returns:
        True for dates, numbers and titles; for persons, where the name is written like one and is whole; for the rest,
        where no word of it is a verb and it is not the name of a property or an action.
    """
    if span.type in _BY_FORM or span.text[0] in "《〈":
        return True
    if span.type is AnswerType.PERSON:
        return is_person_name(span.text) and not _is_cut(span, context)
    if _DIRECTIONS.fullmatch(span.text) or span.text[-1] in _NO_LAST_CHARS or span.text[0] in _NO_FIRST_CHARS:
        return False
    if len(span.text) == 2 and span.text[0] in _GENERAL_FIRST_CHARS:
        return False
    if _DEVERBAL.search(span.text) or re.search(rf"(?:{either('properties')})$", span.text):
        return False
    return is_noun(span.text)


def is_noun(text: str) -> bool:
    """Whether no word of a text is a verb or names an action: 黑龍江 is one, 意指黑龍江 is not."""
    from qgkd.text.words import tag_words

    words = [word for word in tag_words(text) if word.tag not in ("x", "c")]
    if len(words) == 1 and words[0].tag == "l":
        return False
    return bool(words) and not any(
        word.tag.startswith(_VERBAL_TAGS) or word.tag == "l" or _DEVERBAL.fullmatch(word.text) for word in words
    )


def is_person_name(text: str) -> bool:
    """Whether a person's name may be written so: 林文海, 普利斯特里, 艾薩克·牛頓; not 住在島上的人."""
    if re.search("[·‧・•．A-Za-z]", text) or _SOVEREIGN.search(text):
        return True
    from qgkd.text.words import is_listed, tag_words

    words = tag_words(text)
    if len(words) == 1 and is_listed(text) and words[0].tag in ("n", "l", "v", "vn"):
        return False  # 童養媳
    if text[:1] in "師师" and len(text) > 2 and is_spelt(text[1:]):
        return False  # 修理|師瓦特
    if text in words_of("no persons") or text[-1] in "族人林光素子水峽峡樹树葉叶府宮宫館馆寺":
        return False
    return is_spelt(text) or (2 <= len(text) <= 4 and text[0] in words_of("surnames"))


def _is_cut(span: AnswerSpan, context: str) -> bool:
    """Whether a foreign name goes on at either end."""
    if not is_spelt(span.text):
        return False
    around = context[max(0, span.start_char - 1) : span.start_char] + context[span.end_char : span.end_char + 1]
    return any(character in spelling_characters() or character in "·‧・•．" for character in around)
