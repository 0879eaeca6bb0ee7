"""Difficulty in words: what makes an item easier or harder by what a pupil has to do."""

from __future__ import annotations

import dataclasses

import pytest

from qgkd.answer import AnswerType
from qgkd.question_forms import BLANK, QuestionForm, QuizItem, difficulty_of
from qgkd.question_forms.difficulty import Level, Reason

SOURCE = "茶園在1912年由林阿水開墾，出產的烏龍茶銷往南洋。"


def item(question: str, answer: str = "1912年", **fields: object) -> QuizItem:
    made = QuizItem(
        item_id="a", form=QuestionForm.SHORT_ANSWER, question=question, answer=answer, source_sentence=SOURCE
    )
    return dataclasses.replace(made, **fields)


@pytest.mark.parametrize(
    "question",
    ["茶園在哪一年由林阿水開墾？", "茶园在什么时候由林阿水开垦？", "茶園在1912年由誰開墾？", "烏龍茶銷往哪裡？"],
)
def test_a_question_in_the_texts_words_is_easy_in_either_script(question: str) -> None:
    found = difficulty_of(item(question))
    assert found is not None
    assert (found.level, found.reasons) == (Level.EASY, (Reason.SAME_WORDS,))


def test_other_words_and_long_answers_make_it_harder() -> None:
    paraphrase = difficulty_of(item("最早種植這片土地的人從何年起工作？"))
    clause = difficulty_of(
        item("最早種植這片土地的人賣了何種產品到國外？", "出產的烏龍茶銷往南洋", answer_type=AnswerType.CLAUSE)
    )
    assert paraphrase is not None
    assert clause is not None
    assert paraphrase.level is Level.MEDIUM
    assert paraphrase.reasons[0] is Reason.OTHER_WORDS
    assert clause.level is Level.HARD
    assert set(clause.reasons) == {Reason.OTHER_WORDS, Reason.CLAUSE, Reason.TO_WRITE}


def test_choosing_is_easier_than_writing() -> None:
    written = item("由林阿水開墾的這座茶園，是何年的事？")
    chosen = dataclasses.replace(
        written, form=QuestionForm.MULTIPLE_CHOICE, options=("1912年", "1920年", "1925年"), correct_index=0
    )
    assert difficulty_of(written).level is Level.MEDIUM
    assert difficulty_of(chosen).level is Level.EASY


def test_a_blank_is_no_word_of_its_own() -> None:
    cloze = item("", form=QuestionForm.CLOZE, statement=SOURCE.replace("1912年", BLANK))
    assert difficulty_of(cloze).reasons == (Reason.SAME_WORDS,)


@pytest.mark.parametrize(
    "fields", [{"source_sentence": ""}, {"question": ""}, {"question": "？"}, {"question": "誰？"}]
)
def test_nothing_is_said_without_a_text_or_a_question(fields: dict[str, str]) -> None:
    assert difficulty_of(dataclasses.replace(item("茶園在哪一年開墾？"), **fields)) is None
