"""Numbers and dates as a pupil may write them: with and without the unit, in digits and in characters.

Comes in: an item and its answer. Goes out: other ways to write it, the likeliest first.

A literal example: `other_quantities(item, "約3,952公尺")` begins with `3,952公尺`, `3952公尺`, `3,952`, `3952`;
`other_dates(item, "1908年4月20日")` is `一九〇八年四月二十日`.
"""

from __future__ import annotations

import re

from qgkd.answers.patterns import MEASURE_WORD, NUMERAL_HEAD
from qgkd.question_forms.item import QuizItem
from qgkd.question_forms.numerals import Numeral, numerals_in, write_chinese
from qgkd.text.word_lists import either

_ABOUT = re.compile(rf"^(?:{either('about')})+\s*")
_ABOUT_AFTER = re.compile("左右$")
_ERA = re.compile(rf"(?:{either('eras')})$")
_COMMON_ERA = re.compile("^(?:西元|公元)(?!前)")
_YEAR = re.compile(r"([0-9]{3,4}|[〇零一二三四五六七八九]{4})年")
_ASKS_YEAR = re.compile("[哪何幾几]一?年")
_ASKS_UNIT = re.compile("(?:多少|[幾几])")
_VAGUE = re.compile("[幾几數数]")
_MYRIAD = {"萬": 10**4, "万": 10**4, "億": 10**8, "亿": 10**8}
_PERCENT = re.compile(r"([0-9.]+)[%％]")
_PERCENT_IN_WORDS = re.compile("百分之(.+)")
_FRACTION = re.compile("(.+)分之(.+)")
_GOES_ON = re.compile("[0-9半又多餘余以之〇零一二三四五六七八九十百千]")
_DATED = re.compile("[年月日號号時时點点分]|世[紀纪]")
"""What a number of a date counts; 三 of 三國時期 stays as it is."""
_UNIT_NAMES = (
    ("平方公里", "平方千米"), ("平方公尺", "平方米"), ("立方公尺", "立方米"), ("公里", "千米"), ("公尺", "米"),
    ("公分", "厘米"), ("公釐", "毫米"), ("公斤", "千克"), ("公克", "克"), ("公升", "升"), ("英里", "哩"),
)  # fmt: skip
"""Taiwan's name of a unit and China's, longer ones first."""


def other_quantities(item: QuizItem, text: str) -> list[str]:
    """Other ways to write a quantity: without 約, with and without unit, grouped or not, in digits or characters."""
    plain = _ABOUT_AFTER.sub("", _ABOUT.sub("", text)) or text
    number, unit = _apart(plain)
    if number is None:
        return [plain, *_percents(plain)]
    units = [unit, *_shorter(unit), *_other_units(unit)] if unit else ["", *_unit_meant(item, text)]
    return [plain, *(f"{each}{one}" for each in (number, *_numerals(number)) for one in units), *_percents(plain)]


def other_dates(item: QuizItem, text: str) -> list[str]:
    """Other ways to write a date: without 西元, a year without 年, in digits or characters."""
    plain = _COMMON_ERA.sub("", text)
    found = [plain]
    if year := _YEAR.fullmatch(plain):
        found.append(year[1])
    elif re.fullmatch("[0-9]{3,4}", plain) and (_ASKS_YEAR.search(item.question) or _follows(item, text, "年")):
        found.append(f"{plain}年")
    return [*found, *(_other_date(one) for one in found)]


def _apart(text: str) -> tuple[str | None, str]:
    """The number of a quantity and its unit: (3.6萬, 平方公里); None where it does not begin with a number."""
    head = NUMERAL_HEAD.match(text)
    if head is None or head["about"] or "分之" in text:
        return None, ""
    number, unit = text[: head.end()], text[head.end() :]
    return (number, unit) if not unit or unit[0] in "%％" or MEASURE_WORD.match(unit) else (None, "")


def _numerals(number: str) -> list[str]:
    """A number in the other ways: 3,952 as 3952 and 三千九百五十二; 兩百 as 二百 and 200; 18萬 as 180000 and 十八萬."""
    numerals = numerals_in(number)
    if len(numerals) != 1 or _VAGUE.search(number):
        return []
    (one,) = numerals
    before, after = number[: one.start_char], number[one.end_char :]
    found = [_digits(one, grouped=False), _digits(one, grouped=True)]
    found += _with_myriad(one) if one.is_chinese else []
    found += _in_characters(one) if before in ("", "第") and not one.is_digit_by_digit else []
    multiplied = [] if one.is_chinese else _multiplied(one, after[:1])
    return [f"{before}{new}{after}" for new in found] + [f"{before}{new}{after[1:]}" for new in multiplied]


