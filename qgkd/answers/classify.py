"""Classify a span by its form, its last noun, and jieba's parts of speech, in this order.

Comes in: a passage and a span. Goes out: `AnswerType`.

A literal example: `classify("燈塔建於1867年。", 4, 9)` is `AnswerType.DATE`.
"""

from __future__ import annotations

import dataclasses
import re
from functools import lru_cache

from qgkd.answer import AnswerSpan, AnswerType
from qgkd.answers.heads import Head, find_head
from qgkd.answers.patterns import (
    CHINESE_NUMERAL,
    COUNTED,
    DATE,
    DIGIT,
    FOREIGN_NAME,
    MEASURE_WORD,
    NUMBER,
    ORDINAL,
    PERCENT,
    PERIOD,
    WORK,
)
from qgkd.text.characters import HAN
from qgkd.text.enumerations import members_of
from qgkd.text.foreign_names import is_spelt
from qgkd.text.script import to_traditional_aligned
from qgkd.text.word_lists import either, words_of
from qgkd.text.words import Word, is_listed, tag_words

_REACH_CHARS = 200
_traditional = lru_cache(maxsize=1024)(to_traditional_aligned)
_SENTENCE_END = re.compile(r"[。！？!?\n]+[」』”’）)]*")
_SURNAME_TAGS = ("ng", "nr", "n", "x", "zg", "nz", "ns", "nrt", "g")
_NEVER_LAST_OF_NAMES = frozenset("色港區区部業业類类式型性度率會会局廠厂院館馆")
_REASON_BEFORE = re.compile(rf"(?:{either('reasons')})$")
_SUFFIXES_OF_OTHER_NOUNS = frozenset("湖縣省鎮鄉灣族語黨隊站寺塔橋島市區制獎廟港峽宮殿院校廠潭池村艦")
_LAST_OF_THINGS = frozenset(
    "廟寺塔橋站縣市省鎮鄉村港灣島嶼礁峽宮殿廳館院校廠店庫池潭隊黨藥病症酸素鹼質體器機計儀鏡車艇燈盤銅鐵錫紙筆鞋靴帽衣褲裙刀槍炮砲彈菜糖"
    "鹽酒飯麵餅豆稻麥果鴿雞鴨魚鳥蟲轉號口角溝岸線泊星鶴鹤鷹鹰鵝鹅鷺鹭猴犬羊豬猪獎制語法論曲劇畫圖賽節油氣電庙桥县镇乡湾岛屿峡宫厅馆厂库队党药碱质体机计仪镜车灯盘铜"
    "铁锡纸笔裤枪弹盐面饼麦鸽鸡鸭鱼鸟虫转号沟线奖语论剧画图赛节气电"
)
_BEFORE_DURATION = re.compile(rf"(?:{either('before a length of time')})$")
_AFTER_DURATION = re.compile(rf"^(?![來来][到自訪访臺台華华])(?:{either('after a length of time')})")
_POINTS = re.compile(rf"[{CHINESE_NUMERAL[1:-1]}0-9]+[點点]")
_BEFORE_POINTS = re.compile(r"(?:以下|下列|以上|上述|[這这共有為为分成列述])$")
_INNER_PREDICATE = re.compile(rf"^[{HAN}]{{2,}}(?:是|為|为|會|会|可以|能夠|能够|不|被)[{HAN}0-9]{{2,}}")
_CLAUSE_MARK = re.compile(r"[，,；;。！？]")
_BARE_NUMERAL = re.compile(rf"(?:{DIGIT}[{DIGIT[1:-1]},，.．]*|{CHINESE_NUMERAL}+)")
_DURATION = re.compile(
    rf"(?:{DIGIT}{{1,2}}|(?![一二三四五六七八九]{{4}}年)[一二兩两三四五六七八九十百半數数几幾]{{1,4}})[多餘余來来]?年"
)
_TIME_WORD = re.compile(rf".{{0,6}}(?:{either('time ends')}|[一二三四五六七八九十]世時)")
_AT = re.compile(r"[在於于到至往自從从]$")
_PLACE_BEFORE = re.compile(rf"(?:{either('before a place')})$")
_PERSON_BEFORE = re.compile(rf"(?:{either('before a person')})$")
_PERSON_AFTER = re.compile(rf"^(?:{either('after a person')})")


def classify(context: str, start_char: int, end_char: int) -> AnswerType:
    """Give the answer type of a span of a passage in either script; `TERM` for a noun of no more specific type.

    Patterns decide first (dates, quantities, titles in 《》), then the noun at the span's end, then jieba's parts of
    speech.
    """
    from_char, to_char = _sentence_around(context, start_char, end_char)
    return classify_in_sentence(context[from_char:to_char], start_char - from_char, end_char - from_char)


