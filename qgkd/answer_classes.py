"""The evidence behind `qgkd.answer_types.classify`, in the order it is asked.

Comes in: a passage and a span. Goes out: `AnswerType`.

A literal example: `classify_in_sentence("燈塔由林文海設計。", 3, 6)` gives `AnswerType.PERSON`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qgkd.answer_heads import find_head
from qgkd.answer_patterns import (
    CHINESE_NUMERAL,
    DATE,
    DIGIT,
    FOREIGN_NAME,
    MEASURE_WORD,
    NUMBER,
    PERCENT,
    ORDINAL,
    PERIOD,
    WORK,
)
from qgkd.answer_types import AnswerType
from qgkd.words import Word, tag_words

_REACH_CHARS = 200
_SENTENCE_END = re.compile(r"[。！？!?\n]+[」』”’）)]*")
_CLAUSE_MARK = re.compile(r"[，,；;。！？]")
_BARE_NUMERAL = re.compile(rf"(?:{DIGIT}[{DIGIT[1:-1]},，.．]*|{CHINESE_NUMERAL}+)")
_DURATION = re.compile(rf"(?:{DIGIT}{{1,2}}|[一二兩两三四五六七八九十百半數数几幾]{{1,4}})[多餘余來来]?年")
_TIME_WORD = re.compile(
    r".{0,6}(?:年|年代|世紀|世纪|月|日|時期|时期|時代|时代|期間|期间|年間|年间|早期|中期|後期|后期|晚期|初期|末期|前夕|清晨|晚上|夏季|冬季|春季|秋季|夏天|冬天|"
    r"[一二三四五六七八九十]世時|以前|以後|以后|之後|之后|之前|戰後|战后|戰前|战前)"
)
_PLACE_BEFORE = re.compile(r"(?:位於|位于|坐落於|坐落于|前往|抵達|抵达|遷往|迁往|遷至|迁至|定都|建都)$")
_PERSON_BEFORE = re.compile(
    r"(?:總統|总统|皇帝|國王|国王|主席|總理|总理|首相|部長|部长|將軍|将军|市長|市长|校長|校长|教授|博士|學者|学者|詩人|诗人|作家|畫家|画家|導演|导演|演員|演员|"
    r"歌手|科學家|科学家|物理學家|物理学家|數學家|数学家|工程師|工程师|妻子|丈夫|兒子|儿子|女兒|女儿|父親|父亲|母親|母亲|弟弟|哥哥|名將|名将|君主|總督|总督|教宗|教練|教练|"
    r"醫生|医生|律師|律师|記者|记者|哲學家|哲学家|史學家|史学家|大臣|謀士|谋士|創辦人|创办人|創始人|创始人|家[^\u4e00-\u9fff]?)$"
)
_PERSON_AFTER = re.compile(
    r"^(?:先生|女士|教授|博士|皇帝|說過|说过|認為|认为|出生|去世|逝世|病逝|登基|即位|繼位|继位|擔任|担任|出任|率軍|率军|稱帝|称帝|主演|執導|执导|等人|之子|之女|的妻子|的兒子|的儿子|的父親|的父亲)"
)
_TRANSLITERATION = frozenset(
    "阿艾安奧奥巴貝贝比伯布查達达德丹迪杜多恩法費费佛弗福哥格古哈海漢汉赫亨胡華华霍基吉加卡凱凯柯科克克庫库拉萊莱蘭兰勒雷黎李里利林琳隆盧卢路羅罗洛馬马麥麦"
    "曼梅蒙米密莫穆納纳奈尼諾诺努歐欧帕佩皮普齊齐奇喬乔瓊琼薩萨塞桑瑟莎沙舍斯史士司蘇苏索塔泰坦特提湯汤托圖图威維维溫温沃烏乌西希夏謝谢休修雅亞亚耶葉叶伊易英尤約约贊赞詹哲茲兹朱"
    "爾尔姆妮娜琪嘉黛芙"
)


def sentence_around(context: str, start_char: int, end_char: int) -> tuple[int, int]:
    """The stretch a span is classified in: its sentence, or less where that is long.

    Returns:
        (start_char, end_char), at most 200 characters either side of the span.
    """
    from_char = max(0, start_char - _REACH_CHARS)
    for match in _SENTENCE_END.finditer(context, from_char, start_char):
        from_char = match.end()
    end = _SENTENCE_END.search(context, end_char, min(len(context), end_char + _REACH_CHARS))
    return from_char, end.end() if end else min(len(context), end_char + _REACH_CHARS)


def classify_in_sentence(sentence: str, start_char: int, end_char: int) -> AnswerType:
    """Classify a span of one sentence; see `qgkd.answer_types.classify`."""
    text = sentence[start_char:end_char]
    inner = text.strip(" 「」『』“”\"'")
    before, after = sentence[:start_char], sentence[end_char:]
    by_form = _by_form(inner, before, after)
    if by_form is not None:
        return by_form
    words = _words_of(sentence, start_char, end_char)
    if _CLAUSE_MARK.search(text) or _is_clause(text, words):
        return AnswerType.CLAUSE
    offset_chars = start_char + text.find(inner)
    head = find_head(_traditional(sentence)[offset_chars : offset_chars + len(inner)])
    by_tag = _by_tag(inner, words, before, after)
    if head is not None and not (by_tag is AnswerType.PERSON and len(head.suffix) == 1):
        return head.type
    return by_tag


@lru_cache(maxsize=1024)
def _traditional(sentence: str) -> str:
    from qgkd.script import to_traditional_aligned

    return to_traditional_aligned(sentence)


def _by_form(text: str, before: str, after: str) -> AnswerType | None:
    """What the characters alone say."""
    if WORK.fullmatch(text) or before[-1:] in tuple("《〈") and after[:1] in tuple("》〉"):
        return AnswerType.WORK
    if _BARE_NUMERAL.fullmatch(text):
        if re.match(r"(?:年|月|日|世紀|世纪|年代)", after) and (
            len(text) >= 3 or re.search(r"(?:年|月|前|元)$", before)
        ):
            return AnswerType.DATE
        if text[0] not in "千百" or MEASURE_WORD.match(after):
            return AnswerType.NUMBER
    if PERCENT.fullmatch(text) or ORDINAL.fullmatch(text):
        return AnswerType.NUMBER
    is_duration = _DURATION.fullmatch(text) and not re.search(r"(?:元|前|宗|祖|帝|統|绪|緒|熙|治)$", before)
    if DATE.fullmatch(text) and not is_duration:
        return AnswerType.DATE
    if len(text) > 1 and NUMBER.fullmatch(text) and MEASURE_WORD.search(text):
        return AnswerType.NUMBER
    if PERIOD.fullmatch(text) or len(text) <= 10 and _TIME_WORD.fullmatch(text):
        return AnswerType.DATE
    if FOREIGN_NAME.fullmatch(text):
        return AnswerType.PERSON
    return None


def _words_of(sentence: str, start_char: int, end_char: int) -> list[Word]:
    """The span's words as cut in its sentence where the cut respects the span, else cut alone."""
    inside = [word for word in tag_words(sentence) if start_char <= word.start_char and word.end_char <= end_char]
    if inside and inside[0].start_char == start_char and inside[-1].end_char == end_char:
        return inside
    return list(tag_words(sentence[start_char : min(end_char, start_char + _REACH_CHARS)]))


