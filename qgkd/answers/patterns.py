"""Regular expressions for answers whose form gives their type: dates, numbers, titles of works.

Comes in: text in Traditional or Simplified characters. Goes out: compiled patterns, with which
`qgkd.answers.classify` classifies spans and `qgkd.answers.candidates` finds them.

A literal example: `DATE.fullmatch("1867年5月")` and `NUMBER.fullmatch("約3.6萬平方公里")` match.
"""

from __future__ import annotations

import re

from qgkd.text.characters import HAN
from qgkd.text.word_lists import either

DIGIT = r"[0-9０-９]"
_BLANK = "[ \u00a0\u2009\u202f]?"
"""What may stand between a number in digits and its unit: `1974 年`, `760 mm`."""
_CN_DIGIT = "〇○零一二三四五六七八九"
_CN = f"{_CN_DIGIT}十百千"
CHINESE_NUMERAL = rf"[{_CN}兩两廿卅萬万億亿]"
_BEFORE_CHRIST = rf"(?:(?:(?:西元|公元|紀元|纪元)前?|前){_BLANK})"
_NOT_INSIDE_NUMBER = r"(?<![0-9０-９萬万億亿])(?<![0-9０-９][,.，．])"
_YEAR = (
    rf"(?:{_BEFORE_CHRIST}?(?:{_NOT_INSIDE_NUMBER}{DIGIT}{{3,4}}{_BLANK}|[{_CN_DIGIT}]{{4}})"
    rf"|{_BEFORE_CHRIST}(?:{DIGIT}{{1,4}}{_BLANK}|[{_CN}]{{1,6}})"
    rf"|(?:中華|中华)?(?:{either('eras')})(?:{_BLANK}{DIGIT}{{1,3}}{_BLANK}|元|[{_CN}廿]{{1,5}}))年"
)
_MONTH = rf"(?:(?:[1１][0-2０-２]|[0０]?[1-9１-９]){_BLANK}|[正臘腊閏]|十[一二]?|[一二三四五六七八九])月份?"
_DAY_NUMBER = rf"(?:[初]?[{_CN}廿]{{1,3}}|{DIGIT}{{1,2}}{_BLANK})"
_DAY = rf"{_DAY_NUMBER}[日號号]"
_CENTURY = rf"{_BEFORE_CHRIST}?(?:{DIGIT}{{1,2}}{_BLANK}|[{_CN}廿]{{1,3}})世[紀纪]"
_DECADE = rf"(?:{DIGIT}{{2,4}}{_BLANK}|[{_CN}]{{2,4}})年代"
_HOUR = rf"(?:{DIGIT}{{1,2}}|[{_CN}兩两]{{1,3}})[點点時时](?:(?:{DIGIT}{{1,2}}|[{_CN}]{{1,3}})分|半|整|[鐘钟])?"
_CLOCK = rf"(?:{either('hours')})?{_HOUR}"
CLOCK = rf"(?:{either('hours')}){_HOUR}"
"""An hour of the day that says which half, as a part of larger patterns; without, `三點` may be three points."""
_DYNASTY = rf"(?:{either('dynasties')})(?:朝|代|末|初)(?:[初末中]?[年期葉叶])?"
REIGN = rf"(?:{either('eras')})(?:年[間间]|[初末]年)"
_WEEKDAY = r"(?:星期|週|周|禮拜|礼拜)[一二三四五六日天]"
_MONTH_DAY = rf"{_MONTH}(?:{_BLANK}{_DAY})?"
_CALENDAR = rf"(?:{_CENTURY}(?:{_DECADE})?|{_DECADE}|{_YEAR}(?:{_BLANK}{_MONTH_DAY})?|{_MONTH_DAY})"

DATE_BODY = rf"(?:{_CALENDAR}(?:{either('date parts')})?|{_DAY_NUMBER}日)(?:[，、（(]?{_WEEKDAY}[)）]?)?(?:{_CLOCK})?"
"""A calendar date, as a part of larger patterns; no words for periods."""

DATE = re.compile(
    rf"(?:在|於|于|自|從|从)?(?:{DATE_BODY}|{_DYNASTY}|{REIGN}|{_WEEKDAY}|{_CLOCK})"
    rf"(?:[到至\-－–—~～](?:{DATE_BODY}|{DIGIT}{{1,4}}年?))?(?:[之以]?[前後后]|起|間|间|[初中末]期?|春|夏|秋|冬)?"
)
"""A whole answer that is a point in time."""

PERIOD = re.compile(rf"[{HAN}]{{0,6}}(?:{either('period ends')})")
"""A whole answer that is a named period."""

