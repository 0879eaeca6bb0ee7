"""Takes the README's pictures of the page.

`QGKD_SCREENSHOTS=eval/screenshots make test-browser` writes them; otherwise they are taken and thrown away.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, Browser, Server
from PIL import Image
from test_whole_way import write_quiz

COLOURS = 64


def small(path: Path, height: int) -> None:
    """Keep the top of a picture, and few colours."""
    with Image.open(path) as taken:
        cut = taken.crop((0, 0, taken.width, min(taken.height, height))).convert("RGB")
    cut.quantize(COLOURS).save(path, optimize=True)


@pytest.mark.parametrize(("name", "size", "height"), [("desktop", DESKTOP, 1900), ("phone", PHONE, 1900)])
def test_screenshots(
    browser: Browser, server: Server, tmp_path: Path, name: str, size: tuple[int, int], height: int
) -> None:
    folder = Path(os.environ.get("QGKD_SCREENSHOTS", tmp_path))
    folder.mkdir(exist_ok=True)
    browser.resize(size)
    write_quiz(browser, server, count=5, form="四種輪流")
    path = folder / f"page_{name}.png"
    browser.screenshot(path)
    small(path, height)
    with Image.open(path) as taken:
        assert taken.width == size[0]
        assert len(taken.convert("RGB").getcolors(1 << 24)) > 16
    assert path.stat().st_size < 400_000
