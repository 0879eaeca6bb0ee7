"""Wrong dates and numbers that could take the place of a right one.

Comes in: a date or quantity as the passage writes it. Goes out: others written the same way, near it but not equal.

A literal example: for 1867年 come years such as 1859年 and 1874年; for 235公尺 lengths such as 205公尺; for 三分之一
fractions such as 四分之一; for 民國十三年 years such as 民國十六年.
"""

from __future__ import annotations

import math
import random
import re

from qgkd.answer import AnswerType
from qgkd.question_forms.numerals import Numeral, numerals_in
from qgkd.text.word_lists import either

_TRIES = 40
_LATEST_YEAR = 2025
_UNIT = re.compile(r"(?:世[紀纪]|年代|年|月|日|號|号|[點点時时]|分(?!之))")
_PERCENT = re.compile(r"[%％‰]|百分之|成$|個百分點|个百分点")
_FRACTION = re.compile(r"(?<!百)分之")
_FIRST_OF_ERA = re.compile(rf"(?:{either('eras')})[一1]年")
"""Nobody writes it so: the first year is 元年."""
_BEFORE_CHRIST = re.compile(r"前$")


def plausible_numbers(text: str, answer_type: AnswerType, rng: random.Random) -> list[str]:
    """Make other dates or quantities than the right one.

    Returns:
        Different texts, none with the same numbers as the right one, in random order; empty where the text holds no
        number that can be changed (`戰國時期`, `半數`).
    """
    numerals = numerals_in(text)
    if not numerals or (answer_type is AnswerType.DATE and any(_date_unit(text, one) is None for one in numerals)):
        return []
    found: dict[str, None] = {}
    for _ in range(_TRIES):
        changed = _changed(text, numerals, answer_type, rng)
        if changed is not None and changed != text and quantity_of(changed) != quantity_of(text):
            found[changed] = None
    return list(found)


def quantity_of(text: str) -> tuple[float, ...]:
    """The numbers of a text: 30 for 三十個月, 30個月 and 約30個月 alike."""
    return tuple(numeral.value for numeral in numerals_in(text))


def shape_of(text: str) -> str:
    """A text with its numbers replaced by how each is written: `前〇年`, `#公里`, `一個月`."""
    for numeral in reversed(numerals_in(text)):
        style = "〇" if numeral.is_digit_by_digit else "一" if numeral.is_chinese else "#"
        text = text[: numeral.start_char] + style + text[numeral.end_char :]
    return text


def _changed(text: str, numerals: list[Numeral], answer_type: AnswerType, rng: random.Random) -> str | None:
    """One try: change every number of a date, the one number or both ends of a range, or both parts of a fraction."""
    new: list[int | None]
    if answer_type is AnswerType.DATE:
        new = [_other_date_part(one, _date_unit(text, one) or "", text, rng) for one in numerals]
    elif _FRACTION.search(text) and len(numerals) == 2:
        new = _other_fraction(numerals, rng)
    elif len(numerals) == 1:
        new = [_other_quantity(numerals[0], _most(text, numerals[0]), text, rng)]
    else:
        factor = rng.choice((0.5, 0.6, 0.7, 0.8, 1.2, 1.3, 1.4, 1.5, 2))
        new = [max(1, _round_like(one.scaled * factor, one.scaled)) for one in numerals]
        if not _rise_alike([one.scaled for one in numerals], new):
            return None
    if any(value is None for value in new):
        return None
    for numeral, value in reversed(list(zip(numerals, new, strict=True))):
        text = text[: numeral.start_char] + numeral.write(value or 0) + text[numeral.end_char :]
    return None if _FIRST_OF_ERA.search(text) else text


def _rise_alike(old: list[int], new: list[int | None]) -> bool:
    """Whether a range still goes up where it went up: 8~10 is not 11~10."""
    pairs = zip(old, old[1:], new, new[1:], strict=False)
    return all((a < b) == ((c or 0) < (d or 0)) for a, b, c, d in pairs)


def _date_unit(text: str, numeral: Numeral) -> str | None:
    """What a number of a date counts; 年 for a bare year, None for what is no date's number (`第二次大戰`)."""
    unit = _UNIT.match(text, numeral.end_char)
    if unit is not None:
        return unit.group()
    return "年" if len(numeral.text) in (3, 4) and not numeral.decimals else None


def _other_date_part(numeral: Numeral, unit: str, text: str, rng: random.Random) -> int | None:
    value = numeral.scaled
    if unit == "月":
        low, high, reach = 1, 12, 5
    elif unit in ("日", "號", "号"):
        low, high, reach = 1, 28, 12
    elif unit in ("世紀", "世纪"):
        low, high, reach = 1, max(value, 20), 3
    elif unit in ("點", "点", "時", "时"):
        low, high, reach = 1, 12 if value <= 12 else 23, 4
    elif unit == "分":
        low, high, reach = 0, 59, 25
    elif unit == "年代":
        other = value + 10 * rng.choice((-4, -3, -2, -1, 1, 2, 3, 4))
        return other if 10 <= other <= (90 if value < 100 else _LATEST_YEAR) else None
    elif value >= 100:
        is_before_christ = _BEFORE_CHRIST.search(text[: numeral.start_char]) is not None
        low, high, reach = 1, value + 60 if is_before_christ else max(value, _LATEST_YEAR), 30 if value < 1500 else 14
    else:
        low, high, reach = 1, max(value, 12), 6
    other = value + rng.randint(-reach, reach)
    is_alike = value < 100 or len(str(other)) == len(str(value))
    return other if low <= other <= high and is_alike else None


def _most(text: str, numeral: Numeral) -> int | None:
    """The greatest value that makes sense, scaled: 100 percent."""
    return 100 * 10**numeral.decimals if _PERCENT.search(text) and numeral.value <= 100 else None


def _other_quantity(numeral: Numeral, most: int | None, text: str, rng: random.Random) -> int | None:
    """A number of the same size and roundness; small counts go up or down by one to four."""
    value = numeral.scaled
    if value <= 0:
        return None
    if numeral.is_digit_by_digit and len(numeral.text) == 2:
        first = rng.randint(1, 8)  # 六七個, about so many: 三四個
        return first * 10 + first + 1
    unit = 10 ** _trailing_zeros(value)
    mantissa = value // unit
    if numeral.decimals and mantissa < 13:
        mantissa, unit = value, 1
    if mantissa < 13:
        other = (mantissa + rng.choice((-4, -3, -2, -1, 1, 2, 3, 4))) * unit
    else:
        other = _round_like(value * rng.uniform(0.6, 1.7), value)
    is_alike = other > 0 and abs(len(numeral.write(other)) - len(numeral.text)) <= 1
    return other if is_alike and (most is None or other < most) else None


def _round_like(new: float, like: int) -> int:
    """A number rounded to as many digits as another one has."""
    unit = 10 ** _trailing_zeros(like)
    return round(new / unit) * unit


def _trailing_zeros(value: int) -> int:
    return len(str(value)) - len(str(value).rstrip("0")) if value else 0


def _other_fraction(numerals: list[Numeral], rng: random.Random) -> list[int | None]:
    """A proper fraction in lowest terms, which therefore is not equal to the right one."""
    whole = rng.randint(2, max(6, numerals[0].scaled + 2))
    part = rng.randint(1, whole - 1)
    return [whole, part] if math.gcd(whole, part) == 1 else [None, None]