def _is_clause(text: str, words: list[Word]) -> bool:
    """A verb phrase or sentence rather than a name for something."""
    if not words or words[-1].tag[:1] == "n" and len(text) <= 6:
        return False
    verbs = [word for word in words if word.tag in ("v", "vd", "vg", "c", "p", "d", "ad", "r", "u", "ul", "y")]
    if len(text) > 15 and verbs:
        return True
    return (
        len(text) >= 4
        and words[0].tag in ("v", "d", "p", "c", "ad", "r")
        and words[-1].tag[:1] != "n"
        or (len(text) >= 6 and words[0].tag in ("v", "p", "d", "c") and len(words) >= 3)
    )


def _by_tag(text: str, words: list[Word], before: str, after: str) -> AnswerType:
    """What the parts of speech and the neighbouring words say."""
    tags = [word.tag for word in words]
    if tags and all(tag.startswith("nr") for tag in tags) and len(text) <= 8 and len(text) > 1:
        return AnswerType.PERSON
    is_name = bool(tags) and not any(tag.startswith("v") for tag in tags)
    if is_name and 2 <= len(text) <= 8 and (_PERSON_BEFORE.search(before) or _PERSON_AFTER.match(after)):
        return AnswerType.PERSON
    if tags and tags[-1] == "ns":
        return AnswerType.PLACE
    if tags and tags[-1] == "nt":
        return AnswerType.ORGANISATION
    if _PLACE_BEFORE.search(before):
        return AnswerType.PLACE
    if tags and tags[-1] == "t":
        return AnswerType.DATE
    if 3 <= len(text) <= 8 and all(character in _TRANSLITERATION for character in text):
        return AnswerType.PERSON
    return AnswerType.TERM
