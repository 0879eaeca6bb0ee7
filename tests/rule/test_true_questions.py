"""What a question says must be true: whose subject it names, whole lists and numbers, words for places and persons."""

from __future__ import annotations

import pytest
from generation_requests import request

from qgkd.answers.propose import propose_answers
from qgkd.rule import RuleGenerator

GENERATOR = RuleGenerator()


def _questions(context: str, answer: str, count: int = 3) -> list[str]:
    return [one.text for one in GENERATOR.generate([request(context, answer)], questions_per_answer=count)[0]]


def _proposed(context: str) -> set[str]:
    return {one.text for one in propose_answers(context)}


@pytest.mark.parametrize(
    ("context", "answer", "absent"),
    [
        ("臺南有三座古城門。清代的書院以海東書院和奎樓書院最為有名，合稱「府城二院」。", "府城二院", "臺南"),
        ("木柵種茶。山下的老街以石橋、古井最為熱鬧，並稱「木柵雙景」。", "木柵雙景", "木柵種茶"),
    ],
)
def test_a_sentence_with_its_own_subject_takes_no_other(context: str, answer: str, absent: str) -> None:
    assert not [text for text in _questions(context, answer) if absent in text]


def test_the_subject_is_carried_where_it_is_the_same() -> None:
    context = "獅頭燈塔是一座白色的燈塔。最早由林文海設計。"
    assert "獅頭燈塔" in _questions(context, "林文海", count=1)[0]


@pytest.mark.parametrize(
    ("context", "time", "name"),
    [
        ("2009年，國際環境保護聯合會將石虎列為保護動物。", "2009年", "國際環境保護聯合會"),
        ("1987年，東亞海洋研究學會把珊瑚礁列為研究對象。", "1987年", "東亞海洋研究學會"),
    ],
)
def test_the_time_is_not_put_into_a_name(context: str, time: str, name: str) -> None:
    assert all(name in text for text in _questions(context, time))


@pytest.mark.parametrize(
    ("context", "answer", "members"),
    [
        ("船隊先後停靠基隆、花蓮、臺東、恆春、高雄和澎湖。", "花蓮", "基隆 臺東 恆春 高雄 澎湖"),
        ("園裡種著茶花、蘭花、菊花、桂花和荷花。", "菊花", "茶花 蘭花 桂花 荷花"),
    ],
)
def test_a_list_keeps_all_other_members(context: str, answer: str, members: str) -> None:
    for text in _questions(context, answer):
        assert all(member in text for member in members.split()), text


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        ("書院於中華民國九十八年修復。", "中華民國九十八年"),
        ("這場地震使約有5萬4000戶居民停電。", "5萬4000戶"),
        ("山路全長約 12,300 公尺。", "12,300 公尺"),
        ("新法在 1998 年公布。", "1998 年"),
        ("橋樑建於一○八三年的春天。", "一○八三年"),
        ("燈塔由工程師林文海在北岸設計。", "林文海"),
        ("水庫由日本技師八田與一監造。", "八田與一"),
    ],
)
def test_numbers_dates_and_names_are_proposed_whole(context: str, answer: str) -> None:
    proposed = _proposed(context)
    assert any(answer in one for one in proposed), proposed
    assert not [one for one in proposed if one != answer and one in answer]


@pytest.mark.parametrize(
    ("context", "answer", "noun"),
    [
        ("臺灣的夏天常有颱風。", "臺灣", "地方"),
        ("珠海在二十年間發展迅速。", "珠海", "城市"),
        ("青海有一座鹹水湖。", "青海", "省份"),
        ("連雲港每年接待許多遊客。", "連雲港", "城市"),
        ("孟加拉灣在夏天常有風暴。", "孟加拉灣", "海灣"),
    ],
)
def test_a_known_place_is_asked_by_what_it_is(context: str, answer: str, noun: str) -> None:
    assert f"哪一個{noun}" in _questions(context, answer, count=1)[0]


@pytest.mark.parametrize("answer", ["雷達", "胡椒", "溫度計", "石灰", "左轉"])
def test_things_are_not_asked_as_persons(answer: str) -> None:
    texts = _questions(f"課本的第三頁提到{answer}，並有一張圖。", answer)
    assert not [text for text in texts if "誰" in text or "哪一位" in text]


def test_a_person_by_profession_is_asked_as_one() -> None:
    assert _questions("廚師只帶了一把刀。", "廚師", count=1)[0].startswith("誰")


def test_a_whole_sentence_is_no_answer() -> None:
    assert "淡水出產魚丸" not in _proposed("淡水出產魚丸。")


@pytest.mark.parametrize(
    ("context", "answer", "name"),
    [
        ("林文海是港口的工程師。他在1902年離開家鄉。", "1902年", "林文海"),
        ("海東大學位於臺南市。該校創立於1931年。", "1931年", "海東大學"),
    ],
)
def test_no_question_opens_with_a_pronoun_whose_noun_is_named(context: str, answer: str, name: str) -> None:
    text = _questions(context, answer, count=1)[0]
    assert name in text
    assert not text.startswith(("他", "該"))
