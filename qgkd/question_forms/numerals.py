"""Numbers in Chinese text, read, and written back in the same style.

Comes in: a piece of text. Goes out: its `Numeral`s, each of which can be written with another value.

A literal example: `numerals_in("約三十個月")` finds one with value 30, and `.write(24)` gives 二十四;
`numerals_in("1,520公里")` finds 1520, and `.write(1480)` gives 1,480.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = "〇一二三四五六七八九"
_DIGIT_VALUES = {
    **{digit: value for value, digit in enumerate(_DIGITS)}, "零": 0, "兩": 2, "两": 2, "廿": 20, "卅": 30,
}  # fmt: skip
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"萬": 10**4, "万": 10**4, "億": 10**8, "亿": 10**8}
_LONGEST_CHARS = 18
_FULL_WIDTH = str.maketrans("0123456789.,", "０１２３４５６７８９．，")
_HALF_WIDTH = str.maketrans("０１２３４５６７８９．，", "0123456789.,")
_NUMERAL = re.compile(
    r"(?P<arabic>[0-9０-９]+(?:[,，][0-9０-９]{3})*(?:[.．][0-9０-９]+)?)|(?P<chinese>[〇零一二三四五六七八九十百千萬万億亿兩两廿卅]+)"
)


@dataclass(frozen=True, slots=True)
class Numeral:
    """One number in a text; its value is `scaled / 10 ** decimals`."""

    text: str
    start_char: int
    end_char: int
    scaled: int
    decimals: int = 0

    @property
    def value(self) -> float:
        """The number."""
        return self.scaled / 10**self.decimals

    @property
    def is_chinese(self) -> bool:
        """Written in Chinese characters."""
        return self.text[0] not in "0123456789０１２３４５６７８９"

    @property
    def is_digit_by_digit(self) -> bool:
        """Read out by digits, as years are: 一九四五."""
        return self.is_chinese and len(self.text) > 1 and all(character in _DIGITS + "零" for character in self.text)

    def write(self, scaled: int) -> str:
        """Another number in this one's style: digits or characters, their width, separators, decimals."""
        if self.is_digit_by_digit:
            written = "".join(_DIGITS[int(digit)] for digit in str(scaled))
            return written.replace("〇", "零") if "零" in self.text else written
        if self.is_chinese:
            written = write_chinese(scaled, "萬億" if re.search("[萬億]", self.text) else "万亿")
            # 兩 where the number it stands for was written with it: 兩個, 三個; 二十.
            two = next((character for character in "兩两" if character in self.text), written)
            return two if written == "二" else written
        whole = f"{scaled:0{self.decimals + 1}d}"
        integer, decimals = (whole[: -self.decimals], whole[-self.decimals :]) if self.decimals else (whole, "")
        if re.search("[,，]", self.text):
            integer = f"{int(integer):,}"
        written = f"{integer}.{decimals}" if decimals else integer
        return written.translate(_FULL_WIDTH) if self.text[0] in "０１２３４５６７８９" else written


def numerals_in(text: str) -> list[Numeral]:
    """Find the numbers of a text, in order, but for those that cannot be read (千年's 千, twenty digits in a row)."""
    found = []
    for match in _NUMERAL.finditer(text):
        if match.end() - match.start() > _LONGEST_CHARS or text[match.start() : match.end() + 1] == "零下":
            continue
        if match["arabic"]:
            plain = match["arabic"].translate(_HALF_WIDTH).replace(",", "")
            decimals = len(plain.partition(".")[2])
            scaled: int | None = int(plain.replace(".", ""))
        else:
            decimals, scaled = 0, read_chinese(match["chinese"])
        if scaled is not None:
            start_char, end_char = match.span()
            found.append(Numeral(match.group(), start_char, end_char, scaled, decimals))
    return found


def read_chinese(text: str) -> int | None:
    """The value of a number in characters (一千六百 1600, 一九四五 1945); None where it is none."""
    if all(character in _DIGITS + "零" for character in text):
        return int("".join(str(_DIGIT_VALUES[character]) for character in text))
    total = section = digit = 0
    seen = False
    for character in text:
        if character in _MYRIADS:
            if total + section + digit == 0:
                return None
            unit = _MYRIADS[character]
            total = (total + section + digit) * unit if unit == 10**8 else total + (section + digit) * unit
            section = digit = 0
        elif character in _PLACES:
            if digit == 0 and not (character == "十" and not seen) and text[0] != "十":
                return None
            section, digit = section + max(digit, 1) * _PLACES[character], 0
        elif _DIGIT_VALUES[character] >= 20:
            section, digit = section + _DIGIT_VALUES[character], 0
        else:
            digit = _DIGIT_VALUES[character]
        seen = True
    return total + section + digit


def write_chinese(value: int, myriads: str = "萬億") -> str:
    """A number in characters: 24 二十四, 1600 一千六百, 30005 三萬零五; 15 十五, 100000 十萬."""
    written = _write_chinese(value, myriads)
    return written.removeprefix("一") if written.startswith("一十") else written


def _write_chinese(value: int, myriads: str) -> str:
    for unit, name in ((10**8, myriads[1]), (10**4, myriads[0])):
        if value >= unit:
            high, low = divmod(value, unit)
            zero = "零" if 0 < low < unit // 10 else ""
            return _write_chinese(high, myriads) + name + (zero + _write_chinese(low, myriads) if low else "")
    parts: list[str] = []
    pending_zero = False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            parts.append(("零" if pending_zero and parts else "") + _DIGITS[digit] + name)
        pending_zero = digit == 0
    return "".join(parts) or "零"
