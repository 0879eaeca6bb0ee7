"""`qgkd generate` as a user meets it: a quiz to read, rows to process, files to keep."""

from __future__ import annotations

import importlib
import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from stub_generator import PASSAGE, StubGenerator

from qgkd.cli import main
from qgkd.text.script import to_simplified


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "lighthouse.txt"
    path.write_text(PASSAGE, encoding="utf-8")
    return path


@pytest.fixture
def rows_file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    rows = [
        {"id": "a", "context": PASSAGE},
        {"id": "b", "context": PASSAGE, "answer": "林文海"},
        {"id": "c", "context": PASSAGE, "answer": "王小明"},
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def give_stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(text.encode())), encoding="utf-8"))


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_text_file_gives_a_quiz_to_read(text_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(text_file), "-n", "6"]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert len(lines) == 18
    assert [line[:3] for line in lines[::3]] == [f"{n}. " for n in range(1, 7)]
    for question, answer, source in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        assert question.endswith("？")
        assert answer.startswith("   答：")
        bare = answer.removeprefix("   答：")
        assert f"【{bare}】" in source
        assert source.removeprefix("   文：").replace(f"【{bare}】", bare) in PASSAGE
    assert printed.err == ""


def test_simplified_text_gets_simplified_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "simplified.txt"
    path.write_text(to_simplified(PASSAGE), encoding="utf-8")
    assert main(["generate", str(path), "-n", "6"]) == 0
    out = capsys.readouterr().out
    assert out == to_simplified(out)
    assert "哪" in out


