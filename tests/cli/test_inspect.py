"""`qgkd inspect`: the answer where it is meant, what is read and what is cut, every cell of a row."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import typer
from rich.console import Console
from tiny_model import PASSAGES, save_tiny_checkpoint

from qgkd.checkpoints.character_tokenizer import character_tokenizer
from qgkd.cli.inspect import inspect
from qgkd.cli.show_inspection import Display, legend, show_inspection
from qgkd.errors import UserError
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.inspection import Inspection, Kind, inspect_example
from qgkd.model_input.tokens import tokenize
from qgkd.reading.examples import QGExample

TEXT = "燈塔由林文海設計。林文海是職員。"
EXAMPLE = QGExample(
    example_id="h-1", title="燈塔", context=TEXT, answer_text="林文海", answer_start_char=9, question="誰是職員？"
)


def inspected(example: QGExample = EXAMPLE, **shape: object) -> Inspection:
    return inspect_example(character_tokenizer([example.context, example.question]), InputFormat(**shape), example)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [
        {"id": "h-1", "title": "燈塔", "context": TEXT, "answer": "林文海", "answer_start": 9, "question": "誰？"},
        {"id": "h-2", "context": "".join(PASSAGES) * 10, "answer": "三百人", "question": "多少人？"},
        {"id": "h-3", "context": "港口", "answer": "港"},
    ]
    path = tmp_path / "examples.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    """The command alone; `qgkd.cli` wires it in."""
    app = typer.Typer()
    app.command()(inspect)
    return int(app([str(argument) for argument in arguments], standalone_mode=False) or 0)


@pytest.mark.parametrize("text", [TEXT, "New York 在 1,234.5 Café 한국 👩\u200d🚀 ＮＥＷ", "[MASK]##港"])
def test_the_character_tokenizer_knows_every_character(text: str) -> None:
    tokenizer = character_tokenizer([text])
    assert tokenizer.is_fast
    assert tokenizer.unk_token_id not in tokenize(tokenizer, text).ids
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3, 4]) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def test_cells_of_a_packed_row() -> None:
    (row,) = inspected().rows
    assert "".join(cell.token for cell in row if cell.kind is Kind.OCCURRENCE) == "林文海"
    assert [cell.position for cell in row if cell.kind is Kind.OCCURRENCE] == [10, 11, 12]
    assert [cell.token_type for cell in row if cell.kind is Kind.OCCURRENCE] == [1, 1, 1]
    assert [cell.token for cell in row if cell.kind is Kind.ANSWER] == ["林", "文", "海", "[SEP]"]
    assert [cell.token for cell in row if cell.kind is Kind.TARGET] == [*"誰是職員？", "[SEP]"]
    assert [cell.label for cell in row if cell.kind is Kind.MASK] == [*"誰是職員？", "[SEP]"]
    assert all(cell.label is None for cell in row if cell.kind is not Kind.MASK)


def test_layouts_differ_in_what_the_model_is_reported() -> None:
    assert inspected(layout="shared").answer_positions == (10, 11, 12, 18)
    assert inspected(layout="marked").answer_positions == (18, 19, 20, 21)
    (plain,) = inspected(layout="plain").rows
    assert {cell.token_type for cell in plain if cell.kind is Kind.OCCURRENCE} == {0}


def test_recurrent_rows_have_one_mask_each() -> None:
    rows = inspected(attention="recurrent").rows
    assert len(rows) == 6
    for step, row in enumerate(rows, start=1):
        assert [cell.kind for cell in row[-step:]] == [*[Kind.TARGET] * (step - 1), Kind.MASK]
        assert row[-1].label == [*"誰是職員？", "[SEP]"][step - 1]


@pytest.mark.parametrize("attention", ["prefix", "recurrent"])
def test_without_a_question_there_is_the_source(attention: str) -> None:
    example = QGExample(example_id="x", context="港口", answer_text="港", answer_start_char=0)
    (row,) = inspected(example, attention=attention).rows
    assert [cell.token for cell in row if cell.kind is Kind.ANSWER] == ["港", "[SEP]"]
    assert all(cell.label is None for cell in row)


def test_what_is_cut_is_reported() -> None:
    text = "".join(PASSAGES) * 10
    at = text.index("三百人", 400)
    example = QGExample(example_id="x", context=text, answer_text="三百人", answer_start_char=at)
    found = inspected(example, max_context_tokens=60)
    assert found.window_tokens <= 60 < found.passage_tokens
    assert found.window_start_char <= at
    assert found.window_end_char >= at + 3
    assert text[found.window_end_char - 1] in "。！"
    shown = show_inspection(found, Display(rows=False, positions=False, answer_positions=False), Console(file=None))
    assert "【三百人】" in shown
    assert "⟦" in shown
    assert f"{found.window_start_char:,} characters before" in shown
    long = QGExample(example_id="x", context="港口。", answer_text="港口", answer_start_char=0, question="港" * 60)
    assert inspected(long).question_was_cut


def test_plain_output_lines_up(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(file, "--id", "h-1", "--rows", "--positions", "--layout", "shared")
    printed = capsys.readouterr()
    assert "every character is taken for a token" in printed.err
    lines = printed.out.splitlines()
    assert "\x1b" not in printed.out
    assert lines[0].startswith("attention prefix, layout shared")
    assert "passage   燈塔由林文海設計。【林文海】是職員。" in lines
    assert "answer    林文海  (characters 9-12, occurrence 2 of 2)" in lines
    at = lines.index("answer    林 文 海 [SEP]")
    assert lines[at + 1 : at + 3] == ["type      1  1  1  1", "position  10 11 12 18"]
    at = next(n for n, line in enumerate(lines) if line.startswith("mask"))
    assert lines[at : at + 4] == [
        "mask      [MASK] [MASK] [MASK]",
        "label     誰     ？     [SEP]",
        "type      0      0      0",
        "position  19     20     21",
    ]


def test_colours_on_a_terminal() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=40, color_system="standard", soft_wrap=True)
    display = Display(rows=True, positions=True, answer_positions=False)
    shown = show_inspection(inspected(), display, console)
    assert "\x1b[35m[MASK]" in shown
    assert "【" not in shown
    console.print(legend())
    plain = Console(file=io.StringIO(), width=200)
    plain.print(legend())
    assert "answer segment · target · [MASK] over its label" in plain.file.getvalue()


def test_json_is_one_object(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(file, "--json", "--rows", "--limit", 2)
    found = json.loads(capsys.readouterr().out)
    assert [example["example_id"] for example in found["examples"]] == ["h-1", "h-2"]
    first, second = found["examples"]
    assert first["rows"][0][0] == {
        "token": "[CLS]",
        "kind": "passage",
        "token_type": 0,
        "position": 0,
        "label": None,
    }
    assert first["window"] == TEXT
    assert second["window_tokens"] < second["passage_tokens"]
    assert second["window"] in "".join(PASSAGES) * 10
    assert found["problems"] == []
    run(file, "--json", "--limit", 1)
    assert "rows" not in json.loads(capsys.readouterr().out)["examples"][0]


def test_a_models_own_tokenizer_and_format(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = save_tiny_checkpoint(tmp_path / "tiny", attention="prefix", layout="shared")
    capsys.readouterr()
    run(file, "--model", folder, "--id", "h-2", "--json")
    printed = capsys.readouterr()
    assert printed.err == ""
    found = json.loads(printed.out)
    assert found["format"]["layout"] == "shared"
    assert found["format"]["max_total_tokens"] == 160
    run(file, "--tokenizer", folder, "--id", "h-2", "--json")
    assert json.loads(capsys.readouterr().out)["format"]["layout"] == "marked"
    with pytest.raises(UserError, match="trained with layout"):
        run(file, "--model", folder, "--layout", "marked")


def test_mistakes_are_reported(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="found none among 3"):
        run(file, "--id", "nowhere")
    with pytest.raises(UserError, match="expected a folder with a tokenizer"):
        run(file, "--tokenizer", tmp_path / "nothing")
    with pytest.raises(UserError, match=r"found none that loads|expected a tokenizer"):
        run(file, "--tokenizer", tmp_path)
    with pytest.raises(UserError, match="--layout"):
        run(file, "--layout", "round")
    too_long = {"id": "t", "context": "港" * 400, "answer": "港" * 300, "question": "誰？"}
    (tmp_path / "long.jsonl").write_text(json.dumps(too_long) + "\n", encoding="utf-8")
    capsys.readouterr()
    assert run(tmp_path / "long.jsonl", "--json") == 1
    printed = capsys.readouterr()
    assert "t: expected an answer of at most 64 tokens, found 300" in printed.err
    assert json.loads(printed.out)["examples"] == []


def test_a_hundred_thousand_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(PASSAGES) * 600
    row = {"id": "x", "context": text, "answer": text[-4:-1], "answer_start": len(text) - 4, "question": "誰？"}
    (tmp_path / "long.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    run(tmp_path / "long.jsonl")
    shown = capsys.readouterr().out
    assert len(shown) < 2_000
    assert "0 after are cut" in shown
