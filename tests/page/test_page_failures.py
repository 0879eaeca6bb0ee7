"""Failures inside the page: a sentence where they happen, and everything else as it was."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from page_app import LETTERS, checked, html, opened, page, paste, prompts

from qgkd.page.models import RULE

pytestmark = pytest.mark.usefixtures("_server")


@pytest.mark.parametrize("section", ["top", "keeper", "text", "answers", "order", "questions", "take_home"])
def test_a_failure_in_a_section_leaves_the_others(
    section: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = paste(opened(LETTERS[:1]), "燈塔建於1867年。")
    import page_sections

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(getattr(page_sections, section), "show", fail)
    checked(app.run())
    assert html(app).count("這一部分發生問題") == 1
    assert "ZeroDivisionError" in caplog.text
    assert bool(prompts(app)) is (section != "questions")
    assert bool(app.get("download_button")) is (section != "take_home")


def test_a_state_folder_that_cannot_be_read_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    app = page()
    from page_sections import visitor

    def fail(_: str) -> None:
        raise PermissionError

    monkeypatch.setattr(visitor.service().store, "load", fail)
    checked(app.run())
    assert html(app).count("這一部分發生問題") == 1
    monkeypatch.undo()
    checked(app.run())
    assert app.text_area(key="text_box")


def test_a_click_that_fails_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    app = paste(opened(LETTERS[:1]), "燈塔建於1867年。")
    from page_sections import visitor

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(visitor.service().store, "update", fail)
    for act in (
        lambda: app.button(key="add_question").click(),
        lambda: app.text_input(key="title").set_value("另一封信"),
        lambda: app.text_area(key="text_box").set_value("海"),
        lambda: app.selectbox(key="form").set_value("cloze"),
        lambda: app.button(key="start").click(),
        lambda: app.button(key="new_quiz").click(),
    ):
        widget = act()
        checked(widget.run())
        assert html(app).count("剛才的動作沒有完成") == 1, widget.key


def test_questions_that_take_long_are_shown_when_they_are_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    app = paste(page(), "燈塔建於1867年，由林文海設計。")
    from page_sections import order, visitor

    monkeypatch.setattr(order, "_SHORT_JOB_SECONDS", 0)
    monkeypatch.setattr(order, "_LOOK_SECONDS", 0.01)
    get = visitor.service().models.get

    def slow(name: str) -> Any:
        time.sleep(0.3)
        return get(name)

    monkeypatch.setattr(visitor.service().models, "get", slow)
    app.number_input(key="count").set_value(2)
    checked(app.button(key="start").click().run())
    assert len(prompts(app)) == 2
    assert app.button(key="start")


@pytest.mark.parametrize(("language", "words"), [("zh-Hant", "不能做的"), ("zh-Hans", "它是一个"), ("en", "cannot")])
def test_about_a_model_is_in_the_visitors_language_and_without_metadata(
    language: str, words: str, tmp_path: Path
) -> None:
    card = "# A small model\n\n---\nIts data."
    (tmp_path / "README.md").write_text(f"---\nlicense: mit\ntags:\n- qg\n---\n{card}\n")
    app = page(lang=language, view="about")
    from page_sections import visitor

    visitor.service().models.offered = (str(tmp_path), RULE)
    checked(app.run())
    shown = html(app) + "".join(element.value for element in app.markdown)
    assert words in shown
    assert card in shown
    assert "license" not in shown
