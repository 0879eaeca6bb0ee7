"""Fixtures of the browser tests: one server and one browser for all of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from browser import Browser, Server, chromium, serve


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the rule system, under a path as behind a proxy."""
    with serve(tmp_path_factory.mktemp("server"), "--model", "rule", base_path="school/quiz") as running:
        yield running


@pytest.fixture(scope="session")
def _browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def browser(_browser: Browser) -> Iterator[Browser]:
    """The browser, cleared after the test before; errors in its console fail the test."""
    _browser.fresh()
    yield _browser
    assert _browser.console_errors() == []
    assert _browser.foreign_requests() == []
