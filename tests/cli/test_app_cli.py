"""`qgkd app`: what the server is started with, and what is printed when it cannot be."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from qgkd.cli import main
from qgkd.cli.app import page_script
from qgkd.page.settings import PageSettings


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What Streamlit would have been given."""
    calls: list[list[str]] = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda arguments, **_: calls.append(arguments))
    monkeypatch.setenv("QGKD_PAGE", "{}")
    return calls


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_server_records_nothing_and_listens_where_it_is_reported(started: list[list[str]], tmp_path: Path) -> None:
    port = free_port()
    words = [
        "app",
        "--port",
        str(port),
        "--base-path",
        "/school/quiz/",
        "--state",
        str(tmp_path),
        "--max-upload-mb",
        "7",
    ]
    assert main([*words, "--public-host", "quiz.example"]) == 0
    ((run, page, *options),) = started
    assert (run, Path(page)) == ("run", page_script())
    assert {
        "--browser.gatherUsageStats=false", "--server.baseUrlPath=school/quiz", "--server.maxUploadSize=7",
        "--server.address=127.0.0.1", f"--server.port={port}", "--client.showErrorDetails=none",
    } <= set(options)  # fmt: skip
    assert options[-2:] == ["--server.allowedHosts", "quiz.example"]
    settings = PageSettings.from_environment()
    assert settings.state_folder == str(tmp_path)
    assert settings.any_model


def test_visitors_of_an_open_server_choose_no_model_of_their_own(started: list[list[str]]) -> None:
    assert main(["app", "--host", "0.0.0.0", "--port", str(free_port())]) == 0
    assert not PageSettings.from_environment().any_model


def test_a_port_in_use_is_reported_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["app", "--port", str(taken.getsockname()[1])]) == 1
    printed = capsys.readouterr().err
    assert "cannot be listened on" in printed
    assert printed.count("\n") == 1


def test_without_its_packages_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "streamlit.web.cli", None)
    assert main(["app", "--port", str(free_port())]) == 1
    assert "-m pip install '.[app]' in the folder of qgkd" in capsys.readouterr().err


def test_help_is_quick() -> None:
    before = set(sys.modules)
    assert main(["app", "--help"]) == 0
    assert not {"streamlit", "torch", "jieba"} & (set(sys.modules) - before)
