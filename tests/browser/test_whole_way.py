"""The whole use of the page in a real browser: paste, choose, write, edit, download; by mouse, phone and keyboard."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import docx
import openpyxl
import pytest
from browser import DESKTOP, PHONE, Browser, Keys, Server

REPOSITORY = Path(__file__).resolve().parents[2]
RAILWAY = (REPOSITORY / "data" / "passages" / "taiwan_railway.txt").read_text("utf-8").strip()
EDITED = "第一條鐵路何時動工？<b>&{}=~#\\"


def write_quiz(browser: Browser, server: Server, count: int = 4, form: str = "選擇題", text: str = RAILWAY) -> None:
    """Write a quiz from an empty page."""
    browser.open(server.url)
    browser.type("text_box", text)
    browser.wait(lambda: browser.find(".qg-text"))
    browser.choose("form", form)
    browser.settled()
    browser.type("count", str(count))
    browser.settled()
    browser.button("start")
    browser.sees(f"第 {count} 題")
    browser.settled()


def keys(browser: Browser) -> list[str]:
    blocks = browser.find_all("[class*=st-key-prompt-]")
    names = [
        name for block in blocks for name in block.get_attribute("class").split() if name.startswith("st-key-prompt")
    ]
    return [name.removeprefix("st-key-prompt-") for name in names]


def words_in(path: Path) -> str:
    """The text of a downloaded file, read by an independent library."""
    if path.suffix == ".docx":
        document = docx.Document(str(path))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    if path.suffix == ".xlsx":
        rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
        return "\n".join(str(cell) for row in rows for cell in row if cell is not None)
    if path.suffix == ".apkg":
        with zipfile.ZipFile(path) as package:
            collection = package.extract("collection.anki2", path.parent / f"{path.stem}-unpacked")
        with sqlite3.connect(collection) as connection:
            return "\n".join(fields for (fields,) in connection.execute("select flds from notes"))
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as package:
            trees = [ElementTree.fromstring(package.read(name)) for name in package.namelist() if name.endswith(".xml")]
        return "\n".join("".join(tree.itertext()) for tree in trees)
    text = path.read_text("utf-8-sig")
    if path.suffix == ".xml":
        return "".join(ElementTree.fromstring(text).itertext())
    if path.suffix == ".csv":
        return "\n".join("\n".join(row) for row in csv.reader(io.StringIO(text)))
    return text


FORMATS = {
    "Word（.docx）": ".docx",
    "列印用網頁（.html）": ".html",
    "Moodle GIFT（.gift）": ".txt",
    "Moodle XML（.xml）": ".xml",
    "QTI 1.2（.zip）": ".zip",
    "Google 表單（貼上的指令碼 .gs.txt）": ".txt",
    "Kahoot（.kahoot.xlsx，只有選擇題和是非題）": ".xlsx",
    "Anki（.apkg）": ".apkg",
    "Excel（.xlsx）": ".xlsx",
    "CSV（.csv）": ".csv",
    "TSV（Quizlet 等卡片）": ".tsv",
    "本頁的存檔（.json，可再打開）": ".json",
}


def test_paste_write_edit_and_download_every_format(browser: Browser, server: Server) -> None:
    write_quiz(browser, server)
    first, *others = keys(browser)
    browser.type(f"prompt-{first}", EDITED)
    browser.settled()
    browser.button(f"delete-{others[-1]}")
    browser.wait(lambda: len(browser.prompts()) == 3)
    browser.button(f"down-{first}")
    browser.wait(lambda: browser.prompts()[1] == EDITED)
    browser.type("title", "鐵路: 一/二")
    browser.settled()
    kept = browser.prompts()
    for label, suffix in FORMATS.items():
        browser.choose("format", label)
        browser.settled()
        path = browser.download()
        assert path.suffix == suffix, label
        assert "鐵路" in path.name
        words = words_in(path)
        for prompt in (kept[0], kept[2]):
            assert prompt in words, label
        if suffix in (".docx", ".xml", ".csv", ".xlsx"):
            assert EDITED in words, label
    saved = json.loads(path.read_text("utf-8"))
    assert [item["question"] for item in saved["items"]] == kept
    browser.open(server.url + "?fresh")  # the file can be opened again in an empty page
    browser.click(".st-key-files summary, .stExpander summary")
    browser.wait(lambda: len(browser.find_all("input[type=file]")) == 2)
    browser.find_all("input[type=file]")[1].send_keys(str(path))
    browser.wait(lambda: browser.prompts() == kept)


def test_a_reload_and_a_later_visit_lose_nothing(browser: Browser, server: Server) -> None:
    write_quiz(browser, server, count=3, form="簡答題")
    kept = browser.prompts()
    browser.driver.refresh()
    browser.wait(lambda: browser.prompts() == kept)
    assert browser.find(".st-key-text_box textarea").get_attribute("value") == RAILWAY
    browser.open(server.url)  # a later visit, without the address of the quiz
    browser.button("open_last")
    browser.wait(lambda: browser.prompts() == kept)


def test_unsent_text_survives_a_reload(browser: Browser, server: Server) -> None:
    browser.open(server.url)
    browser.settled()
    browser.type("text_box", "燈塔建於1867年。", commit=False)
    browser.driver.refresh()
    browser.button("take_draft")
    browser.wait(lambda: browser.find(".qg-text"))
    assert browser.find(".st-key-text_box textarea").get_attribute("value") == "燈塔建於1867年。"


def test_answers_are_clicked_selected_and_typed(browser: Browser, server: Server) -> None:
    browser.open(server.url)
    browser.type("text_box", "𠮷地的燈塔建於1867年，由工程師林文海設計。燈塔很高。")
    browser.wait(lambda: browser.find(".qg-on"))
    browser.settled()
    (date,) = [mark for mark in browser.find_all(".qg-on") if mark.text == "1867年"]
    date.click()
    browser.wait(lambda: [mark.text for mark in browser.find_all(".qg-off")] == ["1867年"])
    browser.settled()
    browser.driver.execute_script(
        "const all = [...document.querySelectorAll('.qg-text span')];"
        "const t = all.find(s => s.textContent.includes('高。')).firstChild;"
        "const r = document.createRange(); const i = t.data.indexOf('很高');"
        "r.setStart(t, i); r.setEnd(t, i + 2); getSelection().removeAllRanges(); getSelection().addRange(r);"
    )
    browser.click(".qg-bar button")
    browser.wait(lambda: [mark.text for mark in browser.find_all(".qg-own")] == ["很高"])
    browser.type("typed", "燈塔")
    browser.button("add-1")
    browser.wait(lambda: [mark.text for mark in browser.find_all(".qg-own")] == ["燈塔", "很高"])
    browser.settled()
    browser.type("count", "2")
    browser.settled()
    browser.button("start")
    browser.wait(lambda: len(browser.prompts()) == 2)
    answers = {str(field.get_attribute("value")) for field in browser.find_all("[class*=st-key-answer-] input")}
    assert answers == {"燈塔", "很高"}


def test_keyboard_only(browser: Browser, server: Server) -> None:
    """From opening the page to a download without a pointer."""

    browser.open(server.url)
    browser.settled()
    browser.tab_to("text_box")
    browser.driver.execute_cdp_cmd("Input.insertText", {"text": "燈塔建於1867年，由工程師林文海設計。海島有三個村子。"})
    browser.keys(Keys.CONTROL + Keys.ENTER)
    browser.wait(lambda: browser.find(".qg-on"))
    browser.settled()
    browser.tab_to("answer_text")
    second = browser.find_all(".qg-answer")[1].text
    browser.keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.HOME, Keys.ARROW_RIGHT)
    browser.keys(Keys.SPACE)
    browser.wait(lambda: [mark.text for mark in browser.find_all(".qg-off")] == [second])
    browser.settled()
    assert browser.driver.switch_to.active_element.text == second
    browser.keys(Keys.TAB)  # the text is one stop
    assert browser.focused() == "typed"
    browser.keys(Keys.SHIFT, Keys.TAB)
    browser.keys(Keys.END)
    assert browser.driver.switch_to.active_element.text == browser.find_all(".qg-answer")[-1].text
    browser.tab_to("start")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.prompts())
    browser.settled()
    browser.tab_to(f"prompt-{keys(browser)[0]}")
    browser.keys(Keys.CONTROL + "a")
    browser.driver.execute_cdp_cmd("Input.insertText", {"text": "鍵盤寫的題目？"})
    browser.keys(Keys.TAB)
    browser.settled()
    browser.tab_to("download")
    before = set(browser.downloads.iterdir())
    browser.keys(Keys.ENTER)
    path = browser.arrived(before)
    assert "鍵盤寫的題目？" in words_in(path)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_is_wider_than_the_screen(browser: Browser, server: Server, size: tuple[int, int]) -> None:
    browser.resize(size)
    write_quiz(browser, server, count=4, form="四種輪流", text=RAILWAY + "\n" + "Pneumonoultramicroscopic" * 12)
    wide = browser.driver.execute_script(
        "return [...document.querySelectorAll('.stMain *')].filter(e => e.getClientRects().length &&"
        " (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1))"
        ".map(e => e.className || e.tagName).slice(0, 5)"
    )
    assert wide == []
    small = [
        button.text
        for button in browser.find_all(".stMain button")
        if button.is_displayed() and button.text and button.size["height"] < 24
    ]
    assert small == []
    assert browser.driver.execute_script("return document.documentElement.lang") == "zh-Hant"
