"""Questions are written about the sentences of a passage; their answers are told where the passage has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qgkd.cli import main
from qgkd.quiz.make import make_quiz
from qgkd.quiz.outcome import ShortfallCode, nothing_to_ask_sentence
from qgkd.rule import RuleGenerator
from qgkd.text.cleaning.kinds import Kind

LESSON = (
    "第三課　燈塔\n作者：周守仁\n\n"
    "白沙灣的燈塔在 1867 年點亮，由工程師林文海負責設計，當天有三\n十艘漁船入港。\n- 12 -\n"
)


def test_rows_count_in_the_passage_as_it_came(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lesson.txt"
    path.write_text(LESSON, encoding="utf-8")
    assert main(["generate", str(path), "--system", "rule", "-n", "6", "--jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any(row["answer"] == "1867年" for row in rows)
    for row in rows:
        original = LESSON[row["answer_start"] :].replace(" ", "").replace("\n", "")
        assert original.startswith(row["answer"])
        assert not any(frame in row["question"] for frame in ("周守仁", "第三課", " ", "\n", "12"))


def test_an_answer_of_a_row_comes_back_as_the_row_has_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"context": LESSON, "answer": "1867 年", "answer_start": LESSON.index("1867")}
    path, output = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    path.write_text(json.dumps(given) + "\n", encoding="utf-8")
    assert main(["generate", str(path), "--system", "rule", "--output", str(output)]) == 0
    (row,) = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert (row["answer"], row["answer_start"]) == (given["answer"], given["answer_start"])
    assert "1867" not in row["question"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("目次\n第一章 海港………3\n第二章 燈塔………17", Kind.CONTENTS),
        ("海上生明月，天涯共此時。\n情人怨遙夜，竟夕起相思。", Kind.VERSE),
        ("The lighthouse was built in 1867. It is 31 metres high.", Kind.FOREIGN),
    ],
)
def test_nothing_to_ask_is_said_and_nothing_written(text: str, kind: Kind) -> None:
    quiz = make_quiz(RuleGenerator(), text, count=4)
    assert quiz.items == ()
    assert quiz.shortfall is not None
    assert quiz.shortfall.code is ShortfallCode.NOTHING_TO_ASK
    assert nothing_to_ask_sentence(kind) in str(quiz.shortfall)


def test_answers_are_shown_where_the_text_has_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lesson.txt"
    path.write_text(LESSON, encoding="utf-8")
    assert main(["answers", str(path), "--json"]) == 0
    answers = json.loads(capsys.readouterr().out)["answers"]
    year = next(answer for answer in answers if answer["text"] == "1867年")
    assert LESSON[year["start_char"] : year["end_char"]] == "1867 年"
    assert not any(answer["text"] == "周守仁" for answer in answers)