YEAR = re.compile(rf"(?:{_YEAR})(?!代)(?:[之以]?[前後后]|起|[初末底中])?")
DYNASTY = re.compile(_DYNASTY)
CENTURY = re.compile(rf".*{_CENTURY}.*")
DECADE = re.compile(rf".*{_DECADE}.*")
MONTH = re.compile(_MONTH)
MONTH_DAY = re.compile(rf"{_MONTH}{_BLANK}{_DAY}")
DAY = re.compile(_DAY)
YEAR_MONTH_DAY = re.compile(rf"{_YEAR}{_BLANK}{_MONTH}{_BLANK}{_DAY}")

_ARABIC = (
    r"(?:(?<![0-9０-９])[+\-－−])?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[０-９]{1,3}(?:[,，][０-９]{3})+(?:[.．][０-９]+)?"
    rf"|[0-9]{{1,3}}(?:[ \u00a0\u2009\u202f][0-9]{{3}})+(?![0-9])|{DIGIT}+(?:[.．]{DIGIT}+)?)"
)
_MYRIAD = "[十百千]?[萬万億亿兆]"
_POWER_OF_TEN = rf"{_ARABIC} ?[×xX] ?10(?:\^?[+\-−]?[0-9]+|[⁻⁰¹²³⁴-⁹]+)"
_NUMERAL = (
    rf"(?:{_POWER_OF_TEN}|(?:{_ARABIC}{_MYRIAD})*{_ARABIC}"
    rf"|{CHINESE_NUMERAL}+(?:[點点][{_CN}]+)?|[數数][十百千萬万億亿]+|半|幾|几)"
    rf"(?:{_BLANK}[多餘余]?{_MYRIAD}|[百千])?[多餘余來来幾几]?"
)
_PERCENT = (
    rf"(?:百分之{CHINESE_NUMERAL}+|{_NUMERAL}{_BLANK}(?:%|％|‰|個百分點|个百分点|成)"
    rf"|{CHINESE_NUMERAL}+分之{CHINESE_NUMERAL}+|{DIGIT}+[/／]{DIGIT}+(?![/／])|一半|半數|半数)"
)
_LATIN_UNIT = (
    r"(?:[kMGTmμµnhd]?(?:m|g|L|l|Wh|W|V|A|Hz|Pa|J|N|B|bps|eV|mol|cal|Ω)|ha|dB|ppm|°C|℃|°F|℉|°|K)[²³]?"
    r"(?:/(?:h|s|min|L|m[²³]?))?(?![A-Za-z0-9])"
)
MEASURE_WORD = re.compile(f"(?:{either('measure words')}|{_LATIN_UNIT})")
_SCALE = "(?:(?:攝氏|摄氏|華氏|华氏)(?:零下|零上)?|零下)?"
NUMBER_BODY = rf"(?:{_PERCENT}|{_SCALE}(?:第{_BLANK})?{_NUMERAL}(?:多|餘|余)?(?:{_BLANK}{MEASURE_WORD.pattern})?)"
RANGE_MARK = "[至到~～\\-－–—]"
NUMBER = re.compile(
    rf"(?:{either('about')})?{NUMBER_BODY}(?:{RANGE_MARK[:-1]}、]{NUMBER_BODY})?"
    rf"(?:以上|以下|左右|以內|以内|之間|之间|多|餘|余|半)?"
)
"""A whole answer that is a quantity."""

COUNTED = re.compile(rf"{NUMBER.pattern}[{HAN}]{{1,2}}")
"""A quantity with the noun it counts (`200名士兵`); only with Arabic digits, because 八角大樓 is none."""

NUMERAL_HEAD = re.compile(
    rf"(?P<about>(?:{either('about')})?{_SCALE})(?:(?P<ordinal>第){_BLANK})?(?P<numeral>{_NUMERAL})"
)
PERCENT = re.compile(_PERCENT)
ORDINAL = re.compile(rf"第{_NUMERAL}")
WORK = re.compile(r"《[^《》]{1,40}》|〈[^〈〉]{1,40}〉")
LATIN_NAME = re.compile(r"[A-Za-zÀ-ž][A-Za-zÀ-ž0-9&.'’+#/\-]*(?: [A-Za-zÀ-ž0-9][A-Za-zÀ-ž0-9&.'’+#/\-]*)*")
FOREIGN_NAME = re.compile(rf"[{HAN}]{{1,8}}(?:[·‧・•．][{HAN}A-Z]{{1,8}}){{1,4}}")
