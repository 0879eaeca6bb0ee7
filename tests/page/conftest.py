"""A server of its own for every test of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from qgkd.page.models import RULE
from qgkd.page.settings import PageSettings


@pytest.fixture
def _server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings = PageSettings(state_folder=str(tmp_path / "state"), models=(RULE,), max_chars=20_000)
    for name, value in settings.to_environment().items():
        monkeypatch.setenv(name, value)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()
