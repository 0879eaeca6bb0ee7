"""Batches: order kept, bad rows reported and skipped, and a run that was cut off goes on as if it had not been."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stub_generator import StubGenerator, ask_by_offset

from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.quiz.file_run import BatchProgress, BatchSummary, generate_file, partial_path
from qgkd.quiz.question_rows import BatchOptions
from qgkd.reading.readers import Problem, read_passages

CONTEXT = "第{n}座燈塔建於{year}年，由工程師林文海設計，守塔人是陳阿土。"


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def passages(count: int) -> list[dict[str, Any]]:
    """Every third row gives its answer, every seventh is bad."""
    rows: list[dict[str, Any]] = []
    for n in range(count):
        row: dict[str, Any] = {"id": f"p{n}", "context": CONTEXT.format(n=n, year=1800 + n)}
        if n % 3 == 0:
            row["answer"] = "林文海"
        if n % 7 == 6:
            row["answer"] = "不在文中"
        rows.append(row)
    return rows


def run(source: Path, output: Path, generator: StubGenerator | None = None, **options: Any) -> BatchSummary:
    keywords = {key: options.pop(key) for key in ("resume", "force", "settings", "report") if key in options}
    wanted = BatchOptions(**{"questions_per_passage": 2, "rows_per_batch": 4, **options})
    return generate_file(generator or StubGenerator(), read_passages(source), output, wanted, **keywords)


def read_output(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class KilledError(BaseException):
    """Stands for the end of the process."""


def killed_at_call(number: int) -> StubGenerator:
    """A generator that ends the process in the middle of its n-th call."""
    generator = StubGenerator()
    write = generator.generate

    def generate(requests: Any, *, questions_per_answer: int = 1) -> Any:
        if len(generator.calls) + 1 == number:
            raise KilledError
        return write(requests, questions_per_answer=questions_per_answer)

    generator.generate = generate  # type: ignore[method-assign]
    return generator


def test_rows_keep_their_order_and_bad_ones_are_reported(tmp_path: Path) -> None:
    source, output = write_rows(tmp_path / "in.jsonl", passages(20)), tmp_path / "out.jsonl"
    reported: list[Problem | BatchProgress] = []
    summary = run(source, output, report=reported.append)
    rows = read_output(output)
    assert [row["row"] for row in rows] == sorted(row["row"] for row in rows)
    per_row = {n: [row for row in rows if row["row"] == n + 1] for n in range(20)}
    for n, found in per_row.items():
        assert len(found) == (0 if n % 7 == 6 else 1 if n % 3 == 0 else 2)
        context = CONTEXT.format(n=n, year=1800 + n)
        for row in found:
            assert context.startswith(row["answer"], row["answer_start"])
            assert (row["id"], row["system"]) == (f"p{n}", "stub")
    assert list(rows[0]) == [
        "id", "row", "question", "answer", "answer_start", "answer_type", "mean_log_probability", "context_was_cut",
        "system",
    ]  # fmt: skip
    bad = [event for event in reported if isinstance(event, Problem) and not event.is_shortfall]
    assert [problem.row_number for problem in bad] == [7, 14]
    assert bad[0].reason == "answer '不在文中' is nowhere in the context; was the context edited?"
    assert (summary.rows, summary.bad_rows, summary.questions) == (20, 2, len(rows))
    assert not partial_path(output).exists()


@pytest.mark.parametrize("call", [1, 2, 4])
def test_a_run_that_was_cut_off_goes_on_as_if_it_had_not_been(call: int, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.jsonl", passages(20))
    run(source, tmp_path / "whole.jsonl")
    output = tmp_path / "out.jsonl"
    with pytest.raises(KilledError):
        run(source, output, killed_at_call(call))
    assert not output.exists()
    generator = StubGenerator()
    summary = run(source, output, generator, resume=True)
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert len(generator.calls) == 5 - (call - 1)  # nothing done before is done again
    assert (summary.rows, summary.bad_rows) == (20, 2)
    assert not partial_path(output).exists()


def test_a_torn_line_and_an_unfinished_batch_are_cut_off(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.jsonl", passages(20))
    run(source, tmp_path / "whole.jsonl")
    output = tmp_path / "out.jsonl"
    with pytest.raises(KilledError):
        run(source, output, killed_at_call(3))
    whole = partial_path(output).read_bytes()
    for length in range(len(whole) - 400, len(whole), 31):  # wherever the kill tore the file
        partial_path(output).write_bytes(whole[:length])
        run(source, output, resume=True)
        assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
        output.unlink()
    partial_path(output).write_bytes(whole[:10])  # torn in its first line
    run(source, output, resume=True)
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_resume_repeats_the_complaints_of_the_earlier_part(tmp_path: Path) -> None:
    source, output = write_rows(tmp_path / "in.jsonl", passages(20)), tmp_path / "out.jsonl"
    with pytest.raises(KilledError):
        run(source, output, killed_at_call(4))
    reported: list[Problem | BatchProgress] = []
    run(source, output, resume=True, report=reported.append)
    problems = [event for event in reported if isinstance(event, Problem)]
    assert [problem.row_number for problem in problems] == [7, 14]
    assert str(problems[0]).startswith(f"{source}: line 7: p6: ")


def test_resume_refuses_other_options_and_other_input(tmp_path: Path) -> None:
    rows = passages(20)
    source, output = write_rows(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    with pytest.raises(KilledError):
        run(source, output, killed_at_call(3))
    with pytest.raises(UserError, match=r"options\.questions_per_passage 2 then, 3 now\); give the same options"):
        run(source, output, resume=True, questions_per_passage=3)
    with pytest.raises(UserError, match=r"settings\.seed None then, 1 now"):
        run(source, output, resume=True, settings={"seed": 1})
    rows[2]["context"] += "新的一句。"
    with pytest.raises(UserError, match="found other rows among the first 8; give the same input"):
        run(write_rows(source, rows), output, resume=True)
    with pytest.raises(UserError, match="found other rows among the first 8"):
        run(write_rows(source, rows[:3]), output, resume=True)
    assert run(source, output, force=True).rows == 3


def test_rows_added_behind_are_done_when_it_goes_on(tmp_path: Path) -> None:
    source, output = write_rows(tmp_path / "in.jsonl", passages(12)), tmp_path / "out.jsonl"
    with pytest.raises(KilledError):
        run(source, output, killed_at_call(3))
    run(write_rows(source, passages(16)), output, resume=True)
    run(source, tmp_path / "whole.jsonl")
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    source, output = write_rows(tmp_path / "in.jsonl", passages(4)), tmp_path / "out.jsonl"
    output.write_text("old")
    for options in ({}, {"resume": True}):
        with pytest.raises(UserError, match=r"out\.jsonl: expected a new file, found a finished one; give --force"):
            run(source, output, **options)
    assert output.read_text() == "old"
    run(source, output, force=True)
    assert len(read_output(output)) > 3
    output.unlink()
    with pytest.raises(KilledError):
        run(source, output, killed_at_call(1))
    with pytest.raises(UserError, match=r"expected no unfinished run, found one; give --resume .* or --force"):
        run(source, output)
    with pytest.raises(UserError, match="found both"):
        run(source, output, resume=True, force=True)


def test_a_foreign_file_in_the_way_is_not_touched(tmp_path: Path) -> None:
    source, output = write_rows(tmp_path / "in.jsonl", passages(4)), tmp_path / "out.jsonl"
    partial_path(output).write_text("my notes\n")
    with pytest.raises(UserError, match="found another file; move it away"):
        run(source, output, resume=True)
    assert partial_path(output).read_text() == "my notes\n"


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    source, output = write_rows(tmp_path / "in.jsonl", passages(4)), tmp_path / "out.jsonl"
    refusals: list[str] = []

    def run_a_second_time(request: GenerationRequest, rank: int) -> str:
        with pytest.raises(UserError) as caught:
            run(source, output, force=True)
        refusals.append(str(caught.value))
        return ask_by_offset(request, rank)

    run(source, output, StubGenerator(run_a_second_time))
    assert "another process is writing it" in refusals[0]


def test_csv_and_parquet_hold_what_jsonl_holds(tmp_path: Path) -> None:
    import pyarrow.parquet

    rows = [
        *passages(9),
        {"id": "odd", "context": 'He said: "林文海,\r\n陳阿土" 建了燈塔。', "answer": '林文海,\r\n陳阿土"'},
    ]
    source = write_rows(tmp_path / "in.jsonl", rows)
    for name in ("out.jsonl", "out.csv", "out.parquet"):
        run(source, tmp_path / name, with_context=True)
    expected = read_output(tmp_path / "out.jsonl")
    assert expected[-1]["answer"] == rows[-1]["answer"]
    assert expected[-1]["context"] == rows[-1]["context"]
    assert pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pylist() == expected
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfid,row,question")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as handle:
        found = list(csv.DictReader(handle))
    assert found == [{key: "" if value is None else str(value) for key, value in row.items()} for row in expected]


def test_an_input_without_one_good_row_gives_an_empty_output(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.jsonl", [{"id": "a", "context": "。"}])
    for name in ("out.jsonl", "out.csv", "out.parquet"):
        summary = run(source, tmp_path / name)
        assert (summary.questions, summary.bad_rows) == (0, 1)
        assert (tmp_path / name).exists()


def test_odd_fields_spoil_their_row_alone(tmp_path: Path) -> None:
    good = CONTEXT.format(n=1, year=1867)
    lines = [
        json.dumps({"id": "same", "context": good, "answer": None}),
        json.dumps({"id": "same", "context": good, "answer": "林文海", "answer_start": None}),
        '{"id": NaN, "context": NaN}',
        json.dumps({"context": good, "answer": "林文海", "answer_start": float("nan")}),
        "not json",
        json.dumps({"id": "half a pair \ud83d", "context": good, "answer": "林文海"}),
        json.dumps({"id": 7, "context": good, "answers": ["林文海", "不在", "陳阿土"]}),
        "",
        json.dumps({"id": "long", "context": "長" * 300 + good, "answer": "長" * 300}),
        json.dumps({"id": "last", "context": good, "answer": "林文海"}),
    ]
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    reported: list[Problem | BatchProgress] = []
    summary = run(source, output, report=reported.append)
    bad = [event for event in reported if isinstance(event, Problem) and not event.is_shortfall]
    assert [(row["row"], row["id"]) for row in read_output(output)] == [
        (1, "same"), (1, "same"), (2, "same"), (6, "half a pair ?"), (7, "7"), (7, "7"), (9, "last"),
    ]  # fmt: skip
    assert [(problem.row_number, problem.line_number) for problem in bad] == [(3, 3), (4, 4), (5, 5), (7, 7), (8, 9)]
    assert all(problem.reason for problem in bad)
    assert summary.bad_rows == 5


def test_a_passage_with_fewer_questions_than_asked_for_is_reported(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.jsonl", [{"id": "a", "context": "燈塔建於1867年。"}])
    reported: list[Problem | BatchProgress] = []
    summary = run(source, tmp_path / "out.jsonl", questions_per_passage=50, report=reported.append)
    problems = [event for event in reported if isinstance(event, Problem)]
    assert summary.short_rows == 1
    assert summary.bad_rows == 0
    assert any(problem.is_shortfall and " of 50 questions: " in problem.reason for problem in problems)


def test_the_input_is_read_as_it_is_needed(tmp_path: Path) -> None:
    """A file of any number of rows does not have to fit in memory: no more than a batch is read ahead."""
    source = write_rows(tmp_path / "in.jsonl", passages(40))
    read = 0

    def counted() -> Iterator[Any]:
        nonlocal read
        for row in read_passages(source):
            read += 1
            yield row

    ahead: list[int] = []

    def report(event: Problem | BatchProgress) -> None:
        if isinstance(event, BatchProgress):
            ahead.append(read - event.rows)

    generate_file(StubGenerator(), counted(), tmp_path / "out.jsonl", BatchOptions(rows_per_batch=4), report=report)
    assert len(ahead) == 10
    assert max(ahead) <= 4
