"""`qgkd score`, in process: stdout, stderr, exit code."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from qgkd.cli.score import score
from qgkd.errors import UserError

app = typer.Typer()
app.command()(score)

ROWS = [
    {"hyp": "這座燈塔是誰設計的？", "refs": ["這座燈塔是由誰設計的？"], "id": "a"},
    {"hyp": "", "refs": "鹽田的創辦人是誰？", "id": "b"},
    {"hyp": "樹是誰種的", "refs": ["誰種了樹？", "樹是誰種的？"], "id": "c"},
]
KEYS = ["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "avg_score"]


def run(*arguments: str | Path, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def complaint(*arguments: str | Path, stdin: str | bytes | None = None) -> str:
    result = run(*arguments, stdin=stdin)
    assert isinstance(result.exception, UserError), result.output
    assert result.stdout == ""
    sentence = str(result.exception)
    assert "\n" not in sentence
    return sentence


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    path = tmp_path / "predictions.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), encoding="utf-8")
    return path


def test_json_is_one_object_and_nothing_else(predictions: Path) -> None:
    result = run(predictions, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert list(found) == [*KEYS, "mean_of_items", "n", "definition"]
    assert list(found["mean_of_items"]) == KEYS
    assert found["n"] == 3
    assert all(0 <= found[key] <= 1 for key in KEYS)
    assert found["avg_score"] == pytest.approx(sum(found[key] for key in KEYS[:6]) / 6)
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""


def test_the_table_carries_the_definition(predictions: Path) -> None:
    result = run(predictions)
    assert result.exit_code == 0
    for part in [*KEYS, "mean of items", "n 3", "tokens mixed", "exact match", "rouge-score"]:
        assert part in result.stdout


def test_text_files_stdin_and_jsonl_agree(tmp_path: Path) -> None:
    (tmp_path / "hyp.txt").write_bytes("誰種了樹\r\n\r\n樹是誰種的？\r\n".encode())
    (tmp_path / "ref.txt").write_text("\ufeff誰種樹了\n鹽田在哪裡？\n樹是誰種的？", encoding="utf-8")
    hyps, refs = ["誰種了樹", "", "樹是誰種的？"], ["誰種樹了", "鹽田在哪裡？", "樹是誰種的？"]
    jsonl = "\n".join(json.dumps({"hyp": hyp, "refs": ref}) for hyp, ref in zip(hyps, refs, strict=True)) + "\n\n"
    from_text = run(tmp_path / "hyp.txt", tmp_path / "ref.txt", "--json")
    assert json.loads(from_text.stdout)["n"] == 3
    assert from_text.stdout == run("-", "--json", stdin=jsonl).stdout
    assert from_text.stdout == run("-", tmp_path / "ref.txt", "--json", stdin="\n".join(hyps)).stdout


def test_tokenize_option(tmp_path: Path) -> None:
    path = tmp_path / "digits.jsonl"
    path.write_text('{"hyp": "2019年？", "refs": ["2018年？"]}\n', encoding="utf-8")
    mixed, char = (json.loads(run(path, "--json", "--tokenize", kind).stdout) for kind in ("mixed", "char"))
    assert mixed["Bleu_1"] == pytest.approx(2 / 3)
    assert char["Bleu_1"] == pytest.approx(5 / 6)
    assert "tokens char" in char["definition"]
    assert run(path, "--tokenize", "words").exit_code == 2


def test_compare(predictions: Path, tmp_path: Path) -> None:
    better = tmp_path / "better.jsonl"
    hyps = ["這座燈塔是由誰設計的？", "鹽田的創辦人是誰？", "樹是誰種的？"]
    better.write_text("".join(json.dumps({"hyp": hyp}) + "\n" for hyp in hyps), encoding="utf-8")
    found = json.loads(run(predictions, "--compare", better, "--json").stdout)
    comparison = found["comparison"]
    assert list(comparison["difference"]) == KEYS
    assert comparison["difference"]["avg_score"]["difference"] < 0
    assert comparison["other"]["ROUGE_L"] == pytest.approx(1.0)
    own = json.loads(run(predictions, "--json").stdout)
    assert {key: found[key] for key in own} == own
    table = run(predictions, "--compare", better)
    assert table.exit_code == 0
    assert "paired bootstrap" in table.stdout
    assert "95 % interval" in table.stdout


def test_compare_with_itself_is_zero(predictions: Path) -> None:
    difference = json.loads(run(predictions, "--compare", predictions, "--json").stdout)["comparison"]["difference"]
    assert all(value["difference"] == value["low"] == value["high"] == 0 for value in difference.values())


def test_compare_refuses_another_test_set(predictions: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps({"hyp": "誰？", "refs": ["誰呢？"]}) + "\n", encoding="utf-8")
    assert "other.jsonl: line 1: expected the first file's references" in complaint(predictions, "--compare", other)
    other.write_text('{"hyp": "誰？"}\n', encoding="utf-8")
    assert "expected 3 questions as in the first file, found 1" in complaint(predictions, "--compare", other)
    assert "--meteor exact" in complaint(predictions, "--compare", other, "--meteor", "jar")
    assert "- twice" in complaint("-", "--compare", "-", stdin="")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "found none"),
        (b"\n\n", "found none"),
        (b'{"hyp": "a", "refs": ["b"]}\n{"hyp": \n', "line 2: expected one JSON object, found broken JSON"),
        (b"[1]\n", "line 1: expected one JSON object, found list"),
        (b'{"refs": ["b"]}\n', "line 1: expected the question in the field hyp, found only refs"),
        (b'{"hyp": 3, "refs": ["b"]}\n', "line 1: expected the question in the field hyp, found 3"),
        (b'{"hyp": "a"}\n', "line 1: expected references in the field refs, found only hyp"),
        (b'{"hyp": "a", "refs": [1]}\n', "line 1: expected references in the field refs"),
        (b'{"hyp": "a", "refs": []}\n', "line 1: expected references with text"),
        (b'{"hyp": "a", "refs": ["b", " "]}\n', "line 1: expected references with text"),
        (
            b'{"hyp": "a", "refs": ["b"]}\n{"hyp": "\xe9", "refs": ["b"]}\n',
            "line 2: expected UTF-8 text, found the byte 0xe9",
        ),
        (b"\x00", "line 1: expected one JSON object"),
        (b"[" * 100_000, "line 1: expected one JSON object"),
    ],
)
def test_bad_jsonl(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    assert expected in complaint(path)
    assert expected in complaint("-", stdin=content)


def test_bad_text_files(tmp_path: Path) -> None:
    hyp, ref = tmp_path / "hyp.txt", tmp_path / "ref.txt"
    hyp.write_text("甲\n乙\n", encoding="utf-8")
    ref.write_text("甲\n", encoding="utf-8")
    assert "found 2 lines in" in complaint(hyp, ref)
    ref.write_text("甲\n\n", encoding="utf-8")
    assert "line 2: expected a reference question, found an empty line" in complaint(hyp, ref)
    ref.write_bytes("é\nè\n".encode("latin-1"))
    assert "expected UTF-8" in complaint(hyp, ref)
    assert "check the path" in complaint(tmp_path / "none.jsonl")
    assert "check the path" in complaint(tmp_path)
    assert "found - for both" in complaint("-", "-", stdin="")
    hyp.write_text("", encoding="utf-8")
    ref.write_text("", encoding="utf-8")
    assert "empty file" in complaint(hyp, ref)


def test_the_jar_is_asked_for_in_one_sentence_where_it_is_missing(
    predictions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pycocoevalcap.meteor.meteor", None)
    assert "-m pip install '.[meteor-jar]' in the folder of qgkd" in complaint(predictions, "--meteor", "jar")


def test_java_is_asked_for_in_one_sentence_where_it_is_missing(
    predictions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("pycocoevalcap") is None:
        module = type("module", (), {"Meteor": object})
        monkeypatch.setitem(sys.modules, "pycocoevalcap.meteor.meteor", module)
        monkeypatch.setitem(sys.modules, "pycocoevalcap.meteor", type("package", (), {}))
        monkeypatch.setitem(sys.modules, "pycocoevalcap", type("package", (), {}))
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "expected java on the PATH" in complaint(predictions, "--meteor", "jar")
