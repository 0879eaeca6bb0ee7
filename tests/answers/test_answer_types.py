from __future__ import annotations

import pytest

from qgkd.answer import AnswerType
from qgkd.answers.classify import classify


def _classify(marked: str) -> AnswerType:
    """Classify the span in brackets, as in `燈塔由[林文海]設計。`."""
    start_char, end_char = marked.index("["), marked.index("]") - 1
    return classify(marked.replace("[", "").replace("]", ""), start_char, end_char)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("燈塔建於[1867年]。", AnswerType.DATE),
        ("燈塔建於1867年[5月3日]。", AnswerType.DATE),
        ("港口在[光緒三年]開放。", AnswerType.DATE),
        ("這種船出現於[公元前3世紀]。", AnswerType.DATE),
        ("碼頭在[1930]年擴建。", AnswerType.DATE),
        ("鐵路在[清朝]就有了。", AnswerType.DATE),
        ("小鎮有[約三萬人]。", AnswerType.NUMBER),
        ("鐵路全長[12.5公里]。", AnswerType.NUMBER),
        ("農地占全島的[百分之四十]。", AnswerType.NUMBER),
        ("工程花了[三年]才完成。", AnswerType.NUMBER),
        ("她讀了《[海的女兒]》。", AnswerType.WORK),
        ("她讀了[《海的女兒》]。", AnswerType.WORK),
        ("畫作出自[文森·梵谷]之手。", AnswerType.PERSON),
        ("工程師[林文海]設計了燈塔。", AnswerType.PERSON),
        ("他出生於[葡萄牙]。", AnswerType.PLACE),
        ("船隊沿著[濁水溪]前進。", AnswerType.PLACE),
        ("她畢業於[國立海洋大學]。", AnswerType.ORGANISATION),
        ("鐵路由[東海開發公司]興建。", AnswerType.ORGANISATION),
        ("植物進行[光合作用]。", AnswerType.TERM),
        ("居民建燈塔，是因為[船隻常常觸礁，損失慘重]。", AnswerType.CLAUSE),
    ],
)
def test_type_in_traditional_characters(marked: str, expected: AnswerType) -> None:
    assert _classify(marked) is expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("灯塔建于[1867年]。", AnswerType.DATE),
        ("港口在[光绪三年]开放。", AnswerType.DATE),
        ("铁路全长[12.5公里]。", AnswerType.NUMBER),
        ("工程师[林文海]设计了灯塔。", AnswerType.PERSON),
        ("她毕业于[国立海洋大学]。", AnswerType.ORGANISATION),
        ("他出生于[葡萄牙]。", AnswerType.PLACE),
    ],
)
def test_type_in_simplified_characters(marked: str, expected: AnswerType) -> None:
    assert _classify(marked) is expected


def test_any_span_has_a_type() -> None:
    text = "A😀 燈塔（Lighthouse）\n12,,34「"
    for start_char in range(len(text)):
        for end_char in range(start_char + 1, len(text) + 1):
            assert classify(text, start_char, end_char) in AnswerType
