"""Written forms that settle an answer's type without a word list: dates, numbers, titles of works.

Comes in: text in Traditional or Simplified characters. Goes out: compiled patterns, used by `qgkd.answers.classify` to
name a span's type and by `qgkd.answers.propose` to find spans.

A literal example: `DATE.fullmatch("1867年5月")` and `NUMBER.fullmatch("約3.6萬平方公里")` match.
"""

from __future__ import annotations

import re

from qgkd.text.characters import HAN
from qgkd.text.word_lists import either

DIGIT = r"[0-9０-９]"
_CN = "〇零一二三四五六七八九十百千"
CHINESE_NUMERAL = rf"[{_CN}兩两廿卅萬万億亿]"
_BEFORE_CHRIST = r"(?:(?:西元|公元|紀元|纪元)前?|前)"
_YEAR = (
    rf"(?:{_BEFORE_CHRIST}?(?:{DIGIT}{{3,4}}|[〇零一二三四五六七八九]{{4}})|{_BEFORE_CHRIST}{DIGIT}{{1,4}}"
    rf"|(?:{either('eras')})(?:{DIGIT}{{1,2}}|元|[{_CN}廿]{{1,3}}))年"
)
_MONTH = r"(?:(?:1[0-2]|0?[1-9]|[正臘腊閏]|十[一二]?|[一二三四五六七八九]))月份?"
_DAY = rf"(?:[初]?[{_CN}廿]{{1,3}}|{DIGIT}{{1,2}})[日號号]"
_CENTURY = rf"{_BEFORE_CHRIST}?(?:{DIGIT}{{1,2}}|[{_CN}廿]{{1,3}})世[紀纪]"
_DECADE = rf"(?:{DIGIT}{{2,4}}|[{_CN}]{{2,4}})年代"
_HOUR = rf"(?:{DIGIT}{{1,2}}|[{_CN}兩两]{{1,3}})[點点時时](?:{DIGIT}{{1,2}}分|半|整)?"
_CLOCK = rf"(?:{either('hours')})?{_HOUR}"
_DYNASTY = rf"(?:{either('dynasties')})(?:朝|代|末|初)(?:[初末中]?[年期葉叶])?"
_WEEKDAY = r"(?:星期|週|周|禮拜|礼拜)[一二三四五六日天]"
_CALENDAR = rf"(?:{_CENTURY}(?:{_DECADE})?|{_DECADE}|{_YEAR}(?:{_MONTH}(?:{_DAY})?)?|{_MONTH}(?:{_DAY})?)"

DATE_BODY = rf"(?:{_CALENDAR}(?:{either('date parts')})?|{_DAY})(?:[，、（(]?{_WEEKDAY}[)）]?)?(?:{_CLOCK})?"
"""A calendar date, as a pattern to be embedded; no words for periods."""

DATE = re.compile(
    rf"(?:在|於|于|自|從|从)?(?:{DATE_BODY}|{_DYNASTY}|{_WEEKDAY}|{_CLOCK})"
    rf"(?:[到至\-－—~～](?:{DATE_BODY}|{DIGIT}{{1,4}}年?))?(?:[之以]?[前後后]|起|間|间|[初中末]期?|春|夏|秋|冬)?"
)
"""A whole answer that is a point in time."""

PERIOD = re.compile(rf"[{HAN}]{{0,6}}(?:{either('period ends')})")
"""A whole answer that is a stretch of time with a name."""

YEAR = re.compile(rf"(?:{_YEAR})(?!代)(?:[之以]?[前後后]|起|[初末底中])?")
DYNASTY = re.compile(_DYNASTY)
CENTURY = re.compile(rf".*{_CENTURY}.*")
DECADE = re.compile(rf".*{_DECADE}.*")
MONTH = re.compile(_MONTH)
MONTH_DAY = re.compile(rf"{_MONTH}{_DAY}")
DAY = re.compile(_DAY)
YEAR_MONTH_DAY = re.compile(rf"{_YEAR}{_MONTH}{_DAY}")

_ARABIC = rf"[+\-－]?{DIGIT}+(?:[,，]{DIGIT}{{3}})*(?:[.．]{DIGIT}+)?"
_NUMERAL = (
    rf"(?:{_ARABIC}|{CHINESE_NUMERAL}+(?:[點点][{_CN}]+)?|[數数][十百千萬万億亿]+|半|幾|几)"
    rf"(?:[十百千]?[萬万億亿兆]|[百千])?[多餘余來来幾几]?"
)
_PERCENT = (
    rf"(?:百分之{CHINESE_NUMERAL}+|{_NUMERAL}(?:%|％|‰|個百分點|个百分点|成)"
    rf"|{CHINESE_NUMERAL}+分之{CHINESE_NUMERAL}+|一半|半數|半数)"
)
MEASURE_WORD = re.compile(either("measure words"))
NUMBER_BODY = rf"(?:{_PERCENT}|第?{_NUMERAL}(?:多|餘|余)?(?:{MEASURE_WORD.pattern})?)"
NUMBER = re.compile(
    rf"(?:{either('about')})?{NUMBER_BODY}(?:[到至\-－—~～、]{NUMBER_BODY})?"
    rf"(?:以上|以下|左右|以內|以内|之間|之间|多|餘|余|半)?"
)
"""A whole answer that is a quantity."""

COUNTED = re.compile(rf"{NUMBER.pattern}[{HAN}]{{1,2}}")
"""A quantity with the noun it counts (`200名士兵`); only with Arabic digits, or 八角大樓 would be one."""

NUMERAL_HEAD = re.compile(rf"(?P<about>(?:{either('about')})?)(?P<ordinal>第?)(?P<numeral>{_NUMERAL})")
PERCENT = re.compile(_PERCENT)
ORDINAL = re.compile(rf"第{_NUMERAL}")
WORK = re.compile(r"《[^《》]{1,40}》|〈[^〈〉]{1,40}〉")
LATIN_NAME = re.compile(r"[A-Za-zÀ-ž][A-Za-zÀ-ž0-9&.'’+#/\-]*(?: [A-Za-zÀ-ž0-9][A-Za-zÀ-ž0-9&.'’+#/\-]*)*")
FOREIGN_NAME = re.compile(rf"[{HAN}]{{1,8}}(?:[·‧・•．][{HAN}A-Z]{{1,8}}){{1,4}}")