def test_stdin_is_text_or_rows_by_its_first_line(
    rows_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give_stdin(monkeypatch, PASSAGE)
    assert main(["generate", "-", "-n", "2"]) == 0
    assert capsys.readouterr().out.startswith("1. ")
    give_stdin(monkeypatch, rows_file.read_text(encoding="utf-8"))
    assert main(["generate", "-", "-n", "2"]) == 1
    printed = capsys.readouterr()
    assert [row["row"] for row in json_lines(printed.out)] == [1, 1, 2]
    assert printed.err == ("-: line 3: c: answer '王小明' is nowhere in the context; was the context edited?\n")


def test_json_is_one_object(text_file: Path, rows_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(text_file), "-n", "3", "--json", "--system", "rule"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["system"], len(report["questions"]), report["bad_rows"]) == ("rule", 3, [])
    assert main(["generate", str(rows_file), "-n", "3", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in report["questions"]] == ["a", "a", "a", "b"]
    assert [row["row"] for row in report["bad_rows"]] == [3]


def test_jsonl_for_one_passage(text_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(text_file), "-n", "3", "--jsonl", "--with-context"]) == 0
    rows = json_lines(capsys.readouterr().out)
    assert [row["id"] for row in rows] == ["lighthouse"] * 3
    assert all(row["context"] == PASSAGE for row in rows)


def test_a_file_is_written_and_summed_up(rows_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out.csv"
    assert main(["generate", str(rows_file), "--output", str(output), "-n", "2", "--json"]) == 1
    printed = capsys.readouterr()
    summary = json.loads(printed.out)
    assert (summary["rows"], summary["questions"], summary["bad_rows"]) == (3, 3, 1)
    assert f"{rows_file}: line 3: c: answer '王小明' is nowhere in the context" in printed.err
    assert f"{output}: 3 questions from 3 rows in " in printed.err
    assert len(output.read_text(encoding="utf-8-sig").splitlines()) == 4
    assert main(["generate", str(rows_file), "--output", str(output)]) == 1
    assert "expected a new file, found a finished one; give --force" in capsys.readouterr().err


def test_drcd_json_has_its_answers_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = PASSAGE.index("交通部")
    answers = [{"id": "1", "text": "交通部", "answer_start": start}]
    question = {"id": "1-1-1", "question": "燈塔由誰管理？", "answers": answers * 2}
    paragraphs = [{"id": "1-1", "context": PASSAGE, "qas": [question]}]
    path = tmp_path / "drcd.json"
    path.write_text(json.dumps({"data": [{"title": "燈塔", "paragraphs": paragraphs}]}), encoding="utf-8")
    assert main(["generate", str(path)]) == 0
    rows = json_lines(capsys.readouterr().out)
    assert [(row["id"], row["answer"], row["answer_start"]) for row in rows] == [("1-1-1", "交通部", start)]
    assert rows[0]["answer_type"] == "organisation"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--resume"], "--resume and --force need --output"),
        (["--json", "--jsonl"], "give --json or --jsonl, not both"),
        (["-n", "0"], "--number"),
        (["--batch-size", "x"], "--batch-size"),
    ],
)
def test_wrong_usage_is_code_2(
    arguments: list[str], sentence: str, text_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", str(text_file), *arguments]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--system", "rule", "--num-beams", "4"], "--num-beams is for models"),
        (["--system", "rule", "--model", "x"], "--model is for models"),
        (["--system", "oracle"], "--system: expected 'rule' or 'model', found 'oracle'"),
        (["--model", "./absent", "--num-beams", "0"], "num_beams must be at least 1"),
        (["--model", "./absent"], "absent"),
        (["--output", "-"], "leave --output out and give --jsonl"),
    ],
)
def test_a_users_mistake_is_one_sentence(
    arguments: list[str], sentence: str, text_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", str(text_file), *arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert sentence in printed.err
    assert len(printed.err.splitlines()) == 1


def test_sampling_options_imply_sampling(text_file: Path) -> None:
    from qgkd.cli.generator_options import SystemChoice

    assert not SystemChoice(model="m").search_settings()["sample"]
    assert "num_beams" not in SystemChoice(model="m").search_settings()
    assert SystemChoice(model="m", search={"top_k": 5}).search_settings()["sample"]
    assert SystemChoice(model="m", search={"top_p": 0.9, "seed": 3}).search_settings()["seed"] == 3
    assert SystemChoice(model="m", search={"temperature": 0.7}).settings()["temperature"] == 0.7


def test_ctrl_c_says_how_to_go_on(
    rows_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = StubGenerator()

    def interrupted_at_second_batch(requests: Any, *, questions_per_answer: int = 1) -> Any:
        if len(generator.calls) == 1:
            raise KeyboardInterrupt
        return StubGenerator.generate(generator, requests, questions_per_answer=questions_per_answer)

    generator.generate = interrupted_at_second_batch  # type: ignore[method-assign]
    monkeypatch.setattr("qgkd.cli.generator_options.SystemChoice.load", lambda choice: generator)
    output = tmp_path / "out.jsonl"
    arguments = ["generate", str(rows_file), "--output", str(output), "-n", "2", "--batch-size", "1"]
    assert main(arguments) == 130
    printed = capsys.readouterr().err
    assert f"qgkd: interrupted: 1 rows are kept in {output}.partial; give --resume to go on" in printed
    monkeypatch.setattr("qgkd.cli.generator_options.SystemChoice.load", lambda choice: StubGenerator())
    assert main([*arguments, "--resume"]) == 1
    assert [row["row"] for row in json_lines(output.read_text(encoding="utf-8"))] == [1, 1, 2]


def test_a_model_writes_what_it_says_and_goes_on_as_it_began(
    rows_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tiny_model import tiny_checkpoint

    from qgkd.checkpoints.record import save_record

    folder = tmp_path / "tiny"
    checkpoint = tiny_checkpoint(folder)
    checkpoint.model.save_pretrained(folder)
    checkpoint.tokenizer.save_pretrained(folder)
    save_record(folder, checkpoint.input_format)
    output = tmp_path / "out.jsonl"
    arguments = ["generate", str(rows_file), "--model", str(folder), "-n", "2", "--batch-size", "1", "--top-k", "5"]
    assert main([*arguments, "--output", str(tmp_path / "whole.jsonl")]) == 1
    with monkeypatch.context() as patch:
        generate = importlib.import_module("qgkd.quiz.file_run").generate_batches
        patch.setattr("qgkd.quiz.file_run.generate_batches", lambda *given: itertools.islice(generate(*given), 1))
        patch.setattr("qgkd.quiz.file_run.write_output", lambda *given, **keywords: interrupt())
        assert main([*arguments, "--output", str(output)]) == 130
    assert main([*arguments, "--output", str(output), "--resume", "--seed", "4"]) == 1
    assert "settings.seed 0 then, 4 now" in capsys.readouterr().err
    (folder / "config.json").touch()
    assert main([*arguments, "--output", str(output), "--resume"]) == 1
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    rows = json_lines(output.read_text(encoding="utf-8"))
    assert [row["row"] for row in rows] == [1, 1, 2]
    assert all(row["system"] == "tiny" and row["mean_log_probability"] < 0 for row in rows)


def interrupt() -> None:
    raise KeyboardInterrupt


def test_wrong_offsets_are_repaired_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"context": "燈塔建於1867年。", "answer": "1867年"}
    path, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text("".join(json.dumps({**row, "answer_start": start}) + "\n" for start in (4, 3, 0)))
    assert main(["generate", str(path), "--output", str(output), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["repaired_offsets"] == 2
    assert "wrong offsets repaired: 2" in printed.err
    assert [json.loads(line)["answer_start"] for line in output.read_text("utf-8").splitlines()] == [4, 4, 4]


def test_a_text_without_full_stops_is_not_shown_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.txt"
    path.write_text("很長很長，" * 600 + "燈塔建於1867年，" + "很長很長，" * 600, encoding="utf-8")
    assert main(["generate", str(path), "-n", "1"]) == 0
    source = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("   文："))
    assert "【1867年】" in source
    assert len(source) < 250
    assert source.count("…") == 2


def test_the_packaged_model_is_the_default() -> None:
    from qgkd.cli.generator_options import SystemChoice

    choice = SystemChoice()
    assert choice.resolved_system == "model"
    assert choice.settings()["model_sha256"]
    assert SystemChoice(search={"top_k": 3}).search_settings()["sample"]
    assert SystemChoice(system="rule").settings() == {}


def test_waiting_threads_sleep(text_file: Path) -> None:
    """What says so is read when torch is loaded, so it has to be there before; a user's own choice stays."""
    code = (
        "import os, sys\n"
        "sys.addaudithook(lambda event, given: event == 'import' and given[0] == 'torch'"
        " and print(os.environ.get('OMP_WAIT_POLICY'), file=sys.stderr))\n"
        "from qgkd.cli import main\n"
        "main(['generate', sys.argv[1], '-n', '1'])\n"
    )
    for own, printed in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
        environment |= {"OMP_WAIT_POLICY": own} if own else {}
        command = [sys.executable, "-c", code, str(text_file)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=True)
        assert set(run.stderr.split()) == {printed}