def _digits(numeral: Numeral, *, grouped: bool) -> str:
    whole, part = divmod(numeral.scaled, 10**numeral.decimals)
    decimals = f".{part:0{numeral.decimals}d}" if numeral.decimals else ""
    return (f"{whole:,}" if grouped else str(whole)) + decimals


def _multiplied(numeral: Numeral, myriad: str) -> list[str]:
    """36000 for 3.6萬, where that is a whole number."""
    if myriad not in _MYRIAD or numeral.scaled * _MYRIAD[myriad] % 10**numeral.decimals:
        return []
    value = numeral.scaled * _MYRIAD[myriad] // 10**numeral.decimals
    return [str(value), f"{value:,}"]


def _with_myriad(numeral: Numeral) -> list[str]:
    """18萬 for 十八萬."""
    name = numeral.text[-1]
    value = _MYRIAD.get(name)
    return [f"{numeral.scaled // value}{name}"] if value and numeral.scaled >= value else []


def _in_characters(numeral: Numeral) -> list[str]:
    """In characters, with 二 and with 兩."""
    whole, part = divmod(numeral.scaled, 10**numeral.decimals)
    written = write_chinese(whole)
    if numeral.decimals:
        digits = "".join("零一二三四五六七八九"[int(digit)] for digit in f"{part:0{numeral.decimals}d}")
        return [f"{written}點{digits}"]
    pairs = written if written != "二" else "兩"
    pairs = re.sub("^二(?=[百千萬億])|(?<=[萬億零])二(?=[千百])", "兩", pairs)
    return [written, pairs]


def _shorter(unit: str) -> list[str]:
    """No unit, and 名 of 名士兵; neither where the number goes on after the unit (一個半小時, 3公尺20公分)."""
    measure = MEASURE_WORD.match(unit)
    if measure is None or _GOES_ON.search(unit):
        return []
    return list(dict.fromkeys(["", measure.group()]))


def _other_units(unit: str) -> list[str]:
    if _GOES_ON.search(unit):
        return []
    if unit[:1] in ("%", "％"):
        return ["%", "％"]
    pairs = [pair for one, other in _UNIT_NAMES for pair in ((one, other), (other, one))]
    return [other + unit[len(one) :] for one, other in pairs if unit.startswith(one)][:1]


def _unit_meant(item: QuizItem, text: str) -> list[str]:
    """The unit of a bare number, as the sentence after it or the question has it."""
    rest = item.source_sentence.partition(text)[2]
    asked = _ASKS_UNIT.search(item.question)
    places = [rest] + ([item.question[asked.end() :]] if asked else [])
    found = [measure.group() for place in places if (measure := MEASURE_WORD.match(place))]
    return list(dict.fromkeys(found))


def _follows(item: QuizItem, text: str, unit: str) -> bool:
    return item.source_sentence.partition(text)[2].startswith(unit)


def _percents(text: str) -> list[str]:
    """50% as 百分之五十 and the other way round; 三分之一 as 1/3."""
    if (percent := _PERCENT.fullmatch(text)) and (numerals := numerals_in(percent[1])):
        return [f"百分之{_in_characters(numerals[0])[0]}"]
    if (words := _PERCENT_IN_WORDS.fullmatch(text)) and (value := _whole(words[1])):
        return [f"{value}%", f"{value}％"]
    if (parts := _FRACTION.fullmatch(text)) and (under := _whole(parts[1])) and (over := _whole(parts[2])):
        return [f"{over}/{under}"]
    return []


def _whole(text: str) -> str | None:
    """The digits of a text that is one number."""
    numerals = numerals_in(text)
    return _digits(numerals[0], grouped=False) if len(numerals) == 1 and numerals[0].text == text else None


def _other_date(text: str) -> str:
    """A date in characters where it is in digits, in digits where it is in characters."""
    numerals = [one for one in numerals_in(text) if _DATED.match(text, one.end_char) or one.value >= 100]
    in_characters = any(one.is_chinese for one in numerals)
    for one in reversed(numerals):
        is_year = text[one.end_char :][:1] in ("年", "") and one.value >= 100
        if one.is_chinese:
            new = _digits(one, grouped=False)
        elif in_characters:
            continue
        elif is_year and not _ERA.search(text[: one.start_char]):
            new = "".join("〇一二三四五六七八九"[int(digit)] for digit in _digits(one, grouped=False))
        else:
            new = write_chinese(one.scaled)
        text = text[: one.start_char] + new + text[one.end_char :]
    return text
