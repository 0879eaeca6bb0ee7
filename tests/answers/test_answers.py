from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from qgkd.answer import AnswerType
from qgkd.answers.propose import propose_answers
from qgkd.cli.answers import answers

TRADITIONAL = (
    "燈塔建於1867年，由工程師林文海設計。此後，它的光照亮了海港，每年約有三萬艘船隻經過。"
    "因為船隻常常觸礁，居民籌集了12.5萬元建造燈塔。林文海畢業於愛丁堡大學，著有《海岸工程》一書。"
    "NASA 在2019年用 iPhone 12 拍下了燈塔的照片。"
)
SIMPLIFIED = (
    "灯塔建于1867年，由工程师林文海设计。此后，它的光照亮了海港，每年约有三万艘船只经过。"
    "因为船只常常触礁，居民筹集了12.5万元建造灯塔。林文海毕业于爱丁堡大学，著有《海岸工程》一书。"
    "NASA 在2019年用 iPhone 12 拍下了灯塔的照片。"
)
RUNNER = CliRunner()
APP = typer.Typer()
APP.command()(answers)


@pytest.mark.parametrize("context", [TRADITIONAL, SIMPLIFIED, TRADITIONAL * 3])
def test_offsets_are_exact_and_nothing_overlaps(context: str) -> None:
    spans = propose_answers(context)
    assert spans
    covered: set[int] = set()
    for span in spans:
        assert context[span.start_char : span.end_char] == span.text
        characters = set(range(span.start_char, span.end_char))
        assert not covered & characters
        covered |= characters
    assert len({span.text for span in spans}) == len(spans)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (
            TRADITIONAL,
            {
                "1867年": AnswerType.DATE,
                "林文海": AnswerType.PERSON,
                "12.5萬元": AnswerType.NUMBER,
                "愛丁堡大學": AnswerType.ORGANISATION,
                "《海岸工程》": AnswerType.WORK,
                "船隻常常觸礁": AnswerType.CLAUSE,
                "NASA": AnswerType.TERM,
                "iPhone 12": AnswerType.TERM,
            },
        ),
        (SIMPLIFIED, {"1867年": AnswerType.DATE, "林文海": AnswerType.PERSON, "《海岸工程》": AnswerType.WORK}),
    ],
)
def test_finds_answers_of_every_type(context: str, expected: dict[str, AnswerType]) -> None:
    found = {span.text: span.type for span in propose_answers(context)}
    assert {text: found.get(text) for text in expected} == expected


def test_limit_takes_the_best_and_spreads_them() -> None:
    spans = propose_answers(TRADITIONAL, limit=4)
    assert len(spans) == 4
    sentences = [TRADITIONAL.count("。", 0, span.start_char) for span in spans]
    assert len(set(sentences)) == 4
    assert propose_answers(TRADITIONAL, limit=100) == propose_answers(TRADITIONAL)


def test_the_topic_of_the_first_sentence_is_not_the_best_answer() -> None:
    assert "燈塔" not in [span.text for span in propose_answers(TRADITIONAL, limit=5)]


def test_long_text_is_covered_to_its_end_within_seconds() -> None:
    paragraph = "第{0}座燈塔建於{1}年，由工程師林文海設計。它位於第{0}號港口，高{2}公尺。\n"
    context = "".join(paragraph.format(n, 1500 + n, 10 + n) for n in range(2500))
    assert len(context) > 90_000
    started = time.process_time()
    spans = propose_answers(context, limit=10)
    assert time.process_time() - started < 60  # a quadratic step would take hours
    assert len(spans) == 10
    tenths = {span.start_char * 10 // len(context) for span in spans}
    assert len(tenths) >= 8


@pytest.mark.parametrize("context", ["", "  \n ", "，。！？", "😀😀"])
def test_texts_without_answers(context: str) -> None:
    assert propose_answers(context) == []


@pytest.mark.parametrize(
    "context", ["The lighthouse was built in 1867 by NASA.", "燈塔 建於 1867年 " * 300, "a" * 5000]
)
def test_unusual_texts_do_not_fail(context: str) -> None:
    for span in propose_answers(context):
        assert context[span.start_char : span.end_char] == span.text


def _rank_of(text: str, context: str) -> int:
    texts = [span.text for span in propose_answers(context)]
    return texts.index(text) if text in texts else len(texts)


def test_a_whole_enumeration_is_proposed_before_its_members() -> None:
    context = "北山座落在南投縣、嘉義縣和高雄市的交界處。"
    texts = [span.text for span in propose_answers(context)]
    assert "南投縣、嘉義縣和高雄市" in texts
    assert "南投縣" not in texts


@pytest.mark.parametrize(
    ("better", "worse", "context"),
    [
        ("南投縣", "嘉義縣", "燈塔位於南投縣。其中一座位於嘉義縣。"),
        ("林文海", "陳婉如", "燈塔由工程師林文海設計（助手陳婉如）。"),
        ("1867年", "28米", "灯塔建于1867年，由林文海设计。\n| 灯塔 | 28米 |\n"),
        ("1867年", "1998年", "灯塔建于1867年，由林文海设计[1]。\n^ 《航标志》，1998年，第45页。\n"),
    ],
)
def test_the_position_of_an_answer_matters(better: str, worse: str, context: str) -> None:
    assert _rank_of(better, context) < _rank_of(worse, context)


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ("人們第一次看到了病毒。", "第一次"),
        ("書中有《晉書·謝安傳》一篇。", "書·謝安傳"),
        ("公司在1980年代末期成立。", "1980年"),
        ("今天大氣中約有21%是氧氣。", "大氣中約"),
        ("玉山北峰設有一座氣象站。", "玉山北"),
        ("為了這場典禮而建造的湖心亭很美。", "這場典禮而建造的"),
    ],
)
def test_fragments_and_filler_words_are_not_proposed(context: str, text: str) -> None:
    assert text not in [span.text for span in propose_answers(context)]


def test_same_text_gives_same_answers() -> None:
    assert propose_answers(TRADITIONAL) == propose_answers(TRADITIONAL)


def test_command_prints_one_json_object(tmp_path: Path) -> None:
    file = tmp_path / "passage.txt"
    file.write_text(TRADITIONAL, encoding="utf-8")
    result = RUNNER.invoke(APP, [str(file), "--json", "--limit", "3"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["count"] == 3
    for record in found["answers"]:
        assert TRADITIONAL[record["start_char"] : record["end_char"]] == record["text"]


def test_command_reads_stdin_and_prints_lines() -> None:
    result = RUNNER.invoke(APP, ["-", "--jsonl"], input=TRADITIONAL)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert {"林文海", "1867年"} <= {record["text"] for record in records}


def test_command_shows_the_text_and_a_table(tmp_path: Path) -> None:
    file = tmp_path / "passage.txt"
    file.write_text(TRADITIONAL, encoding="utf-8")
    result = RUNNER.invoke(APP, [str(file)])
    assert result.exit_code == 0
    assert "林文海" in result.stdout
    assert "person" in result.stdout


@pytest.mark.parametrize(("content", "word"), [(b"", "empty"), (b"\xa9\xff", "UTF-8")])
def test_command_refuses_files_that_are_not_text(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "passage.txt"
    file.write_bytes(content)
    result = RUNNER.invoke(APP, [str(file)])
    assert result.exit_code == 1
    assert word in str(result.exception)
    assert str(file) in str(result.exception)


def test_a_limit_of_zero_proposes_none() -> None:
    assert propose_answers("水塔建於1911年，高18公尺。", limit=0) == []
