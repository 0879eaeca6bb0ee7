"""Sentences cover the text without gaps and end where a reader would end them."""

from __future__ import annotations

import random

import pytest

from qgkd.text.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("燈塔", ["燈塔"]),
        ("燈塔亮了。港口醒了！", ["燈塔亮了。", "港口醒了！"]),
        ("他問：「誰？」她笑了。", ["他問：「誰？」", "她笑了。"]),
        ("真的？！走吧……好。", ["真的？！", "走吧……", "好。"]),
        ("高3.14公尺。見example.org的說明。", ["高3.14公尺。", "見example.org的說明。"]),
        ("It is high. It is old.", ["It is high. ", "It is old."]),
        ("He is in NASA. It is old.", ["He is in NASA. ", "It is old."]),
        ("校長是Dr. John F. Smith。他走了。", ["校長是Dr. John F. Smith。", "他走了。"]),
        ("第一行\n\n  第二行", ["第一行\n\n  ", "第二行"]),
        ("\n\n港口", ["\n\n", "港口"]),
        ("（他來了。）她走了。", ["（他來了。）", "她走了。"]),
    ],
)
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_sentences_tile_any_text() -> None:
    draw = random.Random(0)
    for _ in range(200):
        text = "".join(draw.choices("港口a1 。！？…」）.\n\r\t", k=draw.randrange(30)))
        assert "".join(sentences(text)) == text
        assert all(start < end for start, end in split_sentences(text))
