"""Measure the teacher's page in a browser: the first quiz, the next one, and twenty tabs at once.

Comes in: nothing but Chromium and its driver. Goes out: a JSON row per measurement.

A literal example: `python eval/benchmark_page.py --tabs 20 --output eval/results/page.json`
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests" / "browser"))

from browser import Browser, Server, chromium, serve  # noqa: E402

QUESTIONS = 10
PASSAGES = ("taiwan_railway", "yushan")
_TABS_TEXT = (
    "{name}島上的燈塔建於{year}年，由工程師林{name}設計，塔高{height}公尺。{name}島有{villages}個村子，"
    "居民大多捕魚，每年{month}月舉行海祭。{year}年以後，島上的第一所小學由陳{name}創辦，第一年收了{pupils}名學生。"
    "{name}島的港口在{later}年擴建，花了{cost}萬元。"
)
_NAMES = "金木水火土日月星辰雲雨雪霜風雷電山川河海"


def passage(name: str) -> str:
    """Return the first 500 characters of a sample passage."""
    return (REPOSITORY / "data" / "passages" / f"{name}.txt").read_text("utf-8").strip()[:500]


def tab_text(number: int) -> str:
    """Return a different text for every tab, so that a mixed-up source is noticed."""
    return _TABS_TEXT.format(
        name=_NAMES[number % len(_NAMES)] * 2, year=1801 + number, height=20 + number, villages=3 + number,
        month=1 + number % 12, pupils=40 + number, later=1951 + number, cost=300 + number,
    )  # fmt: skip


def prompts(browser: Browser) -> list[str]:
    """List the questions on the page."""
    script = "return [...document.querySelectorAll('[class*=st-key-prompt-] textarea')].map(e => e.value)"
    return list(browser.driver.execute_script(script))


def paste_and_start(browser: Browser, text: str) -> None:
    """Paste a text and press the start button."""
    browser.type("text_box", text)
    browser.wait(lambda: browser.find(".qg-text").text[:20] == text[:20])
    browser.button("start")


def first_and_next(server: Server) -> dict[str, Any]:
    """Measure the seconds from opening the page to ten questions, and from pasting the next passage to ten more."""
    first, following = (passage(name) for name in PASSAGES)
    with chromium() as browser:
        began = time.perf_counter()
        browser.open(server.url)
        paste_and_start(browser, first)
        browser.wait(lambda: len(prompts(browser)) == QUESTIONS, 300)
        cold = time.perf_counter() - began
        browser.settled()
        began = time.perf_counter()
        paste_and_start(browser, following)
        browser.wait(lambda: len(prompts(browser)) == 2 * QUESTIONS, 300)
        return {"cold_seconds": round(cold, 2), "next_seconds": round(time.perf_counter() - began, 2)}


def many_tabs(server: Server, tabs: int) -> dict[str, Any]:
    """Press the button in all tabs one after another, and measure the time from each press to its questions."""
    before_mb = server.memory_mb()
    with chromium() as browser:
        driver = browser.driver
        handles = []
        for number in range(tabs):
            if number:
                driver.switch_to.new_window("tab")
            handles.append(driver.current_window_handle)
            browser.open(server.url)
            browser.type("text_box", tab_text(number))
            browser.wait(lambda: browser.find(".qg-text"), 300)
            browser.settled()
        began = {}
        for handle in handles:
            driver.switch_to.window(handle)
            browser.click(".st-key-start button")
            began[handle] = time.perf_counter()
        waits, mixed, short = [], 0, 0
        waiting = list(range(tabs))
        while waiting:
            for number in list(waiting):
                driver.switch_to.window(handles[number])
                if driver.execute_script("return !!document.querySelector('.st-key-download button')"):
                    waits.append(time.perf_counter() - began[handles[number]])
                    waiting.remove(number)
                if time.perf_counter() - began[handles[number]] > 600:
                    raise SystemExit(f"tab {number} has no questions after ten minutes: {browser.text()[-500:]}")
        for number, handle in enumerate(handles):
            driver.switch_to.window(handle)
            browser.settled()
            sources = [paragraph.text.partition("：")[2].strip() for paragraph in browser.find_all(".qg-source")]
            mixed += sum(source not in tab_text(number) for source in sources)
            short += not sources
        errors = browser.console_errors()
    waits.sort()
    return {
        "tabs": tabs,
        "wait_median_seconds": round(statistics.median(waits), 2),
        "wait_95th_percentile_seconds": round(waits[max(0, -(-len(waits) * 95 // 100) - 1)], 2),
        "errors": len(errors),
        "mixed_up_sources": mixed,
        "tabs_without_questions": short,
        "server_mb_before": round(before_mb),
        "server_mb_after": round(server.memory_mb()),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tabs", type=int, default=20, help="tabs at once; 0 leaves them out (default 20)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often the first two quizzes are measured, each with a new server"
    )
    parser.add_argument("--model", default="", help="a model folder; the server's default where empty")
    parser.add_argument("--output", type=Path, help="a file for the JSON rows")
    options = parser.parse_args()
    model = ["--model", options.model] if options.model else []
    rows: list[dict[str, Any]] = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder, serve(Path(folder), *model) as server:
            rows.append({"load_average": round(os.getloadavg()[0], 1), **first_and_next(server)})
            print(json.dumps(rows[-1]), flush=True)
    if options.tabs:
        with tempfile.TemporaryDirectory() as folder, serve(Path(folder), *model) as server:
            rows.append({"load_average": round(os.getloadavg()[0], 1), **many_tabs(server, options.tabs)})
            print(json.dumps(rows[-1]), flush=True)
    if options.output:
        options.output.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