def classified(context: str, answer: AnswerSpan) -> AnswerSpan:
    """Give an answer its type; an answer that has one keeps it."""
    if answer.type is not None:
        return answer
    return dataclasses.replace(answer, type=classify(context, answer.start_char, answer.end_char))


def _sentence_around(context: str, start_char: int, end_char: int) -> tuple[int, int]:
    """The part of the passage in which a span is classified: its sentence, at most 200 characters on either side."""
    from_char = max(0, start_char - _REACH_CHARS)
    for match in _SENTENCE_END.finditer(context, from_char, start_char):
        from_char = match.end()
    end = _SENTENCE_END.search(context, end_char, min(len(context), end_char + _REACH_CHARS))
    return from_char, end.end() if end else min(len(context), end_char + _REACH_CHARS)


def classify_in_sentence(sentence: str, start_char: int, end_char: int) -> AnswerType:
    """Classify a span of one sentence; see `classify`."""
    text = sentence[start_char:end_char]
    inner = text.strip(" 「」『』“”\"'")
    before, after = sentence[:start_char], sentence[end_char:]
    by_form = _by_form(inner, before, after)
    if by_form is not None:
        return by_form
    members = members_of(text)
    if members:
        return _common_type(members)
    words = _words_of(sentence, start_char, end_char)
    if _CLAUSE_MARK.search(text) or _is_clause(text, words) or _is_reason(inner, words, before):
        return AnswerType.CLAUSE
    offset_chars = start_char + text.find(inner)
    traditional = _traditional(sentence)[offset_chars : offset_chars + len(inner)]
    head = find_head(traditional)
    if head is not None and head.suffix == traditional:
        return head.type
    by_tag = _by_tag(inner, words, before, after)
    if head is None or (by_tag is AnswerType.PERSON and len(head.suffix) == 1 and not _is_not_a_person(inner, head)):
        return by_tag
    return head.type


def _common_type(members: tuple[str, ...]) -> AnswerType:
    """The type of an enumeration: that of its members, or TERM where they differ or jieba only guesses names."""
    types = {classify_in_sentence(member, 0, len(member)) for member in members}
    is_guess = AnswerType.PERSON in types and not all(
        member[0] in words_of("surnames") or FOREIGN_NAME.fullmatch(member) or is_spelt(member) for member in members
    )
    return AnswerType.TERM if is_guess or len(types) > 1 else types.pop()


def _is_not_a_person(text: str, head: Head) -> bool:
    """Whether a one-character suffix outweighs jieba's guess of a personal name (儒洪多湖, 胡圖族)."""
    if len(text) >= 3 and head.suffix in _SUFFIXES_OF_OTHER_NOUNS:
        return True
    return text[0] not in words_of("surnames") and not is_spelt(text) and head.type is not AnswerType.PERSON


def _by_form(text: str, before: str, after: str) -> AnswerType | None:
    """The type by the characters of the span alone; None if they do not decide."""
    if WORK.fullmatch(text) or (before[-1:] in tuple("《〈") and after[:1] in tuple("》〉")):
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
    is_span_of_years = (_DURATION.fullmatch(text) or _is_duration(text, before, after)) and not re.search(
        r"(?:元|前|宗|祖|帝|統|绪|緒|熙|治)$", before
    )
    if _POINTS.fullmatch(text) and _BEFORE_POINTS.search(before):
        return AnswerType.NUMBER
    if DATE.fullmatch(text) and not is_span_of_years:
        return AnswerType.DATE
    has_digit = re.search(DIGIT, text) is not None
    if len(text) > 1 and NUMBER.fullmatch(text) and (has_digit or MEASURE_WORD.search(text)):
        return AnswerType.NUMBER
    if has_digit and COUNTED.fullmatch(text) and MEASURE_WORD.search(text):
        return AnswerType.NUMBER
    if PERIOD.fullmatch(text) or (len(text) <= 10 and _TIME_WORD.fullmatch(text)):
        return AnswerType.DATE
    if FOREIGN_NAME.fullmatch(text):
        return AnswerType.PERSON
    return None


def _is_duration(text: str, before: str, after: str) -> bool:
    """Whether a number of years is a duration (`擁有140年歷史`), not a calendar year."""
    if re.fullmatch(rf"{DIGIT}{{3,4}}年", text) is None:
        return False
    return _AFTER_DURATION.match(after) is not None or (len(text) == 4 and _BEFORE_DURATION.search(before) is not None)


