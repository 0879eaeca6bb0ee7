"""Marks of Markdown, HTML and wikis within a line, and citation marks.

Comes in: a text. Goes out: the text that a reader of the page would see, on the same lines. The marks at the start of
a line (`#`, `>`, `-`) are those of `qgkd.text.cleaning.lines`.

A literal example: `**盾狀火山**例如[冒納羅亞](https://example.org)[1]` is read as 盾狀火山例如冒納羅亞.
"""

from __future__ import annotations

import re

from qgkd.text.cleaning.tracked import TrackedText

_WHOLE = re.compile(
    r"<!--.*?-->|<(?P<raw>script|style|ref|rt|rp)\b[^<>]{0,200}(?<!/)>.*?</(?P=raw)\s*>"
    r"|!\[[^\[\]\n]{0,200}\]\([^()\s]{0,500}[^()\n]{0,100}\)|<https?://[^<>\s]{1,500}>"
    r"|\[\[(?:File|Image|Category|檔案|文件|分類|分类|圖像|图像):[^\[\]\n]{0,300}\]\]|\{\{[^{}]{0,500}\}\}",
    re.DOTALL | re.IGNORECASE,
)
"""What vanishes with all that stands in it."""
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|h[1-6]|tr|td|th)\s*>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|abbr|article|aside|b|bdi|big|blockquote|body|center|cite|code|dd|del|dfn|div|dl|dt|em|figcaption|figure"
    r"|font|footer|h[1-6]|head|header|hr|html|i|img|ins|kbd|li|main|mark|nav|nobr|ol|p|pre"
    r"|q|rb|ref|rt|rp|ruby|s|section"
    r"|small|span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|wbr)(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?P<open>\[)(?P<shown>[^\[\]\n]{1,300})(?P<close>\]\([^()\s]{0,500}(?:\([^()\s]{0,100}\))?[^()\n]{0,100}\))"
)
_WIKI_LINK = re.compile(r"(?P<open>\[\[(?:[^\[\]|\n]{1,200}\|)?)(?P<shown>[^\[\]|\n]{1,200})(?P<close>\]\])")
_SURE_PAIRS = re.compile(
    r"(?P<open>\*\*\*|\*\*|~~|'''''|'''|'')(?=\S)(?P<shown>[^\n]{1,300}?)(?<=\S)(?P<close>(?P=open))"
)
_HAN_PAIRS = re.compile(
    r"(?<![*_`A-Za-z0-9])(?P<open>__|\*|_|``|`)(?=[^\s*_`])(?P<shown>[^\n*_`]{0,200}[\u3400-\u9fff][^\n*_`]{0"
    r",200}?)(?<=\S)"
    r"(?P<close>(?P=open))(?![*_`A-Za-z0-9])"
)
"""Pairs that are also signs of multiplication and parts of names: only around Chinese text."""
_CITATION = re.compile(
    r"\[(?:[1-9]\d{0,2}(?:[,，、–—-]\d{1,3})*|[註注参參][\s]?\d{1,3}|(?<![A-Za-z]\[)[a-z]|來源請求|来源请求"
    r"|需要解释|需要解釋|citation needed)\]"
    r"(?!\()|\[\^[^\[\]\s]{1,30}\](?!:)|【\d{1,2}†[^【】]{0,60}】"
)
_YEARS = r"(?:民國?[ ]?\d{2,3}|(?:1[89]|20)\d\d)[a-z]?"
_SOURCE = (
    rf"[^（）()，,；;。！？\d\n]{{1,40}}(?:[,，][ ]?&[^（）()，,；;。\d\n]{{1,30}})?[,，][ ]?{_YEARS}"
    rf"(?:[,，][ ]?{_YEARS})*(?:[,，:：][ ]?(?:pp?\.|[頁页第])?[ ]?\d[\d–—-]*[ ]?[頁页]?)?"
)
_AUTHORS_AND_YEARS = re.compile(
    rf"[ ]?[（(]{_SOURCE}(?:[;；][ ]?{_SOURCE})*[)）]"
    rf"|[ ]?[（(]{_YEARS}[)）](?=[ ]?(?:指出|認為|认为|主張|主张|強調|强调|歸納|归纳|建議|建议|的研究|等人))"
)
"""Sources as theses give them: （王小明，2004；Lee & Ho, 1998a）, 王小明（2004）指出."""
_NOTE_NUMBER = re.compile(
    r"(?<=[\u3400-\u9fff。，；」』）])[¹²³⁴-⁹⁰]{1,3}(?![⁻¹²³⁴-⁹⁰/])(?=[，。；：、！？\s\u3400-\u9fff]|$)"
)
_ESCAPE = re.compile(r"\\(?=[*_~`#>\[\]()|.!-])")


def without_markup(text: TrackedText) -> TrackedText:
    """Take off the marks and leave what is read."""
    text = text.without(_WHOLE).with_each(_BREAK, lambda _: "\n").without(_TAG)
    for pair in (_LINK, _WIKI_LINK, _SURE_PAIRS, _HAN_PAIRS):
        for _ in range(2):  # one pair in another
            text = text.edited(
                edit
                for match in pair.finditer(text.text)
                for edit in ((*match.span("open"), ""), (*match.span("close"), ""))
            )
    return text.without(_CITATION).without(_AUTHORS_AND_YEARS).without(_NOTE_NUMBER).without(_ESCAPE)
