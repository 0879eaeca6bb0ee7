"""Every field of every form is emptied and filled again, with reloads and a restart of the server in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import PHONE, Browser, Keys, Server, free_port, serve
from test_whole_way import RAILWAY, write_quiz

TEXT_FIELDS = "[class*=st-key-prompt-], [class*=st-key-answer-], [class*=st-key-accepted-], [class*=st-key-option-]"
Fill = Callable[[Browser, str, str], None]


def keys_of(browser: Browser, css: str) -> list[str]:
    names = [name for block in browser.find_all(css) for name in block.get_attribute("class").split()]
    return [name.removeprefix("st-key-") for name in names if name.startswith("st-key-") and "answer_text" not in name]


def values(browser: Browser) -> dict[str, str]:
    """The text of every field of every card."""
    found = {}
    for key in keys_of(browser, TEXT_FIELDS):
        css = f".st-key-{key} textarea, .st-key-{key} input"
        found[key] = str(browser.find(css).get_attribute("value"))
    return found


def by_pointer(browser: Browser, key: str, text: str) -> None:
    browser.type(key, text)


def by_keyboard(browser: Browser, key: str, text: str) -> None:
    browser.tab_to(key)
    browser.keys(Keys.CONTROL, "a")
    if text:
        browser.driver.execute_cdp_cmd("Input.insertText", {"text": text})
    else:
        browser.keys(Keys.DELETE)
    browser.keys(Keys.TAB)


def assert_page_has(browser: Browser, expected: dict[str, str]) -> None:
    browser.wait(lambda: values(browser) == expected, what=f"the page has {expected}")
    browser.settled()
    assert browser.red_boxes() == []


@pytest.mark.parametrize("fill", [by_pointer, by_keyboard])
def test_every_field_is_emptied_and_filled_again(browser: Browser, server: Server, fill: Fill) -> None:
    if fill is by_pointer:
        browser.resize(PHONE)
    write_quiz(browser, server, count=4, form="四種輪流")
    before = values(browser)
    assert {key.partition("-")[0] for key in before} == {"prompt", "answer", "accepted", "option"}
    now = dict(before)
    for text in (lambda key: "", before.__getitem__):
        for key in before:
            fill(browser, key, text(key))
            now[key] = text(key)
            browser.settled()
            assert browser.red_boxes() == []
        assert_page_has(browser, now)
        browser.driver.refresh()
        assert_page_has(browser, now)
    assert now == before


def test_a_restart_of_the_server_loses_nothing(browser: Browser, tmp_path: Path) -> None:
    browser.resize(PHONE)
    port = free_port()
    with serve(tmp_path, "--model", "rule", port=port) as server:
        write_quiz(browser, server, count=4, form="四種輪流")
        before = values(browser)
        first = next(iter(before))
        browser.type(first, "")
        browser.settled()
    with serve(tmp_path, "--model", "rule", port=port):
        browser.driver.refresh()
        assert_page_has(browser, {**before, first: ""})
        browser.type(first, before[first])
        browser.settled()
    with serve(tmp_path, "--model", "rule", port=port) as server:
        token = parse_qs(urlsplit(browser.driver.current_url).query)["quiz"][0]
        browser.open(f"{server.url}?quiz={token}")
        assert_page_has(browser, before)
        assert browser.find(".st-key-text_box textarea").get_attribute("value") == RAILWAY
        browser.driver.get("about:blank")  # the page asks for its server as long as it is open
        refused = browser.console_errors()
        assert all("ERR_CONNECTION_REFUSED" in error for error in refused), refused


def test_pasting_starts_at_once_and_another_text_asks(browser: Browser, server: Server) -> None:
    def paste(text: str) -> None:
        """By the clipboard, as a visitor would."""
        browser.driver.execute_script(
            "const box = document.createElement('textarea'); box.id = 'copied'; box.value = arguments[0];"
            "document.body.append(box); box.focus(); box.select();",
            text,
        )
        browser.keys(Keys.CONTROL, "c")
        browser.driver.execute_script("document.getElementById('copied').remove()")
        browser.click(".st-key-text_box textarea")
        browser.keys(Keys.CONTROL, "a")
        browser.keys(Keys.CONTROL, "v")

    browser.open(server.url)
    browser.settled()
    paste("燈塔建於1867年，由林文海設計。")
    browser.wait(lambda: browser.find(".qg-on"))
    browser.settled()
    browser.type("count", "2")
    browser.settled()
    browser.button("start")
    browser.wait(lambda: len(browser.prompts()) == 2)
    kept = browser.prompts()
    browser.settled()
    paste("海島在1901年有了第一所小學。")
    browser.button("new_quiz_with_text")
    browser.wait(lambda: not browser.prompts())
    browser.settled()
    assert browser.find(".qg-text").text == "海島在1901年有了第一所小學。"
    browser.button("open_last")
    browser.wait(lambda: browser.prompts() == kept)
    browser.wait(lambda: browser.find(".qg-text").text == "燈塔建於1867年，由林文海設計。")
    browser.settled()
    browser.button("new_quiz")
    browser.wait(lambda: not browser.prompts())
    browser.settled()
    assert browser.find(".st-key-text_box textarea").get_attribute("value") == ""
    assert browser.red_boxes() == []
