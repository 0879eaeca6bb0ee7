"""The command line's frame: exit codes, where the output goes, one sentence per mistake, a quick --help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qgkd import __version__
from qgkd import cli as command_line
from qgkd.cli import main

HEAVY = ("torch", "transformers", "jieba", "datasets", "nltk", "numpy", "pyarrow", "rouge_score", "opencc")


def raising(error: BaseException) -> object:
    def app(*_arguments: object, **_settings: object) -> None:
        raise error

    return app


def test_importing_the_command_line_is_cheap() -> None:
    code = f"import sys, qgkd.cli; print([name for name in {HEAVY} if name in sys.modules])"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout == "[]\n"


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for command in command_line.app.registered_commands:
        assert command.callback is not None
        assert (command.name or command.callback.__name__) in printed.out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"qgkd {__version__}\n"


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("data", "inspect", "answers", "generate", "score", "evaluate"):
        assert main([command, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nope"], ["--nope"], ["data", "check"], ["data", "drcd", "--files"]])
def test_wrong_usage_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err


def test_users_mistake_is_one_sentence_and_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "absent.json"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "qgkd: absent.json: expected a file, found nothing of that name; check the path\n"


def test_interrupt_is_code_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_arguments: object, **_settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("qgkd.reading.readers.read_examples", interrupted)
    assert main(["data", "check", "x"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "printed"),
    [
        (PermissionError(13, "Permission denied", "/x"), "/x: Permission denied; check the path and your permissions"),
        (KeyError("k"), "unexpected KeyError: 'k'; this looks like a defect of qgkd: run it again with "
                        "QGKD_TRACEBACK=1 set and report what it prints"),
    ],
)  # fmt: skip
def test_no_traceback(
    error: Exception, printed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("QGKD_TRACEBACK", raising=False)
    monkeypatch.setattr(command_line, "app", raising(error))
    assert main([]) == 1
    assert capsys.readouterr().err == f"qgkd: {printed}\n"
    monkeypatch.setenv("QGKD_TRACEBACK", "1")
    with pytest.raises(type(error)):
        main([])


def test_closed_pipe_is_quiet(tmp_path: Path) -> None:
    """Like `qgkd ... | head -c 0`: the reading end is closed before anything is written."""
    (tmp_path / "a.jsonl").write_text('{"context": "x", "answer": "x"}\n')
    read_end, write_end = os.pipe()
    os.close(read_end)
    code = "import sys; from qgkd.cli import main; sys.exit(main(sys.argv[1:]))"
    finished = subprocess.run(
        [sys.executable, "-c", code, "data", "check", str(tmp_path / "a.jsonl")],
        stdout=write_end,
        stderr=subprocess.PIPE,
    )
    os.close(write_end)
    assert finished.stderr == b""


def test_chinese_goes_out_whole_under_any_locale(tmp_path: Path) -> None:
    path = tmp_path / "燈塔.jsonl"
    path.write_text('{"context": "x", "answer": "燈"}\n{"context": "x", "answer": "x"}\n', "utf-8")
    code = "import sys; from qgkd.cli import main; sys.exit(main(sys.argv[1:]))"
    finished = subprocess.run(
        [sys.executable, "-c", code, "data", "check", str(path)],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert finished.returncode == 1
    assert "燈塔.jsonl: 1 paragraph, 1 question" in finished.stdout.decode("utf-8")
    assert "answer '燈' is nowhere in the context" in finished.stderr.decode("utf-8")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
@pytest.mark.parametrize("arguments", [["--help"], ["data", "check", "a.jsonl"], ["generate", "a.jsonl", "--json"]])
def test_full_disk_behind_stdout_is_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "a.jsonl").write_text('{"context": "燈塔建於1867年。"}\n{"context": "x", "answer": "x"}\n', "utf-8")
    code = "import sys; from qgkd.cli import main; sys.exit(main(sys.argv[1:]))"
    with open("/dev/full", "w") as full:
        finished = subprocess.run(
            [sys.executable, "-c", code, *arguments], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, text=True
        )
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1] == (
        "qgkd: stdout: could not be written: the disk is full; free some space or choose another disk"
    )
    assert "Traceback" not in finished.stderr
