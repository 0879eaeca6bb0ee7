"""`qgkd generate` and `qgkd answers` read documents, texts in any encoding, several files and folders."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import docx
import pytest
from stub_generator import PASSAGE

from qgkd.cli import main
from qgkd.text.script import to_simplified

RULE = ("--system", "rule", "-n", "2")


def write_word(path: Path, text: str = PASSAGE) -> Path:
    document = docx.Document()
    document.add_paragraph(text)
    document.sections[0].header.paragraphs[0].text = "第一課"
    document.save(str(path))
    return path


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    folder = tmp_path / "lessons"
    folder.mkdir()
    write_word(folder / "b.docx")
    (folder / "a.txt").write_bytes(PASSAGE.encode("big5"))
    (folder / "c.md").write_text(f"# 燈塔\n\n{PASSAGE}\n", encoding="utf-8")
    (folder / "~$b.docx").write_bytes(b"lock")
    return folder


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("command", ["generate", "answers"])
@pytest.mark.parametrize("encoding", ["big5", "gb18030", "utf-16"])
def test_text_in_other_encodings_is_read(
    command: str, encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = to_simplified(PASSAGE) if encoding == "gb18030" else PASSAGE
    path, same = tmp_path / "in.txt", tmp_path / "utf8" / "in.txt"
    same.parent.mkdir()
    path.write_bytes(text.encode(encoding))
    same.write_text(text, encoding="utf-8")
    outputs = []
    for file in (path, same):
        assert main([command, str(file), "--jsonl", *(RULE if command == "generate" else ())]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] != ""


def test_a_document_is_read_and_what_is_left_out_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_word(tmp_path / "lesson.docx")
    assert main(["generate", str(path), *RULE]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("1. ")
    assert printed.err.startswith(f"{path}: ")
    assert len(printed.err.splitlines()) == 1
    assert main(["generate", str(path), "--jsonl", "--with-context", *RULE]) == 0
    assert {(row["id"], row["context"]) for row in json_lines(capsys.readouterr().out)} == {("lesson", PASSAGE.strip())}
    assert main(["answers", str(path), "--json"]) == 0
    assert "林文海" in {answer["text"] for answer in json.loads(capsys.readouterr().out)["answers"]}


@pytest.mark.parametrize("command", ["generate", "answers"])
@pytest.mark.parametrize("suffix", [".docx", ".pdf", ".pptx", ".md"])
def test_documents_without_the_extra(
    command: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"lesson{suffix}"
    path.write_bytes(b"x")
    find = importlib.util.find_spec
    libraries = {"docx", "pptx", "pypdfium2", "markdown_it"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in libraries else find(name))
    assert main([command, str(path)]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"qgkd: {path}: expected the packages that read {suffix}, found ")
    assert printed.endswith(" -m pip install '.[app]' in the folder of qgkd\n")


def test_a_damaged_document_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lesson.docx"
    path.write_bytes(b"PK\x03\x04no")
    assert main(["generate", str(path)]) == 1
    assert f"{path}: the file is damaged" in capsys.readouterr().err


def test_a_folder_and_a_file_in_order(lessons: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, output = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    rows.write_text("".join(json.dumps({"id": n, "context": PASSAGE}) + "\n" for n in range(2)))
    assert main(["generate", str(rows), str(lessons), "--output", str(output), *RULE]) == 0
    found = json_lines(output.read_text("utf-8"))
    assert [(row["row"], row["id"]) for row in found[::2]] == [
        (1, "0"), (2, "1"), (3, "a.txt"), (4, "b.docx"), (5, "c.md"),
    ]  # fmt: skip
    capsys.readouterr()
    assert main(["generate", str(lessons), *RULE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.endswith((".txt", ".docx", ".md"))] == ["a.txt", "b.docx", "c.md"]
    assert main(["generate", str(lessons), "--export", str(tmp_path / "quiz.csv"), *RULE]) == 0
    assert "6 questions" in capsys.readouterr().err
    assert main(["answers", str(lessons), "--json", "--limit", "2"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert [(Path(each["file"]).name, each["count"]) for each in files] == [("a.txt", 2), ("b.docx", 2), ("c.md", 2)]


@pytest.mark.parametrize("command", ["generate", "answers"])
def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    command: str, lessons: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (lessons / "b.docx").write_bytes(b"PK\x03\x04no")
    assert main([command, str(lessons), "--jsonl", *(RULE if command == "generate" else ())]) == 1
    printed = capsys.readouterr()
    names = [Path(row["id"] if command == "generate" else row["file"]).name for row in json_lines(printed.out)]
    assert list(dict.fromkeys(names)) == ["a.txt", "c.md"]
    assert f"{lessons / 'b.docx'}: the file is damaged" in printed.err


def test_what_cannot_be_combined(lessons: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "-", str(lessons)]) == 2
    assert main(["generate", str(lessons), str(tmp_path / "absent.txt")]) == 1
    assert "absent.txt: expected a file, found nothing of that name" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["generate", str(tmp_path / "empty")]) == 1
    assert "expected a folder with .docx .md .pdf .pptx .txt files, found none" in capsys.readouterr().err


def test_a_resumed_run_names_the_file_of_an_earlier_problem(
    lessons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (lessons / "a.txt").write_bytes(b"")
    arguments = ["generate", str(lessons), "--output", str(tmp_path / "out.jsonl"), "--batch-size", "1", *RULE]

    def interrupted(*_given: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("qgkd.quiz.file_run.write_output", interrupted)
        assert main(arguments) == 130
    first = capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 1
    line = next(line for line in first.splitlines() if line.startswith(f"{lessons / 'a.txt'}: "))
    assert line in capsys.readouterr().err
