"""The question word and the time stand where a teacher would put them; names and lists stay whole."""

from __future__ import annotations

import pytest
from generation_requests import request

from qgkd.answers.propose import propose_answers
from qgkd.rule import RuleGenerator

GENERATOR = RuleGenerator()


def _question(context: str, answer: str) -> str:
    return GENERATOR.generate([request(context, answer)], questions_per_answer=1)[0][0].text


@pytest.mark.parametrize(
    ("context", "answer", "part"),
    [
        ("2003年，澳洲導演韋德獨自駕駛潛艇進入海溝。", "2003年", "澳洲導演韋德"),
        ("1588年，島津義久派兵進攻城堡。", "1588年", "派兵進攻"),
        ("1921年，王錦江以日文寫成的〈路燈〉獲得徵文首獎。", "1921年", "王錦江以日文寫成的〈路燈〉"),
        ("陳婉如在1996年出版《海岸與港口：燈塔研究》。", "1996年", "《海岸與港口：燈塔研究》"),
        ("吳國首都在南方。清朝和日本同時派出艦隊。", "艦隊", "清朝和日本"),
        ("1884年，商人林阿昌以「烏龍」的名稱，把茶葉賣到廈門。", "1884年", "把茶葉賣到廈門"),
    ],
)
def test_what_belongs_together_is_not_cut(context: str, answer: str, part: str) -> None:
    assert part in _question(context, answer)


@pytest.mark.parametrize(
    ("context", "answer", "asked"),
    [
        ("傳教士在1890年發行《府前週報》。", "《府前週報》", "哪一份報紙"),
        ("歐陽明寫下〈泉亭記〉，描寫泉水。", "〈泉亭記〉", "哪一篇作品"),
        ("馬觀把見聞寫成《海外見聞》一書。", "《海外見聞》", "哪一本書"),
        ("岩石分為火成岩、沉積岩和變質岩三種。", "火成岩、沉積岩和變質岩", "哪三種"),
        ("湯若望是德國籍的傳教士。", "德國", "哪一國籍"),
    ],
)
def test_a_thing_is_asked_for_as_what_it_is(context: str, answer: str, asked: str) -> None:
    assert asked in _question(context, answer)


def test_the_reason_names_whom_a_pronoun_stands_for() -> None:
    context = "林文海是一位船長。由於當時沒有羅盤，他找不到北方的港口。"
    assert "林文海為什麼找不到" in _question(context, "當時沒有羅盤")


def test_the_owner_is_meant_and_not_what_he_owns() -> None:
    context = "林文海的畫和詩都有名。他的詩以哪一種花為題，人人知道，最愛的是水仙。"
    assert "林文海的畫的" not in _question(context, "水仙")


@pytest.mark.parametrize(
    ("context", "absent"),
    [
        ("「飲水」二字說明了他的心情，大家都很感動。", "二字"),
        ("文章最後，老人說：「山中如明月照人，水上無船。」", "明月"),
        ("第二年，縣政府在港口設立了一所學校。", "第二年"),
        ("血管分為動脈、靜脈和微血管三種。", "動脈、靜脈和微血管三種"),
        ("船隊抵達加拉巴哥群島，補充了淡水。", "拉巴哥群島"),
        ("收縮壓在90至139毫米汞柱之間最為理想。", "90至139毫米"),
    ],
)
def test_an_answer_is_not_cut_or_beside_the_point(context: str, absent: str) -> None:
    assert absent not in {one.text for one in propose_answers(context)}
