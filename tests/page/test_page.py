"""The page itself, run by Streamlit's AppTest: the way from a text to a file, its languages, and hostile text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from page_app import RAILWAY, checked, html, keys, page, paste, prompts, written

from qgkd.exports.formats import format_named
from qgkd.page.workspace_store import WorkspaceStore
from qgkd.question_forms import Language, QuestionForm

pytestmark = pytest.mark.usefixtures("_server")
HOSTILE = (
    "<img src=x onerror=alert(1)>燈塔**建於**1867年，$x^2$由`工程師`[林文海](javascript:alert(1))設計。\u202e:red[x]"
)


def test_from_a_text_to_a_file(tmp_path: Path) -> None:
    app = written(paste(page(), RAILWAY), 5)
    before = prompts(app)
    assert len(before) == 5
    first = keys(app)[0]
    checked(app.text_area(key=f"prompt-{first}").set_value("第一條鐵路何時動工？").run())
    checked(app.text_input(key=f"answer-{first}").set_value("一八八七年").run())
    checked(app.button(key=f"down-{first}").click().run())
    assert prompts(app) == [before[1], "第一條鐵路何時動工？", *before[2:]]
    checked(app.button(key=f"delete-{keys(app)[4]}").click().run())
    assert len(prompts(app)) == 4
    checked(app.button(key="undo").click().run())
    assert len(prompts(app)) == 5
    checked(app.button(key="add_question").click().run())
    checked(app.text_area(key=f"prompt-{keys(app)[-1]}").set_value("自己的題目？").run())
    assert prompts(app)[-1] == "自己的題目？"
    checked(app.selectbox(key="format").set_value(format_named("json")).run())
    assert app.get("download_button")
    again = page(quiz=app.query_params["quiz"])  # a reload: all is there
    assert prompts(again) == prompts(app)
    assert again.text_area(key="text_box").value == RAILWAY
    (kept,) = (tmp_path / "state").glob("*.json")
    assert json.loads(kept.read_text("utf-8"))["text"] == RAILWAY


def test_questions_that_are_ready_while_the_page_is_drawn_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job may end between the moment a run has read the disk and the moment it draws the list."""
    app = paste(page(), RAILWAY)
    from page_sections import answers, visitor

    draw = answers.show

    def draw_late() -> None:
        job = visitor.service().jobs.of(visitor.token())
        if job is not None:
            job.ended.wait(60)
        draw()

    monkeypatch.setattr(answers, "show", draw_late)
    checked(app.button(key="start").click().run())
    assert len(prompts(app)) == 10


def test_every_form_can_be_drawn_changed_and_edited() -> None:
    app = paste(page(), RAILWAY)
    app.selectbox(key="form").set_value("mixed").run()
    app = written(app, 8)
    forms = [box.value for box in app.selectbox if str(box.key).startswith("form-")]
    assert len(set(forms)) == 4
    for key in keys(app)[:1]:
        for form in ("multiple_choice", "cloze", "true_false", "short_answer"):
            checked(app.selectbox(key=f"form-{key}").set_value(QuestionForm(form)).run())
    choice = next(str(radio.key).removeprefix("correct_index-") for radio in app.radio if "correct" in str(radio.key))
    checked(app.text_input(key=f"option-0-{choice}").set_value("").run())
    checked(app.radio(key=f"correct_index-{choice}").set_value(1).run())
    assert app.radio(key=f"correct_index-{choice}").value == 1


def test_another_version_is_another_and_says_when_there_is_none() -> None:
    app = written(paste(page(), RAILWAY), 2)
    (first, second), seen = prompts(app), set()
    for _ in range(5):
        seen.add(prompts(app)[0])
        checked(app.button(key=f"another-{keys(app)[0]}").click().run())
    assert len(seen) > 1
    assert prompts(app)[1] == second
    assert "1" in html(app)
    assert first in seen


@pytest.mark.parametrize(
    ("language", "heading"), [("zh-Hant", "課文出題"), ("zh-Hans", "课文出题"), ("en", "Questions from")]
)
def test_three_languages(language: str, heading: str) -> None:
    app = page(lang=language)
    assert heading in html(app)
    checked(app.button(key="view").click().run())
    assert app.query_params["view"] == "about"
    assert app.markdown
    assert not app.text_area
    checked(app.button(key="view").click().run())
    assert app.text_area(key="text_box")


def test_the_language_can_be_switched() -> None:
    app = page()
    checked(app.selectbox(key="language").set_value(Language.ENGLISH).run())
    assert "Questions from" in html(app)


def test_typed_answers_with_several_places() -> None:
    app = paste(page(), "燈塔建於1867年。燈塔由林文海設計。")
    checked(app.text_input(key="typed").set_value("燈塔").run())
    assert "2" in html(app)
    checked(app.button(key="add-1").click().run())
    assert app.button(key="add-1").disabled
    assert not app.button(key="add-0").disabled
    checked(app.text_input(key="typed").set_value("沒有").run())
    assert "沒有" in html(app)


def test_text_too_long_is_kept_in_the_box_and_reported() -> None:
    app = paste(page(), RAILWAY)
    paste(app, "長" * 20_001)
    assert "20,001" in html(app)
    assert app.text_area(key="text_box").value == "長" * 20_001
    checked(app.run())
    paste(app, "燈塔建於1867年。")
    assert "20,001" not in html(app)
    checked(app.button(key="earlier").click().run())
    assert app.text_area(key="text_box").value == RAILWAY


def test_hostile_text_is_text_everywhere() -> None:
    app = written(paste(page(), f"{HOSTILE}\x00\n{RAILWAY}"), 6)
    key = keys(app)[0]
    checked(app.text_area(key=f"prompt-{key}").set_value(HOSTILE).run())
    checked(app.text_input(key="title").set_value(HOSTILE).run())
    checked(app.text_input(key="typed").set_value("<img").run())
    checked(app.text_input(key="typed").set_value(HOSTILE).run())
    assert "<img" not in html(app)
    shown: list[Any] = [*app.markdown, *app.button, *app.radio, *app.caption, *app.text_area, *app.text_input]
    for element in shown:
        label = getattr(element, "label", "") + (element.value if element.type == "markdown" else "")
        assert "onerror" not in label
        assert "x^2" not in label
    assert prompts(app)[0] == HOSTILE


def test_an_unknown_or_foreign_token_starts_afresh() -> None:
    for token in ("../../../etc/passwd", "x", WorkspaceStore.new_token()):
        app = page(quiz=token)
        assert app.text_area(key="text_box").value == ""


def test_visitors_do_not_see_each_other() -> None:
    one, two = paste(page(), "燈塔建於1867年。"), page()
    assert two.text_area(key="text_box").value == ""
    assert one.session_state["token"] != two.session_state["token"]


def test_a_failed_job_is_reported_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    app = paste(page(), RAILWAY)
    from page_sections import visitor

    def fail(_: str) -> None:
        raise OSError("weights are gone")

    monkeypatch.setattr(visitor.service().models, "get", fail)
    app = written(app, 3)
    assert "weights are gone" in html(app)
    assert app.text_area(key="text_box").value == RAILWAY


def test_long_text_is_drawn_part_by_part() -> None:
    app = paste(page(), "\n".join([RAILWAY] * 6))
    assert app.selectbox(key="part").value == 0
    checked(app.multiselect(key="parts").set_value([1]).run())
    app = written(app, 3)
    assert len(prompts(app)) == 3
