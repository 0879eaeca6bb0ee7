"""Markdown, plain text and characters: what a page made of them shows."""

from __future__ import annotations

import pytest

from qgkd.documents import DocumentLimits, read_document
from qgkd.documents.characters import superscript
from qgkd.documents.html_text import html_text
from qgkd.documents.markdown import markdown_text
from qgkd.documents.read import read_here
from qgkd.text.plain_characters import plain_characters

LIGHTHOUSE = "燈塔建於1867年，由工程師林文海設計。"


def test_markdown_loses_its_marks_and_runs_nothing() -> None:
    source = (
        f"# 燈塔\n\n- **林文海**設計\n\n[連結](http://x.invalid) ![圖](y.png) <script>alert(1)</script>\n\n{LIGHTHOUSE}"
    )
    text, left_out = markdown_text(source)
    assert text == f"燈塔\n\n林文海設計\n\n連結\n\n{LIGHTHOUSE}"
    assert left_out == {"pictures": 1}


SHOWN = {
    "a table": (
        "| 河 | 長度 |\n|---|---|\n| **濁水溪** | 186公里 |\n| 高屏溪 | |\n",
        "河\t長度\n濁水溪\t186公里\n高屏溪",
    ),
    "a table of HTML": ("<table>\n<tr>\n<td>河</td>\n<td>長</td>\n</tr>\n</table>", "河\t長"),
    "footnotes": ("紅毛城[^a]在淡水。\n\n[^a]: 西班牙人所建。\n", "紅毛城在淡水。\n\n西班牙人所建。"),
    "a footnote of two paragraphs": (
        "城[^1]。\n\n後文。\n\n[^1]: 甲。\n\n    乙。\n",
        "城。\n\n後文。\n\n甲。\n\n乙。",
    ),
    "front matter": ("---\ntitle: 課文\ntags: [河]\n---\n\n# 河流\n", "河流"),
    "code": ("前。\n\n```python\nprint(1)\n```\n\n後。", "前。\n\n後。"),
    "prose that is only indented": ("    淡水河是北部最大的河流。", "淡水河是北部最大的河流。"),
    "ruby": ("<ruby>鹿<rp>(</rp><rt>ㄌㄨˋ</rt><rp>)</rp></ruby>港很大。", "鹿港很大。"),
    "lists": ("3. 甲\n4. 乙\n   - [x] 丙\n", "3. 甲\n\n4. 乙\n\n丙"),
    "struck text, entities, breaks": ("~~甲~~ &amp; 乙<br>丙 <!-- 丁 -->", "甲 & 乙\n丙"),
}


@pytest.mark.parametrize("what", SHOWN)
def test_markdown(what: str) -> None:
    source, text = SHOWN[what]
    assert read_here("a.md", source.encode(), DocumentLimits()).text == text


def test_html_may_leave_ends_out() -> None:
    assert html_text("<ruby>媽<rt>ㄇㄚ</ruby>祖<style>p{}</style><br>林默") == "媽祖\n林默"


def test_radicals_and_compatibility_forms_in_text_files() -> None:
    assert read_document("a.txt", "⾦⾨的⻛獅爺︐⼆⼗座﹔".encode()).text == "金門的风獅爺，二十座；"
    assert plain_characters("\uf90a\U0002f81a") == "金冬"


def test_nothing_else_is_normalised() -> None:
    text = "①２㎏Ａ（½）～…"
    assert plain_characters(text) == text


def test_superscripts() -> None:
    assert superscript("-8") == "⁻⁸"
    assert superscript("注1") == "注¹"
    assert superscript("th") == "th"
