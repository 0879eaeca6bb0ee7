"""Options are of one kind with the right answer, near it, and not right as well."""

from __future__ import annotations

import random

import pytest

from qgkd.answer import AnswerType
from qgkd.question_forms.distractors import RightAnswer, choose_distractors, is_admissible
from qgkd.question_forms.kinds import others_of_kind
from qgkd.question_forms.passage import Passage
from qgkd.question_forms.plausible_numbers import plausible_numbers


def _options(context: str, answer: str, answer_type: AnswerType, question: str, seed: int = 0) -> tuple[str, ...]:
    right = RightAnswer(text=answer, type=answer_type, shown=question)
    return choose_distractors(right, Passage("p", context), count=3, rng=random.Random(seed))


def test_years_of_another_age_are_not_offered() -> None:
    context = "1405年，船隊出海。1492年，水手登陸。2012年，潛艇下潛。2003年，小船獲救。"
    for seed in range(5):
        assert not {"1405年", "1492年"} & set(_options(context, "2012年", AnswerType.DATE, "潛艇在哪一年下潛？", seed))


def test_terms_of_no_common_kind_are_not_offered() -> None:
    context = "貨輪「海燕號」擱淺。瘧疾流行。塑膠進入食物鏈。植物有維管束。"
    assert not {"瘧疾", "食物鏈", "維管束"} & set(_options(context, "海燕號", AnswerType.TERM, "什麼擱淺？"))


def test_examples_have_no_wrong_lists() -> None:
    context = "島嶼例如蘭嶼和綠島。夏威夷群島和澎湖群島也是火山島。"
    assert not _options(context, "蘭嶼和綠島", AnswerType.PLACE, "火山島例如哪些島嶼？")


def test_two_names_of_one_war_are_not_two_options() -> None:
    right = RightAnswer(text="甲午戰爭", type=AnswerType.TERM, shown="引發哪一場戰爭？")
    assert not is_admissible("中法戰爭", right, ["清法戰爭"])
    assert is_admissible("鴉片戰爭", right, ["清法戰爭"])


@pytest.mark.parametrize(
    ("title", "said", "other", "absent"),
    [
        ("《血流論》", "英國醫生林德以實驗寫成《血流論》。", "《天體運行論》", "《西遊記》"),
        ("《府前週報》", "傳教士發行《府前週報》。", "《申報》", "《孟子》"),
        ("《海邊的人》", "王錦江在1947年出版《海邊的人》。", "《邊城》", "《左傳》"),
        ("〈泉亭記〉", "歐陽明寫下〈泉亭記〉。", "〈師說〉", "《史記》"),
    ],
)
def test_works_stand_beside_works_of_their_time_and_form(title: str, said: str, other: str, absent: str) -> None:
    others = others_of_kind(title, AnswerType.WORK, said)
    assert other in others
    assert absent not in others


def test_no_country_of_today_beside_a_state_of_the_past() -> None:
    assert not others_of_kind("東海民主國", AnswerType.PLACE)
    assert "日本" in others_of_kind("法國", AnswerType.PLACE)


def test_the_first_year_of_an_era_has_its_own_name() -> None:
    for seed in range(20):
        assert "元豐一年" not in plausible_numbers("元豐二年", AnswerType.DATE, random.Random(seed))


def test_below_zero_stays_below_zero() -> None:
    found = plausible_numbers("零下50度", AnswerType.NUMBER, random.Random(1))
    assert found
    assert all(one.startswith("零下") for one in found)