def _words_of(sentence: str, start_char: int, end_char: int) -> list[Word]:
    """The span's words, segmented within the sentence if its boundaries are word boundaries there, else alone."""
    inside = [word for word in tag_words(sentence) if start_char <= word.start_char and word.end_char <= end_char]
    if inside and inside[0].start_char == start_char and inside[-1].end_char == end_char:
        return inside
    return list(tag_words(sentence[start_char : min(end_char, start_char + _REACH_CHARS)]))


def _is_clause(text: str, words: list[Word]) -> bool:
    """Whether the span is a verb phrase or a sentence rather than a noun phrase."""
    if not words or (words[-1].tag[:1] == "n" and len(text) <= 6):
        return False
    verbs = [word for word in words if word.tag in ("v", "vd", "vg", "c", "p", "d", "ad", "r", "u", "ul", "y")]
    if (len(text) > 15 and verbs) or (len(text) > 6 and _INNER_PREDICATE.match(text)):
        return True
    return (len(text) >= 4 and words[0].tag in ("v", "d", "p", "c", "ad", "r") and words[-1].tag[:1] != "n") or (
        len(text) >= 6 and words[0].tag in ("v", "p", "d", "c") and len(words) >= 3
    )


def _is_reason(text: str, words: list[Word], before: str) -> bool:
    """Whether the span is a clause after 因為 or a similar word (`船隻常常觸礁`), with a verb or adverb in it."""
    if len(text) < 5 or _REASON_BEFORE.search(before) is None:
        return False
    return any(word.tag in ("v", "d", "a", "vd", "ad") for word in words[1:])


def _is_cut_name(text: str, words: list[Word]) -> bool:
    """Whether the span is a three-character name that jieba splits after the surname (`林|文海`)."""
    if len(text) != 3 or len(words) < 2 or len(words[0].text) != 1 or text[0] not in words_of("surnames"):
        return False
    if text[-1] in _NEVER_LAST_OF_NAMES or _names_a_thing(text):
        return False
    return words[0].tag in _SURNAME_TAGS and words[1].tag not in ("v", "p", "uj", "c")


def _is_unlisted_name(text: str, words: list[Word]) -> bool:
    """Whether the span is a surname and two characters that jieba's list lacks and takes for a place (`鄭芝龍`)."""
    is_one_guess = len(words) == 1 and len(text) == 3 and words[0].tag in ("ns", "nz") and not is_listed(text)
    return is_one_guess and text[0] in words_of("surnames") and not _names_a_thing(text)


def _names_a_thing(text: str) -> bool:
    """Whether a word that jieba takes for a personal name is known to be none, or ends like the name of a thing."""
    if text in words_of("no persons"):
        return True
    is_foreign = len(text) > 2 and is_spelt(text) and text[-1] not in "星港島灣山河洋"
    return text[-1] in _LAST_OF_THINGS and not is_foreign


def _by_tag(text: str, words: list[Word], before: str, after: str) -> AnswerType:
    """The type by parts of speech and neighbouring words."""
    tags = [word.tag for word in words]
    if before.endswith("在") and after.startswith(("裡", "里", "中", "內", "内", "上")):
        return AnswerType.TERM
    is_guessed = bool(tags) and all(tag.startswith("nr") for tag in tags) and not _names_a_thing(text)
    if is_guessed and _PLACE_BEFORE.search(before) and text[0] not in words_of("surnames"):
        return AnswerType.PLACE  # 漂到|阿拉斯加
    if is_guessed and 1 < len(text) <= 8:
        return AnswerType.PERSON
    if _is_cut_name(text, words):
        return AnswerType.PERSON
    is_guess = len(words) > 1 and words[-1].tag in ("ns", "nz") and not is_listed(words[-1].text)
    if (
        len(words) > 1
        and (words[-1].tag.startswith("nr") or is_guess)
        and _PERSON_BEFORE.search(text[: -len(words[-1].text)])
    ):
        return AnswerType.PERSON  # 物理學家陳宗翰
    is_name = bool(tags) and not any(tag.startswith("v") for tag in tags)
    if is_name and 2 <= len(text) <= 8 and (_PERSON_BEFORE.search(before) or _PERSON_AFTER.match(after)):
        return AnswerType.PERSON
    if _is_unlisted_name(text, words) and not _AT.search(before):
        return AnswerType.PERSON
    if tags and tags[-1] == "ns" and text not in words_of("no places"):
        return AnswerType.PLACE
    if tags and tags[-1] == "nt":
        return AnswerType.ORGANISATION
    if _PLACE_BEFORE.search(before):
        return AnswerType.PLACE
    if tags and tags[-1] == "t":
        return AnswerType.DATE
    if 3 <= len(text) <= 8 and is_spelt(text):
        return AnswerType.PERSON
    return AnswerType.TERM
