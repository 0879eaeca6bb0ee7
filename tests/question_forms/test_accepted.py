"""Accepted answers: what is proposed, what an edit does to it, what old files get."""

from __future__ import annotations

import dataclasses

import pytest

from qgkd.answer import AnswerType
from qgkd.question_forms import QuestionForm, QuizItem, accepted_from_lines, propose_accepted, with_answer
from qgkd.question_forms.item_json import read_item
from qgkd.text.script import Script


def item(answer: str, kind: AnswerType | None = None, **fields: object) -> QuizItem:
    fields.setdefault("script", Script.TRADITIONAL)
    return QuizItem(
        item_id="a", form=QuestionForm.SHORT_ANSWER, question="？", answer=answer, answer_type=kind, **fields
    )


@pytest.mark.parametrize(
    ("answer", "kind", "accepted"),
    [
        ("《臺北夜話》", "work", {"臺北夜話", "台北夜話", "《台北夜話》", "台北夜话"}),
        ("水滸傳", "work", {"《水滸傳》", "水浒传"}),
        ("「五年計畫」", "term", {"五年計畫"}),
        ("世界貓協（WCA）", "organisation", {"世界貓協", "WCA"}),
        ("約480公尺", "number", {"480公尺", "480", "四百八十公尺", "480米"}),
        ("2,019公尺", "number", {"2019公尺", "2019", "2,019", "二千零一十九公尺", "兩千零一十九公尺"}),
        ("１２ 公里", "number", {"12公里", "12", "十二公里"}),
        ("兩千多人", "number", {"2000多人", "二千多人"}),
        ("4.5萬公頃", "number", {"45000公頃", "45000", "四點五萬公頃"}),
        ("二十萬人", "number", {"20萬人", "200000人", "20萬"}),
        ("60名學生", "number", {"60", "60名", "六十名學生"}),
        ("25%", "number", {"百分之二十五", "25％"}),
        ("五分之二", "number", {"2/5"}),
        ("第八屆", "number", {"第8屆", "第8"}),
        ("1912年", "date", {"1912", "一九一二年"}),
        ("一九一二年", "date", {"1912年", "1912"}),
        ("西元1912年", "date", {"1912年"}),
        ("民國45年", "date", {"民國四十五年"}),
        ("3月12日", "date", {"三月十二日"}),
        ("十八世紀", "date", {"18世紀"}),
        ("甘為霖牧師", "person", {"甘為霖"}),
        ("工程師陳志明", "person", {"陳志明", "陈志明"}),
        ("約翰·史密斯", "person", {"約翰‧史密斯", "約翰史密斯", "史密斯"}),
        ("台東", "place", {"臺東", "台东"}),
    ],
)
def test_what_is_written_otherwise_is_proposed(answer: str, kind: str, accepted: set[str]) -> None:
    assert accepted <= set(propose_accepted(item(answer, AnswerType(kind))))


@pytest.mark.parametrize(
    ("answer", "kind", "wrong"),
    [
        ("一個半小時", "number", {"一", "1", "一個"}),
        ("3公尺20公分", "number", {"3", "3公尺"}),
        ("數十個", "number", {"10個", "十個"}),
        ("三國時期", "date", {"3國時期"}),
        ("星期五", "date", {"星期5"}),
        ("12月25日", "date", {"12", "25", "12月"}),
        ("大學教授", "person", {"大學"}),
        ("英國總理", "person", {"英國"}),
        ("鐵路（臺中段）", "term", {"臺中段"}),
    ],
)
def test_what_means_something_else_is_not(answer: str, kind: str, wrong: set[str]) -> None:
    assert not wrong & set(propose_accepted(item(answer, AnswerType(kind))))


def test_the_unit_is_read_off_the_sentence_or_the_question() -> None:
    bare = item("480", AnswerType.NUMBER, source_sentence="全長約480公尺。")
    assert "480公尺" in propose_accepted(bare)
    asked = dataclasses.replace(item("480", AnswerType.NUMBER), question="全長多少公尺？")
    assert "480公尺" in propose_accepted(asked)
    year = dataclasses.replace(item("1912", AnswerType.DATE), question="哪一年？")
    assert "1912年" in propose_accepted(year)


def test_each_is_proposed_once_and_never_the_answer_itself() -> None:
    for text in ("《水滸傳》", "約2,019公尺", "NASA", "Ｘ光", "臺灣", " 海 ", ""):
        found = [text.strip(), *propose_accepted(item(text))]
        folded = [" ".join(one.split()).casefold() for one in found]
        assert len(set(folded)) == len(folded)
    assert propose_accepted(item("海")) == ()


def test_in_simplified_text_the_traditional_form_is_proposed() -> None:
    simplified = item("台湾大学", AnswerType.ORGANISATION, script=Script.SIMPLIFIED)
    assert {"臺灣大學", "台灣大學"} <= set(propose_accepted(simplified))


def test_another_answer_gets_other_proposals_unless_a_teacher_wrote_some() -> None:
    first = item("1912年", AnswerType.DATE)
    proposed = dataclasses.replace(first, accepted_answers=propose_accepted(first))
    assert "陈志明" in with_answer(proposed, "陳志明").accepted_answers
    assert "1912" not in with_answer(proposed, "陳志明").accepted_answers
    by_hand = dataclasses.replace(first, accepted_answers=("去年",))
    assert with_answer(by_hand, "陳志明").accepted_answers == ("去年",)
    emptied = dataclasses.replace(first, accepted_answers=())
    assert with_answer(emptied, "1912年").accepted_answers == ()


def test_lines_become_answers() -> None:
    assert accepted_from_lines(" 甲 \n\n乙  丙\n甲\n") == ("甲", "乙 丙")


def test_a_quiz_saved_before_there_were_any_opens_with_proposals() -> None:
    saved = item("《水滸傳》", AnswerType.WORK).to_json()
    del saved["accepted_answers"]
    assert "水滸傳" in read_item(saved).accepted_answers
    emptied = item("《水滸傳》", AnswerType.WORK)
    assert read_item(emptied.to_json()) == emptied
