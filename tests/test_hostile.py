"""Hostile input, full disks and killed runs: one sentence, no traceback, no finished question lost."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonl_rows import write_rows
from stub_generator import PASSAGE

from qgkd.cli import main

REPOSITORY = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "import sys; from qgkd.cli import main; sys.exit(main())"]

SLOW_DRIVER = """
import sys
from pathlib import Path

from stub_generator import StubGenerator

from qgkd.quiz.file_run import generate_file
from qgkd.quiz.question_rows import BatchOptions
from qgkd.reading.readers import read_passages

source, output, seconds, *resume = sys.argv[1:]
generate_file(
    StubGenerator(seconds_per_call=float(seconds)),
    read_passages(source),
    Path(output),
    BatchOptions(questions_per_passage=2, rows_per_batch=3),
    resume=bool(resume),
)
"""


def environment() -> dict[str, str]:
    paths = [str(REPOSITORY), str(REPOSITORY / "tests")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def run_command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env=environment(), timeout=60, **options
    )


def answered_rows(count: int) -> list[dict[str, Any]]:
    """Rows with given answers whose types their form shows, so that no dictionary has to be loaded."""
    return [
        {
            "id": f"r{n}",
            "context": f"燈塔建於{1800 + n}年，高{20 + n}公尺。",
            "answers": [f"{1800 + n}年", f"{20 + n}公尺"],
        }
        for n in range(count)
    ]


def assert_one_sentence(error: str, *parts: str) -> None:
    assert "Traceback" not in error
    assert len(error.splitlines()) == 1, error
    for part in parts:
        assert part in error


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "expected text or data, found an empty file; give a file with something in it"),
        (b" \n\t\n", "expected a passage, found nothing but white space"),
        (b"a", "0 of 5 questions: "),
        (b"\xe9", "expected UTF-8 text, found byte 0xe9 at position 0"),
        ("Café à Genève".encode("latin-1"), "expected UTF-8 text, found byte 0xe9 at position 3"),
        (b"\x00\x01\x02\xff" * 64, "expected UTF-8 text, found UTF-16 or binary data"),
        (b"\xef\xbb\xbf\n<!DOCTYPE HTML>\n<p>1867", "expected plain text, found the source of a web page"),
        (b"{\\rtf1\\ansi 1867}", "expected plain text, found the source of RTF"),
    ],
)
@pytest.mark.parametrize("to_file", [False, True])
def test_files_that_are_not_text(
    content: bytes, sentence: str, to_file: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    path.write_bytes(content)
    code = main(["generate", str(path), *(["--output", str(output)] if to_file else [])])
    printed = capsys.readouterr()
    assert code == 1
    assert printed.out == ""
    assert_one_sentence(printed.err.splitlines()[0], str(path), sentence)
    if not output.exists():  # the one-byte file is an ordinary row: reported, counted, skipped
        assert_one_sentence(printed.err)
    assert not (tmp_path / "out.jsonl.partial").exists()


@pytest.mark.parametrize("content", [b"", b"a", b"\xe9\xe8", b"{", b"[]", b"null", b'{"data": []}', b'{"data": 3}'])
@pytest.mark.parametrize("name", ["in.json", "in.jsonl", "in.csv", "in.parquet"])
@pytest.mark.parametrize("command", ["generate", "evaluate"])
def test_files_that_are_not_data(
    command: str, name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert main([command, str(path)] if command == "generate" else [command, "--data", str(path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert_one_sentence(printed.err, str(path))


def test_a_passage_of_100_000_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paragraphs = [
        PASSAGE.replace("1867", str(1000 + n)).replace("林文海", f"林{chr(0x4E00 + n)}海") for n in range(900)
    ]
    text = "\n".join(paragraphs)[:100_000]
    assert len(text) == 100_000
    path = tmp_path / "long.txt"
    path.write_text(text, encoding="utf-8")
    began = time.perf_counter()
    assert main(["generate", str(path), "-n", "12", "--jsonl", "--system", "rule"]) == 0
    assert time.perf_counter() - began < 60
    printed = capsys.readouterr()
    rows = [json.loads(line) for line in printed.out.splitlines()]
    assert printed.err == ""
    assert len({row["question"] for row in rows}) == 12
    for row in rows:
        assert text.startswith(row["answer"], row["answer_start"])
    starts = [row["answer_start"] for row in rows]
    assert starts == sorted(starts)
    assert starts[0] < 20_000
    assert starts[-1] > 80_000  # from all over the text


def test_bad_answers_are_reported_and_the_others_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    context = "長" * 300 + "。" + PASSAGE
    answers = {"q1": "不在文中", "q2": "長" * 300, "q3": "林文海"}
    questions = [
        {"id": key, "question": "？", "answers": [{"text": text, "answer_start": max(context.find(text), 0)}]}
        for key, text in answers.items()
    ]
    path, output = tmp_path / "drcd.json", tmp_path / "out.jsonl"
    data = [{"title": "燈塔", "paragraphs": [{"context": context, "qas": questions}]}]
    path.write_text(json.dumps({"data": data}, ensure_ascii=False), encoding="utf-8")
    assert main(["generate", str(path), "--output", str(output)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert_one_sentence(
        lines[0], f"{path}: q1: answer '不在文中' is not at character 0", "nor elsewhere in the context"
    )
    assert_one_sentence(lines[1], f"{path}: q2: answer '{'長' * 20}'… is 300 characters and words long")
    assert [json.loads(line)["id"] for line in output.read_text(encoding="utf-8").splitlines()] == ["q3"]
    assert len(lines) == 3  # both answers and the summary


def test_an_unwritable_output_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_rows(tmp_path / "in.jsonl", answered_rows(3))
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for output, reason in [
        (tmp_path / "absent" / "out.jsonl", "its folder does not exist"),
        (tmp_path / "file" / "out.jsonl", "part of its path is a file"),
        (tmp_path / "folder", "found a folder or a device"),
        (Path("/dev/full"), "found a folder or a device"),
        (tmp_path / ("x" * 300), "the name is too long"),
    ]:
        for options in ([], ["--force"]):
            assert main(["generate", str(source), "--output", str(output), *options]) == 1
            assert_one_sentence(capsys.readouterr().err, str(output)[:40], reason)
    arguments = ["evaluate", "--data", str(source), "--predictions", str(tmp_path / "absent" / "p.jsonl")]
    write_rows(source, [{**row, "question": "？"} for row in answered_rows(3)])
    assert main(arguments) == 1
    assert_one_sentence(capsys.readouterr().err, "its folder does not exist")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_read_only_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_rows(tmp_path / "in.jsonl", answered_rows(3))
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    assert main(["generate", str(source), "--output", str(folder / "out.jsonl")]) == 1
    assert_one_sentence(capsys.readouterr().err, "writing there is not permitted")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("options", [[], ["--jsonl"], ["--json"]])
def test_a_full_disk_behind_stdout(options: list[str], tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text(PASSAGE, encoding="utf-8")
    with open("/dev/full", "w") as full:
        finished = subprocess.run(
            [*COMMAND, "generate", str(path), *options],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
    assert finished.returncode == 1
    assert_one_sentence(finished.stderr, "stdout: could not be written: the disk is full")


def test_a_full_disk_loses_no_finished_question(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.jsonl", answered_rows(120))
    whole, output = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    assert run_command("generate", str(source), "--output", str(whole), "--batch-size", "4").returncode == 0

    def allow(size: int) -> Any:
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    arguments = ("generate", str(source), "--output", str(output), "--batch-size", "4")
    half = run_command(*arguments, preexec_fn=allow(whole.stat().st_size // 2))
    assert half.returncode == 1
    assert_one_sentence(half.stderr, "out.jsonl.partial: could not be written", "rows are kept: go on with --resume")
    assert not output.exists()
    resumed = run_command(*arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert output.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl", "whole.jsonl"]


def test_a_disk_too_full_for_the_output_keeps_the_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = write_rows(tmp_path / "in.jsonl", answered_rows(9)), tmp_path / "out.jsonl"

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("qgkd.files.atomic.os.replace", lambda *paths: full(0))
        assert main(["generate", str(source), "--output", str(output)]) == 1
    sentence = f"every question is kept in {output}.partial: go on with --resume"
    assert_one_sentence(capsys.readouterr().err, "the disk is full", sentence)
    assert main(["generate", str(source), "--output", str(output), "--resume"]) == 0
    assert len(output.read_text(encoding="utf-8").splitlines()) == 18
    assert not output.with_name("out.jsonl.partial").exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_kill_9_in_the_middle_of_a_batch_loses_and_repeats_nothing(tmp_path: Path) -> None:
    rows = answered_rows(31)
    rows[4]["answers"] = ["不在"]
    source, driver = write_rows(tmp_path / "in.jsonl", rows), tmp_path / "driver.py"
    driver.write_text(SLOW_DRIVER)
    whole, output = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    start = [sys.executable, str(driver), str(source)]
    subprocess.run([*start, str(whole), "0"], check=True, env=environment(), timeout=60)
    partial = tmp_path / "out.jsonl.partial"
    resume: list[str] = []
    for batches in (2, 5):  # killed twice, each time while a later batch is written
        process = subprocess.Popen([*start, str(output), "0.15", *resume], env=environment())
        deadline = time.monotonic() + 60
        while not partial.exists() or partial.read_bytes().count(b'["done"') < batches:
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not output.exists()
        resume = ["resume"]
    with partial.open("ab") as handle:  # and the last write is cut off
        handle.write(b'["question", {"id": "r')
    subprocess.run([*start, str(output), "0", *resume], check=True, env=environment(), timeout=60)
    assert output.read_bytes() == whole.read_bytes()
    found = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [row["row"] for row in found] == [n for n in range(1, 32) for _ in range(2) if n != 5]
    assert not partial.exists()


def test_a_closed_pipe_ends_the_run(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.jsonl", answered_rows(400))
    process = subprocess.Popen(
        [*COMMAND, "generate", str(source), "--batch-size", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["row"] == 1
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 1
    process.stderr.close()
