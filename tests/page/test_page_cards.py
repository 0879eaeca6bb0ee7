"""The cards of the questions: every field can be emptied, a failure stays in its card, other wrong options."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from page_app import LETTERS, RAILWAY, checked, html, keys, opened, page, paste, prompts, written
from streamlit.testing.v1 import AppTest

from qgkd.question_forms import QuestionForm, QuizItem

pytestmark = pytest.mark.usefixtures("_server")


def fields(app: AppTest, key: str) -> list[Any]:
    """The widgets of a card that hold a part of its item."""
    found = [*app.text_area, *app.text_input, *app.radio]
    return [widget for widget in found if str(widget.key).endswith(key)]


@pytest.mark.parametrize("item", LETTERS, ids=lambda item: item.form.value)
def test_every_field_of_a_card_can_be_emptied_and_filled_again(item: QuizItem) -> None:
    app = opened([item])
    (key,) = keys(app)
    assert "尚未完成" not in html(app)
    for name in [widget.key for widget in fields(app, key)]:
        before = next(widget.value for widget in fields(app, key) if widget.key == name)
        empty = "" if isinstance(before, str) else None
        for value, is_finished in ((empty, False), (before, True)):
            checked(next(widget for widget in fields(app, key) if widget.key == name).set_value(value).run())
            assert next(widget.value for widget in fields(app, key) if widget.key == name) == value
            needed = not name.startswith("accepted")
            assert ("尚未完成" not in html(app)) is (is_finished or not needed), name
    for widget in fields(app, key):
        widget.set_value("" if isinstance(widget.value, str) else None)
    checked(app.run())
    for form in QuestionForm:
        checked(app.selectbox(key=f"form-{key}").set_value(form).run())
    assert "發生問題" not in html(app)


@pytest.mark.parametrize("broken", ["_source", "_show_head", "_show_buttons"])
def test_a_failure_in_one_card_stays_in_it(
    broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = opened(LETTERS)
    from page_sections import question_card

    draw = getattr(question_card, broken)

    def fail(about: Any, *more: Any) -> Any:
        if getattr(about, "item", about).form is QuestionForm.CLOZE:
            raise ZeroDivisionError
        return draw(about, *more)

    monkeypatch.setattr(question_card, broken, fail)
    checked(app.run())
    assert html(app).count("第 2 題發生問題") == html(app).count("發生問題") == 1
    assert "ZeroDivisionError" in caplog.text
    assert len(app.get("download_button")) == 1
    assert len([box for box in app.selectbox if str(box.key).startswith("form-")]) == 4 - (broken == "_show_head")
    if broken != "_show_buttons":
        checked(app.button(key=f"delete-{app.session_state['workspace'].entries[1].key}").click().run())
        assert "發生問題" not in html(app)


def test_a_click_that_fails_is_a_sentence_in_its_card(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(LETTERS)
    from page_sections import question_card

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(question_card, "change_form", fail)
    checked(app.selectbox(key=f"form-{keys(app)[0]}").set_value(QuestionForm.CLOZE).run())
    assert html(app).count("第 1 題發生問題") == 1
    checked(app.run())
    assert "發生問題" not in html(app)


@pytest.mark.parametrize(
    ("language", "words"), [("zh-Hant", "有選項相同"), ("zh-Hans", "有选项相同"), ("en", "are the same")]
)
def test_an_unfinished_quiz_opens_again_with_its_faults_in_their_cards(language: str, words: str) -> None:
    app = opened([LETTERS[0], LETTERS[3]])
    choice = keys(app)[1]
    checked(app.text_input(key=f"option-2-{choice}").set_value("乙").run())
    checked(app.button(key="add_question").click().run())
    assert html(app).count("JSON") == 2
    saved = [entry.item for entry in app.session_state["workspace"].entries]
    again = opened(saved, lang=language)
    assert [entry.item for entry in again.session_state["workspace"].entries] == saved
    assert prompts(again) == prompts(app)
    assert html(again).count("JSON") == 2
    assert html(again).count(words) == 2  # in the card, and as a notice about the file
    assert again.get("download_button")


def test_other_wrong_options_at_a_button() -> None:
    app = paste(page(), RAILWAY)
    app.selectbox(key="form").set_value("multiple_choice").run()
    app = written(app, 1)
    (key,) = keys(app)
    question, seen = prompts(app), set()
    for turn in range(3):
        item = app.session_state["workspace"].entries[0].item
        wrong = set(item.options) - {item.answer}
        assert len(wrong) == 3
        assert not wrong & seen, turn
        seen |= wrong
        checked(app.button(key=f"other_options-{key}").click().run())
        assert app.session_state["workspace"].entries[0].item.answer == item.answer
    assert prompts(app) == question
    checked(app.button(key="undo").click().run())
    assert app.session_state["workspace"].entries[0].item == item


def test_where_there_are_no_other_options_a_sentence_says_so() -> None:
    app = opened(LETTERS[3:])
    (key,) = keys(app)
    checked(app.text_input(key=f"option-7-{key}").set_value("").run())
    before = app.session_state["workspace"].entries
    checked(app.button(key=f"other_options-{key}").click().run())
    assert "第 1 題找不到別的錯誤選項" in html(app)
    assert app.session_state["workspace"].entries == before


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-Hant", "偏易：照原文的話問"), ("zh-Hans", "偏易：照原文的话问"), ("en", "Easy: asked in the text")],
)
def test_difficulty_is_said_in_words(language: str, words: str) -> None:
    item = dataclasses.replace(LETTERS[0], source_sentence="祖母寫了這封信。")
    by_hand = dataclasses.replace(LETTERS[0], source_sentence="", question="信寄到哪裡？")
    assert html(opened([item, by_hand], lang=language)).count(words) == 1
