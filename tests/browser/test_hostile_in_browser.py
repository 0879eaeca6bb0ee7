"""Hostile text and files in a real browser: shown as text or refused in a sentence, never run, nothing lost."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pypdf
import pytest
from browser import Browser, Server, serve

HOSTILE = (
    "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script>"
    "<b>燈塔</b>建於**1867年**，$x^2$由`工程師`[林文海](javascript:document.title='hit')設計。:red[甲]\u202e乙"
)


def assert_nothing_was_rendered(browser: Browser) -> None:
    assert "hit" not in browser.driver.title
    found = ".stMain img, .katex, .stMain a[href^='javascript'], .stMain script, .stMain .stHtml b + script"
    assert browser.find_all(found) == []


def test_hostile_text_is_shown_as_plain_text(browser: Browser, server: Server) -> None:
    browser.open(server.url)
    browser.type("text_box", HOSTILE + "\n燈塔高三十公尺，島上有四個村子。")
    browser.wait(lambda: "<img src=x" in browser.find(".qg-text").text)
    assert "**1867年**" in browser.find(".qg-text").text
    browser.settled()
    browser.type("typed", "<b>燈塔</b>")
    browser.button("add-0")
    browser.wait(lambda: browser.find(".qg-own").text == "b>燈塔</b")
    browser.settled()
    browser.button("start")
    browser.wait(lambda: browser.prompts())
    browser.settled()
    first = browser.find("[class*=st-key-prompt-]").get_attribute("class")
    key = next(name for name in first.split() if name.startswith("st-key-prompt-")).removeprefix("st-key-")
    browser.type(key, HOSTILE)
    browser.settled()
    browser.type("title", HOSTILE)
    browser.settled()
    browser.driver.refresh()
    browser.wait(lambda: any(HOSTILE.replace("\n", " ") in prompt for prompt in browser.prompts()))
    assert_nothing_was_rendered(browser)


def test_ten_pasted_megabytes_are_refused_and_stay_in_the_box(browser: Browser, server: Server) -> None:
    browser.open(server.url)
    browser.type("text_box", "燈塔建於1867年。")
    browser.wait(lambda: browser.find(".qg-text"))
    browser.settled()
    browser.driver.execute_script(
        "const box = document.querySelector('.st-key-text_box textarea');"
        "Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(box, 'x'.repeat(1e7));"
        "box.dispatchEvent(new Event('input', {bubbles: true})); box.focus(); box.blur();"
    )
    browser.sees("10,000,000")
    length = browser.driver.execute_script("return document.querySelector('.st-key-text_box textarea').value.length")
    assert length == 10_000_000
    assert browser.find(".qg-text").text == "燈塔建於1867年。"


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("word/document.xml", b" " * 160_000_000)
    return out.getvalue()


def _pdf(password: str | None) -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=200, height=200)
    if password:
        writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


FILES = {
    "bomb.docx": (_bomb, "解開後有 160 MB"),
    "scan.pdf": (lambda: _pdf(None), "只有圖片、沒有文字"),
    "secret.pdf": (lambda: _pdf("x"), "PDF 有密碼"),
}


@pytest.mark.parametrize("name", FILES)
def test_hostile_files_are_refused(browser: Browser, server: Server, tmp_path: Path, name: str) -> None:
    make, message = FILES[name]
    (tmp_path / name).write_bytes(make())
    browser.open(server.url)
    browser.type("text_box", "燈塔建於1867年。")
    browser.wait(lambda: browser.find(".qg-text"))
    browser.settled()
    browser.click(".stExpander summary")
    browser.wait(lambda: len(browser.find_all("input[type=file]")) == 2)
    browser.find_all("input[type=file]")[0].send_keys(str(tmp_path / name))
    browser.sees(message)
    assert browser.find(".qg-text").text == "燈塔建於1867年。"
    assert_nothing_was_rendered(browser)


def test_a_long_text_can_be_stopped(browser: Browser, tmp_path: Path) -> None:
    """With the package's model: the rule writes a hundred questions before the button can be pressed."""
    with serve(tmp_path) as server:
        browser.open(server.url)
        browser.type(
            "text_box", "\n".join(f"第{n}座燈塔建於{1000 + n}年，由林文海設計，高{n}公尺。" for n in range(4000))
        )
        browser.sees("段處理")
        browser.settled()
        browser.type("count", "100")
        browser.settled()
        browser.button("start")
        browser.button("stop")
        browser.sees("已停止")
        assert browser.find(".st-key-start button").is_enabled()
        browser.fresh()  # a page whose server has gone complains
