"""Readers: every format to examples and passages; every broken file or record reported in one sentence."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from qgkd.errors import UserError
from qgkd.reading.answer_location import Placement, locate_answer
from qgkd.reading.readers import PassageRow, Problem, read_examples, read_passages

CONTEXT = "燈塔建於1867年，由林文海設計；林文海生於台南。"
RECORD = {
    "id": "h-1",
    "title": "燈塔",
    "context": CONTEXT,
    "answer": "林文海",
    "answer_start": 11,
    "question": "燈塔由誰設計？",
}


def squad(*questions: dict[str, Any], context: str = CONTEXT) -> dict[str, Any]:
    return {"data": [{"title": "燈塔", "paragraphs": [{"id": "1-1", "context": context, "qas": list(questions)}]}]}


def qa(question_id: str, *answers: tuple[str, int]) -> dict[str, Any]:
    listed = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": question_id, "question": "燈塔由誰設計？", "answers": listed}


def written(path: Path, content: object) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
    return path


def as_jsonl(*records: object) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def as_csv(*records: dict[str, Any], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def every_format(folder: Path) -> dict[str, Path]:
    parquet = folder / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([RECORD]), parquet)
    hub = {key: value for key, value in RECORD.items() if not key.startswith("answer")}
    hub["answers"] = {"text": ["林文海", "文海"], "answer_start": [11, 12]}
    hub_parquet = folder / "hub.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([hub]), hub_parquet)
    line = as_jsonl(RECORD)
    return {
        "squad": written(folder / "a.json", squad(qa("h-1", ("林文海", 11), ("燈塔", 0)))),
        "json list": written(folder / "list.json", [RECORD]),
        "json lines called json": written(folder / "lines.json", line + as_jsonl(RECORD)),
        "jsonl": written(folder / "a.jsonl", line),
        "jsonl.gz": written(folder / "a.jsonl.gz", gzip.compress(line.encode(), mtime=0)),
        "jsonl without a name": written(folder / "a", line),
        "csv": written(folder / "a.csv", as_csv(RECORD)),
        "csv with a byte order mark": written(folder / "excel.csv", as_csv(RECORD).encode("utf-8-sig")),
        "csv with semicolons": written(folder / "semicolon.csv", as_csv(RECORD, delimiter=";")),
        "tsv": written(folder / "a.tsv", as_csv(RECORD, delimiter="\t")),
        "csv without a name": written(folder / "table", as_csv(RECORD)),
        "parquet": parquet,
        "the hub's parquet": hub_parquet,
    }


FORMATS = [
    "squad", "json list", "json lines called json", "jsonl", "jsonl.gz", "jsonl without a name", "csv",
    "csv with a byte order mark", "csv with semicolons", "tsv", "csv without a name", "parquet", "the hub's parquet",
]  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_example(tmp_path: Path, name: str) -> None:
    path = every_format(tmp_path)[name]
    report = read_examples(path, limit=1)
    assert (report.repaired, report.first_of_several, report.problems) == (0, 0, [])
    (example,) = report.examples
    assert (example.example_id, example.title, example.context) == ("h-1", "燈塔", CONTEXT)
    assert (example.answer_text, example.answer_start_char, example.question) == ("林文海", 11, "燈塔由誰設計？")
    row = next(read_passages(path))
    assert isinstance(row, PassageRow)
    assert [(answer.text, answer.start_char) for answer in row.answers] == [("林文海", 11)]


def test_alternative_field_names(tmp_path: Path) -> None:
    record = {"context": CONTEXT, "answer_text": "台南", "answer_start_char": "22"}
    (example,) = read_examples(written(tmp_path / "a.jsonl", as_jsonl(record))).examples
    assert (example.answer_text, example.answer_start_char, example.example_id) == ("台南", 22, "line 1")


def test_first_of_several_answers_counts_once(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.json",
        squad(qa("q", ("林文海", 17), ("林文海", 11)), qa("r", ("台南", 22))),
    )
    report = read_examples(path)
    assert [(example.example_id, example.answer_start_char) for example in report.examples] == [("q", 17), ("r", 22)]


def test_wrong_offset_is_repaired_to_the_nearest_occurrence(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", squad(qa("near", ("林文海", 15)), qa("before", ("林文海", -7))))
    report = read_examples(path)
    assert [example.answer_start_char for example in report.examples] == [17, 11]
    assert report.repaired == 2
    assert report.problems == []


def test_answer_that_is_not_in_the_text_is_reported_and_the_rest_kept(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.json",
        squad(qa("bad", ("陳文海", 11)), qa("good", ("台南", 22)), qa("none")),
    )
    report = read_examples(path)
    assert [example.example_id for example in report.examples] == ["good"]
    assert [str(problem) for problem in report.problems] == [
        f"{path}: bad: answer '陳文海' is not at character 11 (found '林文海') nor elsewhere in the context; "
        "was the context edited?",
        f"{path}: none: expected an answer, found none; give its text under 'answer'",
    ]


def test_answer_without_an_offset() -> None:
    assert locate_answer(CONTEXT, "台南", None)[1] is Placement.ONLY_OCCURRENCE
    located, placement = locate_answer(CONTEXT, "林文海", None)
    assert (located.start_char, placement) == (11, Placement.FIRST_OF_SEVERAL)
    assert CONTEXT[located.start_char : located.end_char] == "林文海"
    assert locate_answer("啊啊啊", "啊啊", 9)[0].start_char == 1


@pytest.mark.parametrize(
    ("answer", "context", "located"),
    [
        (" 台南\n", "他住在台南。", "台南"),
        ("3952公尺", "玉山高3,952公尺。", "3,952公尺"),
        ("1，234，567", "共有1234567人。", "1234567"),
        ("台灣", "玉山在臺灣。", "臺灣"),
        ("臺北", "他住在台北。", "台北"),
        ("395", "玉山高3,952公尺。", None),
        ("952", "共3,9525人。", None),
        ("123", "第1,23頁", None),
        ("3.1416", "約3.1,416。", None),
    ],
)
def test_an_answer_that_is_spelled_otherwise(answer: str, context: str, located: str | None) -> None:
    if located is None:
        with pytest.raises(UserError, match="nowhere in the context"):
            locate_answer(context, f" {answer}", None)
        return
    span, placement = locate_answer(context, answer, None)
    assert (span.text, placement) == (located, Placement.REPAIRED)
    span.check(context)


def test_first_of_several_occurrences_is_counted(tmp_path: Path) -> None:
    records = [{"context": CONTEXT, "answer": answer} for answer in ("林文海", "台南")]
    assert read_examples(written(tmp_path / "a.jsonl", as_jsonl(*records))).first_of_several == 1


def test_broken_lines_are_reported_with_their_numbers(tmp_path: Path) -> None:
    good = as_jsonl(RECORD).encode()
    lines = [good, b"\n", b'{"context": \n', b"[1]\n", b'{"context": "caf\xe9"}\n', b'{"context": " "}\n', good.strip()]
    report = read_examples(written(tmp_path / "a.jsonl", b"".join(lines)))
    assert len(report.examples) == 2
    assert [(problem.line_number, problem.row_number) for problem in report.problems] == [
        (3, 2),
        (4, 3),
        (5, 4),
        (6, 5),
    ]
    assert "expected one JSON object, found something else at column" in report.problems[0].reason
    assert "found a list" in report.problems[1].reason
    assert "found byte 0xe9 at position 16" in report.problems[2].reason
    assert str(report.problems[3]).endswith("a.jsonl: line 6: expected a passage under 'context', found none; "
                                            "fill it in or remove the record")  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("context", 5, "expected text under 'context', found 5"),
        ("context", None, "expected a passage under 'context', found none"),
        ("context", "燈\ud800塔", "expected UTF-8 text under 'context'"),
        ("answer", 1867, "expected an answer's text, found 1867; put it in quotes"),
        ("answer", "", "expected an answer, found none"),
        ("answer_start", "eleven", "expected 'answer_start' in whole characters from 0, found 'eleven'"),
        ("answer_start", 1.5, "expected 'answer_start' in whole characters from 0, found 1.5"),
        ("answer_start", True, "expected 'answer_start' in whole characters from 0, found True"),
        ("answers", "林文海", "expected a list under 'answers', found '林文海'"),
        ("answers", {"text": ["林文海"]}, "expected lists 'text' and 'answer_start' of one length"),
        ("question", [], "expected text under 'question'"),
    ],
)
def test_wrong_fields_are_reported(tmp_path: Path, field: str, value: object, message: str) -> None:
    lines = as_jsonl(RECORD) + json.dumps({**RECORD, "id": "bad", field: value}) + "\n"
    report = read_examples(written(tmp_path / "a.jsonl", lines))
    (problem,) = report.problems
    assert (problem.row_id, len(report.examples)) == ("bad", 1)
    assert message in problem.reason
    assert str(problem).startswith(f"{tmp_path / 'a.jsonl'}: line 2: bad: ")


def test_an_unprintable_id_is_reported(tmp_path: Path) -> None:
    lines = as_jsonl(RECORD) + json.dumps({"id": "\udce9", "context": ""}) + "\n"
    (problem,) = read_examples(written(tmp_path / "a.jsonl", lines)).problems
    assert str(problem).encode()


def test_csv_rows_are_reported_with_their_lines(tmp_path: Path) -> None:
    rows = 'id,context,answer\r\na,"燈塔\r\n建成",燈塔\r\nb,燈塔,建成,燈塔\r\n\r\nc,"燈塔"x,燈塔\r\nd,燈塔,\r\n'
    rows += 'e,"燈塔,燈塔\r\n'  # a quote that is never closed
    items = list(read_passages(written(tmp_path / "a.csv", rows)))
    assert [item.line_number for item in items] == [2, 4, 6, 7, 8]
    assert [type(item).__name__ for item in items] == ["PassageRow", "Problem", "Problem", "PassageRow", "Problem"]
    assert items[0].context == "燈塔\r\n建成"
    assert "expected 3 fields (id, context, answer), found 4" in items[1].reason
    assert "broken quoting" in items[2].reason
    assert items[3].answers == ()


def test_csv_with_a_row_that_is_not_utf8(tmp_path: Path) -> None:
    content = "context,answer\n燈塔,燈塔\n".encode() + "燈塔,燈塔\n".encode("big5")
    report = read_examples(written(tmp_path / "a.csv", content))
    assert len(report.examples) == 1
    assert "expected UTF-8" in report.problems[0].reason


def test_csv_with_a_very_long_field(tmp_path: Path) -> None:
    (row,) = read_passages(written(tmp_path / "a.csv", f"context\n{'長' * 300_000}\n"))
    assert len(row.context) == 300_000


def test_passages_with_several_answers_or_none(tmp_path: Path) -> None:
    lines = as_jsonl(
        {"id": "two", "context": CONTEXT, "answers": ["台南", {"text": "林文海", "answer_start": 17}]},
        {"id": 7, "context": CONTEXT},
        {"id": "one bad", "context": CONTEXT, "answers": ["高雄", "台南"]},
        {"id": "all bad", "context": CONTEXT, "answers": ["高雄"]},
    )
    items = list(read_passages(written(tmp_path / "a.jsonl", lines)))
    assert [(type(item).__name__, item.row_id, item.row_number) for item in items] == [
        ("PassageRow", "two", 1),
        ("PassageRow", "7", 2),
        ("Problem", "one bad", 3),
        ("PassageRow", "one bad", 3),
        ("Problem", "all bad", 4),
    ]
    assert [(answer.text, answer.start_char) for answer in items[0].answers] == [("台南", 22), ("林文海", 17)]
    assert items[0].repaired_answers == 0
    assert items[1].answers == ()


def test_paragraph_without_questions_is_a_passage(tmp_path: Path) -> None:
    document = {"data": [{"title": "燈塔", "paragraphs": [{"id": "1-1", "context": CONTEXT}]}]}
    (row,) = read_passages(written(tmp_path / "a.json", document))
    assert (row.row_id, row.title, row.answers) == ("1-1", "燈塔", ())


def test_broken_parts_of_squad_json(tmp_path: Path) -> None:
    document = squad(qa("good", ("台南", 22)))
    document["data"] += [
        5,
        {"paragraphs": 5},
        {"paragraphs": [5, {"id": "p", "context": "x", "qas": [5]}, {"qas": {}}]},
    ]
    report = read_examples(written(tmp_path / "a.json", document))
    assert len(report.examples) == 1
    assert [problem.row_id for problem in report.problems] == [
        "article 2",
        "article 3",
        "article 4, paragraph 1",
        "p, question 1",
        "article 4, paragraph 3",
    ]


def test_plain_text_is_one_passage(tmp_path: Path) -> None:
    (row,) = read_passages(written(tmp_path / "harbour.txt", "\ufeff港口\r\n燈塔\n".encode()))
    assert (row.row_id, row.context, row.answers) == ("harbour", "港口\n燈塔\n", ())


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (CONTEXT, 1),
        ("[註] 燈塔。", 1),
        ("{燈塔}", 1),
        ("\n\n" + as_jsonl(RECORD, RECORD), 2),
        (json.dumps(squad(qa("q", ("台南", 22))), indent=1), 1),
        (json.dumps([RECORD, RECORD], indent=1), 2),
        (as_csv(RECORD, RECORD), 2),
        (gzip.compress(as_jsonl(RECORD).encode(), mtime=0), 1),
    ],
)
def test_stdin_of_any_format(content: str | bytes, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = content if isinstance(content, bytes) else content.encode()
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(encoded)))  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "stdin", stream)
    rows = list(read_passages("-"))
    assert [type(row) for row in rows] == [PassageRow] * count


def test_parquet_on_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([RECORD]), buffer)
    buffer.seek(0)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(buffer)))  # type: ignore[arg-type]
    assert len(list(read_passages("-"))) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "found an empty file"),
        ("a.json", b"", "found an empty file"),
        ("a.parquet", b"", "found an empty file"),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0), "found an empty file"),
        ("a.txt", b" \n", "nothing but white space"),
        ("a.txt", b"\xe9", "expected UTF-8 text, found byte 0xe9 at position 0"),
        ("a.txt", "le café".encode("latin-1"), "found byte 0xe9 at position 6"),
        ("a.txt", "燈塔".encode("utf-16"), "found UTF-16 or binary data"),
        ("a.txt", "ab".encode("utf-16-le"), "found UTF-16 or binary data"),
        ("a.json", b"{", "expected JSON, found something else at line 1, column 2"),
        ("a.json", '{"data": "é"}'.encode("latin-1"), "expected UTF-8 text, found byte 0xe9"),
        ("a.json", b"[" * 200_000, "nested too deeply"),
        ("a.json", b"7", "found a number"),
        ("a.json", b"null", "found null"),
        ("a.json", b"[]", "found an empty list"),
        ("a.json", b'{"version": 1}', "found an object with 'version'"),
        ("a.json", b'{"data": []}', "found an empty list"),
        ("a.json", b'{"data": [5]}', "found none that can be read; the first problem: "),
        ("a.jsonl", b"x", "found none that can be read; the first problem: "),
        ("a.jsonl", "é\n".encode("latin-1"), "found byte 0xe9 at position 0"),
        ("a.csv", b"a", "expected a column named 'context', found 'a'"),
        ("a.csv", "context,é\n".encode("latin-1"), "found none that can be read"),
        ("a.parquet", b"x", "expected Parquet"),
        ("a.jsonl.gz", gzip.compress(as_jsonl(RECORD).encode(), mtime=0)[:40], "the file ends too early"),
        ("a", b"\x00\x01", "found UTF-16 or binary data"),
    ],
)
def test_unreadable_files_are_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = written(tmp_path / name, content)
    for read in (read_examples, lambda file: list(read_passages(file))):
        with pytest.raises(UserError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="found nothing of that name; check the path"):
        read_examples(tmp_path / "absent.json")
    with pytest.raises(UserError, match="expected a file, found a folder"):
        read_examples(tmp_path)
    with pytest.raises(UserError, match="expected a readable file"):
        read_examples(written(tmp_path / "file", "x") / "below")


def test_column_missing_in_parquet(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"text": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match="expected a column named 'context', found 'text'"):
        read_examples(tmp_path / "a.parquet")


def test_compressed_file_cut_short_keeps_what_was_read(tmp_path: Path) -> None:
    lines = as_jsonl(*({**RECORD, "id": f"{number * 7919 % 10_007}"} for number in range(5_000))).encode()
    report = read_examples(written(tmp_path / "a.jsonl.gz", gzip.compress(lines, mtime=0)[:-3000]))
    assert len(report.examples) > 100
    (problem,) = report.problems
    assert isinstance(problem, Problem)
    assert "the file ends too early" in problem.reason


def test_limit_takes_the_first(tmp_path: Path) -> None:
    lines = as_jsonl(*({**RECORD, "id": str(number)} for number in range(5)))
    path = written(tmp_path / "a.jsonl", lines)
    assert [example.example_id for example in read_examples(path, limit=2).examples] == ["0", "1"]
    assert len(read_examples(path, limit=9).examples) == 5
    assert read_examples(path, limit=0).examples == []


@pytest.mark.parametrize(
    ("name", "examples", "repaired"),
    [
        ("drcd/DRCD_dev.json", 3524, 0),
        ("cmrc2018/cmrc2018_train.json", 10142, 21),
        ("cmrc2018/cmrc2018_dev.json", 3219, 3),
        ("cmrc2018/cmrc2018_trial.json", 1002, 5),
        ("qg/drcd_dev.jsonl.gz", 3524, 0),
    ],
)
def test_public_data_sets(shared_folder: Path, name: str, examples: int, repaired: int) -> None:
    report = read_examples(shared_folder / "data" / name)
    assert (len(report.examples), report.repaired, report.problems) == (examples, repaired, [])
