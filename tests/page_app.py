"""Drives the page in Streamlit's AppTest: open it, paste, write, open a saved quiz, read what it shows."""

from __future__ import annotations

import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from qgkd.exports.formats import export_quiz, format_named
from qgkd.question_forms import BLANK, QuestionForm, QuizItem

REPOSITORY = Path(__file__).resolve().parents[1]
RAILWAY = (REPOSITORY / "data" / "passages" / "taiwan_railway.txt").read_text("utf-8").strip()


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(REPOSITORY / "apps" / "page.py"), default_timeout=300)
    for name, value in query.items():
        app.query_params[name] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception, [found.message for found in app.exception]
    return app


def html(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def paste(app: AppTest, text: str) -> AppTest:
    return checked(app.text_area(key="text_box").set_value(text).run())


def written(app: AppTest, count: int) -> AppTest:
    """Ask for questions and wait for them."""
    app.number_input(key="count").set_value(count).run()
    app.button(key="start").click().run()
    from page_sections import visitor

    with_token = app.session_state["token"]
    end = time.monotonic() + 120
    job = visitor.service().jobs.of(with_token)
    while job is not None and not job.ended.is_set() and time.monotonic() < end:
        time.sleep(0.02)
    return checked(app.run())


def prompts(app: AppTest) -> list[str]:
    return [area.value for area in app.text_area if str(area.key).startswith("prompt-")]


def keys(app: AppTest) -> list[str]:
    return [str(area.key).removeprefix("prompt-") for area in app.text_area if str(area.key).startswith("prompt-")]


FINISHED = {
    QuestionForm.SHORT_ANSWER: {},
    QuestionForm.CLOZE: {"statement": f"{BLANK}寫了這封信。"},
    QuestionForm.TRUE_FALSE: {"statement": "祖母寫了這封信。", "is_true": False},
    QuestionForm.MULTIPLE_CHOICE: {"options": (*"甲乙丙丁戊己庚", "祖母"), "correct_index": 7},
}
LETTERS = [
    QuizItem(item_id=form, form=form, question="誰寫了這封信？", answer="祖母", source_sentence="祖母寫信。", **parts)
    for form, parts in FINISHED.items()
]


def opened(items: list[QuizItem], **query: str) -> AppTest:
    """Open a saved quiz."""
    content = export_quiz(items, "信", format_named("json")).content
    app = page(**query)
    return checked(app.file_uploader(key="quiz-upload-0").set_value(("信.json", content, "application/json")).run())
