"""A question that says of one thing what its passage says of another is told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qgkd.answer import AnswerSpan
from qgkd.generator import GenerationRequest, Question
from qgkd.quiz.make import make_quiz
from qgkd.rule.mixed_sentences import mixes_sentences

ELSEWHERE = "李白是詩人。鄭和是航海家。"


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("李白發現了什麼？", "居禮夫人（Marie Curie）發現了鐳，獲得兩次諾貝爾獎。", "鐳"),
        ("李白是誰？", "居禮夫人發現了鐳。", "居禮夫人"),
        ("鄭和的總部位於哪裡？", "聯合國教科文組織的總部設在巴黎。", "巴黎"),
        ("鄭和的首都位於哪裡？", "澳洲的首都位於坎培拉。", "坎培拉"),
        ("郑和由哪一种泥土组成？", "1788年，澳洲由红色的泥土组成。", "红色的泥土"),
    ],
)
def test_the_subject_of_another_sentence(question: str, sentence: str, answer: str) -> None:
    assert mixes_sentences(question, sentence, answer, ELSEWHERE + sentence)


def test_the_verb_of_another_sentence() -> None:
    context = "林文海是工程師。燈塔被稱為「海上的眼睛」。"
    assert mixes_sentences("林文海被稱為什麼？", "林文海是工程師。", "工程師", context)
    assert not mixes_sentences("燈塔被稱為什麼？", "燈塔被稱為「海上的眼睛」。", "海上的眼睛", context)
    assert not mixes_sentences("林文海擔任什麼？", "林文海是工程師。", "工程師", context)  # in words of one's own


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("居禮夫人發現了什麼？", "居禮夫人（Marie Curie）發現了鐳。", "鐳"),
        ("居禮夫人發現了什麼？", "居禮發現了鐳。", "鐳"),  # a shorter name
        ("居禮夫人發現了什麼？", "她發現了鐳。", "鐳"),
        ("居禮夫人發現了什麼？", "後來發現了鐳。", "鐳"),
        ("澳洲的首都位於哪裡？", "首都位於坎培拉。", "坎培拉"),
        ("哪一位科學家發現了鐳？", "居禮夫人發現了鐳。", "居禮夫人"),
        ("鐳由誰發現？", "居禮夫人發現了鐳。", "居禮夫人"),
        ("李白的詩由誰翻譯？", "居禮夫人翻譯了他的詩。", "居禮夫人"),
        ("鄭和創立於哪一年？", "學校創立於1990年。", "1990年"),  # any that was named before
        ("一位化學家發現了什麼？", "居禮夫人發現了鐳。", "鐳"),  # in words of one's own
    ],
)
def test_a_subject_that_may_be_carried(question: str, sentence: str, answer: str) -> None:
    assert not mixes_sentences(question, sentence, answer, ELSEWHERE + sentence)


class Borrowing:
    """A generator whose questions are all about 鄭和."""

    name, parameters = "borrowing", 0

    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        return [[Question(text="鄭和的首都位於哪裡？", answer=request.answer)] for request in requests]


def test_a_quiz_leaves_it_out() -> None:
    text = "鄭和是航海家。澳洲的首都位於坎培拉。"
    place = AnswerSpan(text="坎培拉", start_char=text.index("坎培拉"))
    assert "坎培拉" not in [item.answer.text for item in make_quiz(Borrowing(), text, count=3).items]
    assert len(make_quiz(Borrowing(), text, count=1, answers=[place]).items) == 1  # asked for by a person
