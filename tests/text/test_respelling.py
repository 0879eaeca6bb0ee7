"""Questions about Simplified passages come back in the passage's own spelling."""

from __future__ import annotations

import pytest

from qgkd.text.respelling import spelt_as_in
from qgkd.text.script import to_traditional_aligned

PASSAGE = (
    "钱锺书看着乾隆年间的台历，头发里藏着一只发卡。王乾干了两万里，慰藉借书的人。陳寅恪在臺中写名著，于右任覆盖旧复本，"
    "徵羽与征服、瞭望与了望、馀杭与多余、范仲淹的范围、沈阳的沈先生、后妃在后面，钟表与锺爱、岳飞登嶽。"
)


@pytest.mark.parametrize("length", [2, 3, 5, 9])
def test_every_stretch_of_the_passage_comes_back_as_it_was(length: int) -> None:
    traditional = to_traditional_aligned(PASSAGE)
    for start in range(len(PASSAGE) - length):
        stretch = slice(start, start + length)
        if traditional.count(traditional[stretch]) == 1:
            question = f"{traditional[stretch]}在哪裡發生？"
            assert spelt_as_in(PASSAGE, traditional, question).startswith(PASSAGE[stretch])


@pytest.mark.parametrize(
    ("question", "spelt"),
    [
        ("錢鍾書看著什麼？", "钱锺书看着什么？"),
        ("誰著有這本書？", "谁著有这本书？"),  # the question's own 著, though the passage has 看着 alone
        ("乾做了什麼？", "乾做了什么？"),  # 乾 alone would be 干; the passage has a name
        ("陳是誰？", "陳是谁？"),  # the passage has no 陈
        ("徵是何意？", "徵是何意？"),
        ("誰在後面發現頭髮？", "谁在后面发现头发？"),
    ],
)
def test_the_rest_is_converted_by_phrase(question: str, spelt: str) -> None:
    passage = PASSAGE.replace("名著，", "")
    assert spelt_as_in(passage, to_traditional_aligned(passage), question) == spelt
