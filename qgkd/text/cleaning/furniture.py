"""What frames the text of a page: page numbers, running heads, rules, bylines, datelines, captions.

Comes in: lines. Goes out: the same lines, their kinds filled in; the headings among them are told apart later, in
`qgkd.text.cleaning.headings`, once broken lines are known.

A literal example: `作者：林小梅　插畫：陳大文` is a byline, `- 12 -` a page number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from qgkd.text.cleaning.kinds import Kind
from qgkd.text.cleaning.lines import HAN, NUMERALS, Line
from qgkd.text.cleaning.tracked import TrackedText
from qgkd.text.word_lists import either

_PAGE_NUMBER = re.compile(
    rf"[-–—~·|｜─\s]*(?:[Pp](?:age|\.)\s*)?(?:第\s*|頁\s*|页\s*)?[\d{NUMERALS}０-９]{{1,4}}\s*[頁页]?"
    rf"(?:\s*(?:/|／|of|[，,、]?\s*共)\s*\d{{1,4}}\s*[頁页]?)?[-–—~·|｜─\s]*"
)
_RULE = re.compile(r"[^\w，。、；：！？」』”’）)…]+|_{3,}")
_ADDRESS = re.compile(
    r"\s*(?:(?:網址|网址|連結|链接|URL)\s*[:：]\s*)?(?:https?://|www\.)\S+\s*|\s*[\w.+-]+@[\w-]+\.[\w.]+\s*", re.ASCII
)
_ROLE = (
    r"作[ \u3000]*者|撰[文稿]|供稿|原[作著]|[編编][輯辑者著]|[責责]任[編编][輯辑]|主[編编]"
    r"|[記记]者|通[訊讯][員员]|[攝摄]影|插[畫画圖图]|[繪绘][圖图者]|美[術术編编]|翻[譯译]"
    r"|[譯译]者|[編编][譯译]|校[對对]"
    r"|[審审][訂订稿校]|[採采][訪访]|整理|出版者?|出版[單单]位|[製制]作|(?:資料|资料|[圖图]片"
    r"|[圖图]文|[內内]容|文章|本文)?(?:[來来]源|出[處处])|[圖图]片|[圖图][說说]|[發发][布佈表][時时日]?[間间期"
    r"]?|更新[時时日][間间期]|日期"
    r"|姓名|班[級级]|座[號号]|[學学][號号]|得分|任[課课]教[師师]|指[導导]教[師师]|Author|Source|Photo|Editor|By"
)
_BYLINE = re.compile(
    rf"[ \t\u3000]*[（(【\[〔◎●■▲]*(?:(?:{_ROLE})\s*[:：/／|｜︱]|(?:{_ROLE})[ \t\u3000]+\S"
    rf"|[文圖图譯译]\s*[:：/／|｜]|[圖图][文]?\s*[/／]|[文圖图][、/／·&和]\s*[文圖图攝摄])[^。！？]{{0,80}}$",
    re.IGNORECASE,
)
_REPORTER = re.compile(
    r"[ \t\u3000]*[（(【\[〔]?(?:[^，。]{0,8})?[記记]者[^，。！？]{2,24}[/／╱][^，。！？]{2,16}[報报][導导道]"
    r"[)）】\]〕]?[ \t]*$"
)
_DATELINE = re.compile(
    r"[ \t\u3000]*[（(\[]?(?:西元|公元|民國|民国|中華民國)?[ ]?\d{2,4}[ ]?[-/.年][ ]?\d{1,2}[ ]?[-/.月][ ]?\d"
    r"{1,2}[ ]?日?(?:[ ]?[（(]?(?:星期|週|周)[一二三四五六日天][)）]?)?"
    r"(?:[ ]*(?:[上下]午)?[ ]*\d{1,2}:\d{2}(?::\d{2})?)?[)）\]]?[ \t]*$"
)
_POET = re.compile(
    rf"[ \t\u3000]*[（(〔\[【]?(?:{either('dynasties')}|先秦|五代|近代|現代|现代|當代|当代"
    rf"|東晉|东晋|南唐)[朝代]?[)）〕\]】]?[ \t\u3000·．・:：]*[{HAN}]{{2,4}}[ \t\u3000]*$"
)
_CAPTION = re.compile(
    rf"[ \t\u3000▲△]*[（(\[【]?(?:[圖图表]|Fig(?:ure)?\.?|Table)[ ]?[\d{NUMERALS}]{{1,3}}(?:[-–.．][\d{NUMERALS}"
    rf"]{{1,3}})?[)）\]】]?[ \t\u3000:：.．、][^。]{{0,60}}$|[ \t\u3000]*[▲△][^。]{{1,60}}$"
)
_LEAD_IN = re.compile(
    r"(?m)^(?P<lead>[ \t\u3000]*[（(〔\[【][^（）()〔〕\[\]【】\n]{0,30}(?:[記记]者|[報报][導导道]"
    r"|[綜综]合|[專专]電|[電电訊讯])[^（）()〔〕\[\]【】\n]{0,24}[)）〕\]】][ \t]*)"
)
_MOST_RUNNING_CHARS = 40


def without_lead_ins(text: TrackedText) -> TrackedText:
    """Take the reporter's name in brackets off the start of a paragraph."""
    return text.without(_LEAD_IN, "lead")


def mark_furniture(lines: Sequence[Line]) -> None:
    """Give the lines their kinds where they frame the text."""
    open_lines = [line for line in lines if line.is_open]
    for line in open_lines:
        if _PAGE_NUMBER.fullmatch(line.text) or _RULE.fullmatch(line.bare) or _ADDRESS.fullmatch(line.text):
            line.kind, line.is_furniture = Kind.HEADING, True
        elif any(form.match(line.text) for form in (_BYLINE, _REPORTER, _DATELINE, _CAPTION)):
            line.kind = Kind.HEADING
    _mark_running_heads([line for line in open_lines if line.is_open])


def is_poet(line: Line) -> bool:
    """Whether a line names a dynasty and a writer, as below the title of a poem."""
    return _POET.match(line.text) is not None


def _mark_running_heads(lines: Sequence[Line]) -> None:
    """Labels that come again, their page numbers aside, in a text that has sentences."""
    if not any(line.has_sentence for line in lines):
        return
    keys = [_running_key(line) for line in lines]
    counts = Counter(key for key in keys if key)
    for line, key in zip(lines, keys, strict=True):
        if key and counts[key] > 1:
            line.kind, line.is_furniture = Kind.HEADING, True


def _running_key(line: Line) -> str:
    if len(line.bare) > _MOST_RUNNING_CHARS or not line.is_label or line.body != line.bare:
        return ""
    return re.sub(
        r"[\s\u3000]*[-–—|｜·]?[\s\u3000]*(?:第?\d{1,4}[頁页]?)[\s\u3000]*[-–—|｜·]?$|^\d{1,4}[\s\u3000]+",
        "",
        line.bare,
    )
