"""Several quizzes of one visitor: a new one, another text, a saved one that is damaged; none loses another."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from page_app import LETTERS, checked, html, keys, opened, page, paste, prompts, written

from qgkd.page.workspace import Workspace

pytestmark = pytest.mark.usefixtures("_server")


def saved(token: str) -> Workspace:
    """A visitor's workspace on the server's disk."""
    from page_sections import visitor

    found = visitor.service().store.load(token)
    assert found is not None
    return found


def test_a_new_quiz_leaves_the_old_one_where_it_was() -> None:
    app = paste(opened(LETTERS), "燈塔建於1867年。")
    checked(app.number_input(key="count").set_value(3).run())
    old = app.query_params["quiz"]
    before = saved(old)
    checked(app.button(key="new_quiz").click().run())
    assert (app.text_area(key="text_box").value, prompts(app)) == ("", [])
    assert app.query_params["quiz"] != old
    assert saved(old) == before
    paste(app, "海島有三個村子。")
    assert app.number_input(key="count").value == 3
    checked(app.button(key="open_last").click().run())
    assert app.text_area(key="text_box").value == "燈塔建於1867年。"
    assert len(prompts(app)) == 4
    assert not [button for button in app.button if button.key == "open_last"]


def test_another_text_asks_whether_to_append() -> None:
    app = written(paste(page(), "燈塔建於1867年，由林文海設計。"), 2)
    old, kept = app.query_params["quiz"], prompts(app)
    paste(app, "燈塔建於1867年，由林文海設計。塔很高。")
    assert not [button for button in app.button if button.key == "append"]
    paste(app, "海島在1901年有了第一所小學。")
    assert "已有 2 題" in html(app)
    checked(app.button(key="append").click().run())
    assert not [button for button in app.button if button.key == "append"]
    assert prompts(app) == kept
    paste(app, "茶園由林阿水開墾。")
    checked(app.button(key="new_quiz_with_text").click().run())
    assert (app.text_area(key="text_box").value, prompts(app)) == ("茶園由林阿水開墾。", [])
    assert saved(old).text == "海島在1901年有了第一所小學。"
    assert [entry.item.question for entry in saved(old).entries] == kept
    assert prompts(written(app, 1)) != kept[:1]
    checked(app.button(key="open_last").click().run())
    assert prompts(app) == kept


def test_questions_for_another_text_without_an_answer_are_appended() -> None:
    app = written(paste(page(), "燈塔建於1867年，由林文海設計。"), 1)
    app = written(paste(app, "海島在1901年有了第一所小學。"), 1)
    assert len(prompts(app)) == 2
    assert not [button for button in app.button if button.key == "append"]


HALF = "\ud83d"
TEXTS = ["question", "answer", "statement", "source_sentence", "id", "passage_id"]


def quiz_file(**changes: Any) -> dict[str, Any]:
    """A saved quiz, with some fields of its item changed."""
    item = {**LETTERS[1].to_json(), **changes}
    return {"format": "qgkd quiz", "version": 1, "title": "信", "items": [item]}


def choice(options: list[str], right: str) -> dict[str, Any]:
    return quiz_file(
        form="multiple_choice", statement=None, options=options, answer=right, correct_index=options.index(right)
    )


DAMAGED: dict[str, Any] = {
    **{f"half in {name}": quiz_file(**{name: f"信{HALF}"}) for name in TEXTS},
    "half in title": {**quiz_file(), "title": HALF},
    "half in options": choice(["甲", HALF, "乙"], HALF),
    "long title": {**quiz_file(), "title": "信\n" * 9_000},
    "control characters": quiz_file(statement="\x00\x1b\u202e\ufffe", answer="\x00"),
    "statement of a short answer": quiz_file(form="short_answer", statement="誰？"),
    "large number": quiz_file(answer_start_char=10**300),
    "thousand options": choice([str(number) for number in range(1000)], "0"),
    "unknown form": quiz_file(form="essay"),
    "numbers for texts": quiz_file(question=7, answer=None),
    "no list": {**quiz_file(), "items": {}},
    "deep": b"[" * 100_000,
    "cut": json.dumps(quiz_file()).encode()[:-9],
    "endless number": b'{"version": ' + b"9" * 9_000 + b"}",
    "other bytes": b"\xff\xfe{\x00}\x00",
    "empty": b"",
    "null": b"null",
    "not a number": b'{"format": "qgkd quiz", "version": NaN}',
}
OPENS = {name for name in DAMAGED if "half" in name} | {
    "long title", "control characters", "statement of a short answer", "large number",
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_quiz_opens_or_is_refused_in_a_sentence(name: str) -> None:
    content = DAMAGED[name] if isinstance(DAMAGED[name], bytes) else json.dumps(DAMAGED[name]).encode()
    app = page()
    checked(app.file_uploader(key="quiz-upload-0").set_value(("信.json", content, "application/json")).run())
    assert bool(prompts(app)) is (name in OPENS)
    if name not in OPENS:
        assert "不是本頁存下的測驗，或已經損壞" in html(app)
        assert "信.json: " in html(app)
        return
    assert ("無法顯示的字元" in html(app)) is (
        name.startswith("half in") and name.split()[-1] in {*TEXTS[:4], "options"}
    )
    assert not re.search("[\ud800-\udfff]", html(app) + "".join(prompts(app)))
    (key,) = keys(app)
    checked(app.text_area(key=f"prompt-{key}").set_value("誰寫信？").run())
    again = page(quiz=app.query_params["quiz"])
    assert prompts(again) == ["誰寫信？"]
    assert len(again.text_input(key="title").value) <= 200
