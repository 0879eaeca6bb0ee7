from __future__ import annotations

import pytest

from qgkd.answer import AnswerType
from qgkd.answers.classify import classify
from qgkd.text.enumerations import enumerations_in, members_of


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("它在南投縣、嘉義縣和高雄市的交界處。", [["南投縣", "嘉義縣", "高雄市"]]),
        ("它在南投县、嘉义县和高雄市的交界处。", [["南投县", "嘉义县", "高雄市"]]),
        ("館裡收有《潮水與石》、《北岸》和地圖。", [["《潮水與石》", "《北岸》", "地圖"]]),
        ("燈塔由林文海設計。", []),
        ("", []),
    ],
)
def test_members_of_an_enumeration(sentence: str, expected: list[list[str]]) -> None:
    found = [[sentence[start:end] for start, end in members] for members in enumerations_in(sentence)]
    assert found == expected


def test_whole_text_or_nothing() -> None:
    assert members_of("南投縣、嘉義縣和高雄市") == ("南投縣", "嘉義縣", "高雄市")
    assert members_of("在南投縣和嘉義縣") == ()
    assert members_of("《潮水與石》") == ()
    assert members_of("林文海") == ()


def test_an_enumeration_has_the_type_of_its_members() -> None:
    context = "它在南投縣、嘉義縣和高雄市的交界處。"
    assert classify(context, 2, 13) is AnswerType.PLACE
