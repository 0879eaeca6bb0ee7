"""Questions that lack their subject, point at nothing or break off are told from those that can be asked."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from generation_requests import request

from qgkd.generator import GenerationRequest, Question
from qgkd.quiz.make import make_quiz
from qgkd.rule import RuleGenerator
from qgkd.rule.doubtful import is_doubtful

GENERATOR = RuleGenerator()


@pytest.mark.parametrize(
    "question",
    [
        "爬上塔頂，便朝哪一座港口揮手？",
        "深度約多少公尺，湖裡有三種魚？",
        "卻因為什麼而停工？",
        "後來因為什麼而遷村？",
        "史稱「石牌事件」，林文海被關了多少天？",
        "他把哪一本書送給圖書館？",
        "林文海將它命名為什麼？",
        "誰在這裡設立學校？",
        "父親在哪一座城市經商？",
        "漁船什麼在外海翻覆？",
        "誰也沒有出席典禮？",
        "「春風」多少字出自他的詩？",
        "哪一年，工程師林文海以「石燈」的名稱？",
        "林文海建造燈塔哪一年？",
        "北邊的珊瑚為什麼2016年？",
        "林文海晚年編寫的哪一部作品？",
        "哪一位作家在演說中指出？",
        "火山島由岩漿堆積而成，例如哪些地方？",
        "哪些地方？",
        "瑞典醫生哪一個人發現了血型？",
        "船隊停靠過什麼港口、外島等地方？",
        "在哪裡開墾一塊荒地？",
        "林文海（海是哪一座燈塔的設計者？",
        "「春風是誰的作品？",
        "工程師林文海設計了燈塔，這座燈塔至今仍在使用？",
        "誰（Lin Wen-hai）設計了燈塔？",
    ],
)
def test_what_a_teacher_would_have_to_mend_is_doubtful(question: str) -> None:
    assert is_doubtful(question)


@pytest.mark.parametrize(
    "question",
    [
        "燈塔由誰設計？",
        "設計燈塔的是誰？",
        "哪一個海峽盛產鯖魚？",
        "位於河口的是哪一座燈塔？",
        "燈塔是由誰設計的？",
        "哪一年，林文海設計燈塔？",
        "為了減少災害，政府設立了多少座氣象站？",
        "戰爭結束以後，陳婉如到哪一座城市教書？",
        "在葉綠體裡，什麼吸收光能？",
        "為什麼北部的山區很少下雪？",
        "林文海提出了哪一種學說？",
        "德國氣象學家在哪一年提出大陸漂移學說？",
        "玉山的主峰高多少公尺？",
        "谁设计了灯塔？",
        "獅頭燈塔的設計者是誰？",
        "林文海（Lin Wen-hai）設計了哪一座燈塔？",
        "「春風」是誰的作品？",
        "林文海設計的燈塔至今仍在使用嗎？",
        "林文海設計的燈塔有沒有倒塌過？",
        "林文海設計的那座燈塔多高？",
    ],
)
def test_what_can_be_asked_is_not_doubtful(question: str) -> None:
    assert not is_doubtful(question)


def test_a_place_asked_for_as_what_it_is_not_is_doubtful() -> None:
    assert is_doubtful("船隊在哪一個海灣停靠？", "臺灣")
    assert not is_doubtful("船隊在哪一個海灣停靠？", "膠州灣")


def test_another_wording_comes_before_a_doubtful_one() -> None:
    context = "林文海走遍海岸，看見船隻觸礁，便寫信給陳婉如。"
    (question,) = GENERATOR.generate([request(context, "陳婉如")], questions_per_answer=1)[0]
    assert not is_doubtful(question.text)
    assert "林文海" in question.text


class _AsksDoubtfully:
    """A generator that asks about every answer as a weak model does."""

    name = "doubtful"
    parameters = 0

    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        return [[Question(text="他後來去了哪裡？", answer=one.answer)] for one in requests]


def test_a_quiz_leaves_doubtful_questions_out_but_not_about_given_answers() -> None:
    context = "燈塔建於1867年，由工程師林文海設計。"
    assert not make_quiz(_AsksDoubtfully(), context, count=2).items
    given = request(context, "林文海").answer
    assert make_quiz(_AsksDoubtfully(), context, count=1, answers=[given]).items
