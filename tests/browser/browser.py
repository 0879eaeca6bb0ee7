"""Starts a headless Chromium and a server of the page, for tests, screenshots and measurements.

Comes in: options of `qgkd app`. Goes out: `Server`, `Browser`.

A literal example: `with serve(folder) as server, chromium() as browser: browser.open(server.url)`
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--no-proxy-server", "--hide-scrollbars", "--force-prefers-reduced-motion", "--disable-extensions",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
)  # fmt: skip
_PASSING = (
    NoSuchElementException, StaleElementReferenceException, ElementClickInterceptedException,
    ElementNotInteractableException,
)  # fmt: skip
PATIENCE_SECONDS = float(os.environ.get("QGKD_BROWSER_PATIENCE", "60"))
"""A test fails when the page takes longer than this for a step; a busy machine needs more."""
DESKTOP, PHONE = (1280, 900), (390, 844)


class Server:
    """A running `qgkd app`."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process, self.url, self.log = process, url, log

    def memory_mb(self) -> float:
        """Resident memory of the server."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serve(folder: Path, *options: str, base_path: str = "", port: int = 0) -> Iterator[Server]:
    """Start the page on a port, a free one for 0, and stop it at the end."""
    port = port or free_port()
    log = folder / "server.log"
    more = ["--base-path", base_path] if base_path else []
    command = [sys.executable, "-m", "qgkd", "app", "--port", str(port), "--state", str(folder / "state")]
    with log.open("wb") as out:
        process = subprocess.Popen([*command, *more, *options], stdout=out, stderr=out, start_new_session=True)
    url = f"http://127.0.0.1:{port}/{base_path}"
    try:
        _wait_until_up(f"{url.rstrip('/')}/_stcore/health", process, log)
        yield Server(process, url, log)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not come up: {log.read_text()}")


@contextlib.contextmanager
def chromium(size: tuple[int, int] = DESKTOP) -> Iterator[Browser]:
    """Start a browser with an empty profile."""
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        for flag in (*_FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"):
            options.add_argument(flag)
        downloads = Path(profile) / "downloads"
        downloads.mkdir()
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
        service = webdriver.ChromeService(
            executable_path=shutil.which("chromedriver"), popen_kw={"start_new_session": True}
        )
        driver = webdriver.Chrome(options=options, service=service)
        try:
            driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600},
            )
            yield Browser(driver, downloads)
        finally:
            driver.quit()


class Browser:
    """The actions of a test in the browser; each waits until it is possible."""

    def __init__(self, driver: webdriver.Chrome, downloads: Path) -> None:
        self.driver, self.downloads = driver, downloads

    def open(self, url: str) -> None:
        self.driver.get(url)
        self.wait(lambda: self.find(".st-key-text_box textarea"))

    def wait(self, until: Callable[[], Any], seconds: float = PATIENCE_SECONDS, what: str = "") -> Any:
        """Call `until` until it returns something true."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(*_PASSING):
                if found := until():
                    return found
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what or until}\n{self.text()[-1500:]}")
            time.sleep(0.2)

    def find(self, css: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def find_all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self) -> str:
        return str(self.driver.execute_script("return document.body.innerText"))

    def prompts(self) -> list[str]:
        """The text of every question on the page."""
        return [str(area.get_attribute("value")) for area in self.find_all("[class*=st-key-prompt-] textarea")]

    def sees(self, text: str, seconds: float = PATIENCE_SECONDS) -> None:
        self.wait(lambda: text in self.text(), seconds, f"the page says {text!r}")

    def settled(self) -> None:
        """Wait until the server is idle; a run that a key has started begins a moment later."""
        quiet = 0

        def idle() -> bool:
            nonlocal quiet
            state = self.find(".stApp").get_attribute("data-test-script-state")
            quiet = quiet + 1 if state == "notRunning" else 0
            return quiet == 3

        self.wait(idle, what="the server is idle")

    def click(self, css: str) -> None:
        def clicked() -> bool:
            element = self.find(css)
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.wait(clicked, what=f"click {css}")

    def button(self, key: str) -> None:
        """Click the button of a key once it is enabled."""
        self.wait(lambda: self.find(f".st-key-{key} button").is_enabled(), what=f"button {key}")
        self.click(f".st-key-{key} button")

    def type(self, key: str, text: str, *, commit: bool = True) -> None:
        """Replace the content of a text field; the text is pasted, so any length and character works."""
        css = f".st-key-{key} textarea, .st-key-{key} input"
        self.click(css)
        field = self.find(css)
        field.send_keys(Keys.CONTROL, "a")
        if text:
            self.driver.execute_cdp_cmd("Input.insertText", {"text": text})
        else:
            field.send_keys(Keys.DELETE)
        if commit:
            field.send_keys(Keys.CONTROL, Keys.ENTER) if field.tag_name == "textarea" else field.send_keys(Keys.ENTER)

    def choose(self, key: str, label: str) -> None:
        """Choose an option of a select box."""

        def chosen() -> bool:
            shown = [one for one in self.find_all("[role=option]") if one.text.strip().split("\n")[-1] == label]
            if shown:
                shown[0].click()
            return bool(shown)

        self.click(f".st-key-{key} [data-baseweb=select], .st-key-{key} [role=combobox]")
        self.wait(chosen, what=f"option {label}")

    def keys(self, *keys: str) -> None:
        """Press keys in the focused element; Control stays pressed for the keys after it."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def focused(self) -> str:
        """The key of the block that has the keyboard focus."""
        return str(
            self.driver.execute_script(
                "const e = document.activeElement.closest('[class*=st-key-]');"
                "return e ? [...e.classList].find(c => c.startsWith('st-key-')).slice(7) : ''"
            )
        )

    def tab_to(self, key: str, most: int = 150) -> None:
        """Press the Tab key until the block of a key has the keyboard focus."""
        for _ in range(most):
            if self.focused() == key:
                return
            self.keys(Keys.TAB)
        raise AssertionError(f"{key} is not reached; at {self.focused()}")

    def red_boxes(self) -> list[str]:
        """What the page reports as failed: Streamlit's own boxes and ours."""
        return [box.text for box in self.find_all(".stException, .stAlert, .qg-error, [data-testid=stException]")]

    def console_errors(self) -> list[str]:
        """Errors in the browser's console."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def download(self) -> Path:
        """Press the download button and wait for the file."""
        before = set(self.downloads.iterdir())
        self.button("download")
        return self.arrived(before)

    def arrived(self, before: set[Path]) -> Path:
        """Wait for a new file that is completely downloaded."""

        def whole() -> Path | None:
            new = [path for path in self.downloads.iterdir() if path not in before]
            done = [path for path in new if path.suffix != ".crdownload" and not path.name.startswith(".")]
            return done[0] if done and len(new) == len(done) else None

        return Path(self.wait(whole, what="a download"))

    def foreign_requests(self) -> list[str]:
        """Addresses outside this machine that the browser requested."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))]

    def fresh(self) -> None:
        """Clear all stored data and logs, as in a new browser."""
        self.resize(DESKTOP)
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
        for log in ("browser", "performance"):
            self.driver.get_log(log)

    def resize(self, size: tuple[int, int]) -> None:
        """Change the size of the screen."""
        self._resize(*size)

    def screenshot(self, path: Path, *, full: bool = True) -> None:
        """Save a picture of the page, of all its height or of the screen."""
        if not full:
            self.driver.save_screenshot(str(path))
            return
        size = self.driver.execute_script(
            "const m = document.querySelector('.stMain') || document.documentElement;"
            "return [window.innerWidth, Math.ceil(m.scrollHeight)]"
        )
        self._resize(size[0], size[1])
        time.sleep(0.6)
        self.driver.save_screenshot(str(path))

    def _resize(self, width: int, height: int) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
