"""Blanks that stand where Chinese text has none.

Comes in: a text. Goes out: the text without blanks beside Chinese characters and marks, within a number, and between a
number and its unit. Where a line has no marks, a blank between clauses stands for one and becomes a comma.

A literal example: `1958 年 8 月` is read as 1958年8月, `3 000 m` as 3000m, `大家好 今天認識海` as 大家好，今天認識海.
"""

from __future__ import annotations

import re

from qgkd.text.cleaning.lines import HAN, NUMERALS
from qgkd.text.cleaning.tracked import Edit, TrackedText

_BLANK = "[ \t\u3000]+"
_CHINESE = rf"{HAN}\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65‘’“”…—·"
_BESIDE = re.compile(rf"(?:(?<=[{_CHINESE}]){_BLANK}|{_BLANK}(?=[{_CHINESE}]))")
_SPACED_PAIR = re.compile(rf"(?<=[{HAN}]){_BLANK}(?=[{HAN}])")
_PAIR = re.compile(rf"[{HAN}](?=[{HAN}])")
_SINGLE = re.compile(rf"(?:(?<=[ \t\u3000，。、；：！？「」])|^)[{HAN}](?=[ \t\u3000，。、；：！？「」]|$)")
_RUN = re.compile(rf"[{HAN}]+")
_SPACED_DIGITS = re.compile(
    rf"(?<=(?<![\d.,])\d){_BLANK}(?=\d(?![\d.,]))|(?<=[ ]\d){_BLANK}(?=\d(?:[ \t\u3000]|[{HAN}]|$))"
)
_GROUPED = re.compile(r"(?<![\d.,\-][ ])(?<![\d.,\-])[1-9]\d{0,2}(?:[ \t]\d{3})+(?![\d-])(?![ ]\d)")
_UNIT = re.compile(
    r"(?<=\d)[ \t]+(?=(?:[kcmdµμnMGThp]?(?:m|g|L|l|s|A|V|W|J|N|Pa|Hz|K|mol|cd|eV|B|bit|F"
    r"|T|H|C|Ω|Wh|cal)[²³23]?(?:/[a-zA-Z]{1,3}[²³]?)?|km/h|mmHg|atm|ppm"
    r"|h|min|d|ha|t|dB|rpm|°|℃|°C|°F|%|％|‰|×|x10)(?![A-Za-z]))"
)
_EDGES = re.compile(r"(?m)^[ \t\u3000]+|[ \t\u3000]+$")
_SEVERAL = re.compile("[ \t]{2,}|\t")
_MARKED = re.compile("[，。！？；,!?;]")
_ARTICLE = re.compile(f"第[{NUMERALS}\\d]+[條条款項项章節节]")
_LEAST_SPACED, _LEAST_SHARE, _LEAST_CLAUSE_CHARS = 3, 0.25, 3


def squeezed(text: TrackedText) -> TrackedText:
    """Take the blanks out of lines that have them between all their characters or words."""
    edits: list[Edit] = []
    for line in re.finditer(r"[^\n]+", text.text):
        blanks = list(_SPACED_PAIR.finditer(line[0]))
        pairs = len(_PAIR.findall(line[0]))
        singles, runs = len(_SINGLE.findall(line[0])), len(_RUN.findall(line[0]))
        if len(blanks) < _LEAST_SPACED or len(blanks) < _LEAST_SHARE * (len(blanks) + pairs) or singles * 4 < runs:
            continue
        found = (*_BESIDE.finditer(line[0]), *_SPACED_DIGITS.finditer(line[0]))
        edits += ((line.start() + match.start(), line.start() + match.end(), "") for match in found)
    return text.edited(edits)


def without_blanks(text: TrackedText) -> TrackedText:
    """Take off, or replace by a comma, the blanks of all lines."""
    text = text.without(_EDGES)
    commas: list[Edit] = []
    for line in re.finditer(r"[^\n]+", text.text):
        if _MARKED.search(line[0]):
            continue
        for blank in _SPACED_PAIR.finditer(line[0]):
            before, after = line[0][: blank.start()], line[0][blank.end() :]
            sides = (re.split(r"[ \t\u3000]", before)[-1], re.split(r"[ \t\u3000]", after)[0])
            if min(len(side) for side in sides) >= _LEAST_CLAUSE_CHARS and not _ARTICLE.fullmatch(sides[0]):
                commas.append((line.start() + blank.start(), line.start() + blank.end(), "，"))
    text = text.edited(commas).without(_BESIDE).without(_UNIT)
    text = text.edited(
        (match.start() + blank.start(), match.start() + blank.end(), "")
        for match in _GROUPED.finditer(text.text)
        for blank in re.finditer("[ \t]", match[0])
    )
    return text.with_each(_SEVERAL, lambda _: " ")
