"""Evaluation: questions are scored in one or two rows, and the predictions file scores the same again."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from stub_generator import PASSAGE, StubGenerator, ask_by_offset

from qgkd.answer import AnswerSpan
from qgkd.cli import main
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.reading.examples import QGExample
from qgkd.scoring import score
from qgkd.scoring.answerability import answerable_each, candidate_requests
from qgkd.scoring.diversity import copy_rate, distinct_n
from qgkd.scoring.evaluate import EvaluationOptions, evaluate, write_predictions
from qgkd.scoring.read_back import read_back_each, read_back_figures
from qgkd.spans.reading import ReadAnswer

QUESTIONS = {
    "1867年": "白沙灣的燈塔建於哪一年？",
    "林文海": "白沙灣的燈塔由誰設計？",
    "1920年": "港口在哪一年擴建？",
    "交通部": "戰後，燈塔由哪一個部門管理？",
}
TITLES = {"1867年": "燈塔", "林文海": "燈塔", "1920年": "港口", "交通部": ""}


@pytest.fixture
def examples() -> list[QGExample]:
    return [
        QGExample(
            example_id=f"q{number}",
            context=PASSAGE,
            answer_text=answer,
            answer_start_char=PASSAGE.index(answer),
            question=question,
            title=TITLES[answer],
        )
        for number, (answer, question) in enumerate(QUESTIONS.items())
    ]


@pytest.fixture
def data_file(tmp_path: Path, examples: list[QGExample]) -> Path:
    path = tmp_path / "examples.jsonl"
    rows = [
        {
            "id": example.example_id,
            "title": example.title,
            "context": example.context,
            "answer": example.answer_text,
            "answer_start": example.answer_start_char,
            "question": example.question,
        }
        for example in examples
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def reference_question(request: GenerationRequest, rank: int) -> str:
    return QUESTIONS[request.answer.text]


def test_reference_questions_score_one(examples: list[QGExample]) -> None:
    (row,) = evaluate(StubGenerator(reference_question), examples).rows
    report = row.as_json()
    assert list(report) == [
        "name", "Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "avg_score", "seconds", "parameters",
        "subset", "n",
    ]  # fmt: skip
    assert report["avg_score"] == pytest.approx(1.0, abs=1e-3)
    assert (report["name"], report["parameters"], report["subset"], report["n"]) == ("stub", 7, "all", 4)
    assert report["seconds"] >= 0


def test_an_empty_or_refused_question_stays_empty(examples: list[QGExample]) -> None:
    def reluctant(request: GenerationRequest, rank: int) -> str | None:
        if request.answer.text == "1920年":
            raise ValueError("answer '1920年' is too long")
        return None if request.answer.text == "林文海" else QUESTIONS[request.answer.text]

    evaluation = evaluate(StubGenerator(reluctant), examples, EvaluationOptions(extra=True))
    assert evaluation.questions == (QUESTIONS["1867年"], "", "", QUESTIONS["交通部"])
    assert evaluation.refusals == ("q2: answer '1920年' is too long",)
    assert evaluation.rows[0].extra["empty"] == 2
    references = [[example.question] for example in examples]
    assert evaluation.rows[0].scores.bleu_4 == score(evaluation.questions, references).bleu_4 < 1


def test_one_run_gives_a_second_row_for_unseen_articles(examples: list[QGExample]) -> None:
    generator = StubGenerator()
    options = EvaluationOptions(excluded_titles={"港口", "別的"}, extra=True)
    everything, new = evaluate(generator, examples, options).rows
    assert sum(len(call) for call in generator.calls) == 4
    assert (everything.subset, everything.scores.n) == ("all", 4)
    assert (new.subset, new.scores.n, new.seconds) == ("new articles", 3, None)
    kept = [example for example in examples if example.title != "港口"]
    (alone,) = evaluate(StubGenerator(), kept, EvaluationOptions(extra=True)).rows
    assert new.scores == alone.scores
    assert new.extra == alone.extra


def test_extra_scores_are_those_of_the_scorer(examples: list[QGExample]) -> None:
    evaluation = evaluate(StubGenerator(reference_question), examples, EvaluationOptions(extra=True))
    extra = evaluation.rows[0].extra
    copied = copy_rate(evaluation.questions, [PASSAGE] * 4)
    assert (extra["copy_rate"], extra["copied_whole"]) == (copied.mean, copied.whole)
    assert extra["distinct"] == distinct_n(evaluation.questions)
    assert extra["answerability"] is None


def test_the_predictions_file_scores_the_same(
    examples: list[QGExample], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluation = evaluate(StubGenerator(ask_by_offset), examples)
    path = tmp_path / "predictions.jsonl"
    write_predictions(path, evaluation)
    assert main(["score", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    expected = evaluation.rows[0].as_json()
    for key in ("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "avg_score"):
        assert report[key] == expected[key]


def test_examples_without_questions_cannot_be_scored(examples: list[QGExample]) -> None:
    bare = QGExample(example_id="bare", context="甲乙", answer_text="甲", answer_start_char=0)
    with pytest.raises(UserError, match=r"found 1 without \(bare first\)"):
        evaluate(StubGenerator(), [*examples, bare])
    with pytest.raises(UserError, match="expected at least one example"):
        evaluate(StubGenerator(), [])


class Reader:
    """A stub of a scoring model that knows which answer each question is about."""

    name = "reader"

    def __init__(self, about: dict[str, str]) -> None:
        self._about = about

    def question_log_probabilities(
        self, requests: Sequence[GenerationRequest], questions: Sequence[str]
    ) -> list[float]:
        if any(request.answer.text == "太長" for request in requests):
            raise ValueError("answer '太長' is too long")
        pairs = zip(requests, questions, strict=True)
        return [-1.0 if self._about.get(question) == request.answer.text else -2.0 for request, question in pairs]


def test_answerability_counts_questions_most_likely_about_their_answer(examples: list[QGExample]) -> None:
    questions = [*list(QUESTIONS.values())[:2], "", "港口在哪一年擴建？"]
    reader = Reader({question: answer for answer, question in QUESTIONS.items()})
    assert answerable_each(reader, examples, questions) == [True, True, False, False]
    assert sum(answerable_each(reader, examples, questions)) == len(examples) / 2
    assert not any(answerable_each(Reader({}), examples, questions))  # a tie counts as not answerable
    options = EvaluationOptions(extra=True, excluded_titles={"港口"})
    rows = evaluate(StubGenerator(reference_question), examples, options, answerability_scorer=reader).rows
    assert [row.extra["answerability"] for row in rows] == [1.0, 1.0]
    assert rows[0].extra["answerability_model"] == "reader"


def test_an_answer_too_long_for_the_model_does_not_affect_others(examples: list[QGExample]) -> None:
    long = QGExample(
        example_id="long", context=f"太長，{PASSAGE}", answer_text="太長", answer_start_char=0, question="什麼？"
    )
    reader = Reader({question: answer for answer, question in QUESTIONS.items()})
    questions = ["什麼？", *QUESTIONS.values()]
    assert answerable_each(reader, [long, *examples], questions) == [False, True, True, True, True]


def test_candidates_are_the_true_answer_and_different_ones(examples: list[QGExample]) -> None:
    context = PASSAGE + "林文海也是畫家。"
    example = QGExample(
        example_id="a", context=context, answer_text="林文海", answer_start_char=PASSAGE.index("林文海")
    )
    true, *others = candidate_requests(example, 6)
    assert (true.answer.text, true.answer.start_char) == ("林文海", example.answer_start_char)
    assert 3 <= len(others) <= 6
    for other in others:
        assert other.answer.text != "林文海"
        end_char = other.answer.end_char
        assert end_char <= example.answer_start_char or other.answer.start_char >= example.answer_end_char


def test_the_command_prints_one_object(data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predictions = tmp_path / "predictions.jsonl"
    arguments = ["evaluate", "--data", str(data_file), "--limit", "3", "--extra", "--json", "--system", "rule"]
    assert main([*arguments, "--predictions", str(predictions)]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert list(report)[:10] == [
        "name", "Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "avg_score", "seconds", "parameters",
    ]  # fmt: skip
    assert {"copy_rate", "distinct", "answerability", "definition", "data", "n"} <= set(report)
    assert (report["name"], report["parameters"], report["n"], report["answerability"]) == ("rule", 0, 3, None)
    assert "--answerability-model" in printed.err
    rows = [json.loads(line) for line in predictions.read_text(encoding="utf-8").splitlines()]
    assert [row["refs"] for row in rows] == [[question] for question in list(QUESTIONS.values())[:3]]


def test_the_command_prints_a_table_and_its_definition(
    data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = tmp_path / "seen.jsonl"
    seen.write_text(
        json.dumps({"title": "港口", "context": "港口", "answer": "港口", "question": "？"}), encoding="utf-8"
    )
    arguments = ["evaluate", "--data", str(data_file), "--exclude-articles-of", str(seen), "--tokenize", "char"]
    arguments += ["--system", "rule"]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-4:] == ["ROUGE_L", "avg_score", "evalTime", "parameters"]
    assert lines[1].startswith("rule, all (4)")
    assert lines[2].startswith("rule, new articles (3)")
    assert lines[-1].startswith("tokens char")


def test_bad_rows_are_reported_and_the_rest_is_scored(data_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with data_file.open("a", encoding="utf-8") as handle:
        handle.write('{"id": "bad", "context": "甲", "answer": "乙", "question": "？"}\n')
    assert main(["evaluate", "--data", str(data_file), "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["n"] == 4
    assert "line 5: bad: answer '乙' is nowhere in the context" in printed.err


def test_a_full_disk_for_the_predictions_loses_no_scores(
    data_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*ignored: object) -> None:
        raise UserError("p.jsonl: could not be written: the disk is full")

    monkeypatch.setattr("qgkd.scoring.evaluate.write_predictions", refuse)
    predictions = str(data_file.with_name("p.jsonl"))
    assert main(["evaluate", "--data", str(data_file), "--predictions", predictions, "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["n"] == 4
    assert printed.err == "qgkd: p.jsonl: could not be written: the disk is full\n"


def test_repaired_offsets_are_reported(data_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"context": "燈塔建於1867年。", "answer": "1867年", "answer_start": 3, "question": "燈塔建於哪一年？"}
    data_file.write_text(json.dumps(row), encoding="utf-8")
    assert main(["evaluate", "--data", str(data_file), "--json"]) == 0
    assert capsys.readouterr().err == f"{data_file}: wrong offsets repaired: 1\n"


@pytest.mark.parametrize("arguments", [["--tokenize", "words"], ["--answerability-model", "x"], ["--meteor", "nltk"]])
def test_wrong_usage_is_code_2(arguments: list[str], data_file: Path) -> None:
    assert main(["evaluate", "--data", str(data_file), *arguments]) == 2


@pytest.fixture
def script() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "eval" / "evaluate_models.py"
    specification = importlib.util.spec_from_file_location("evaluate_models", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["evaluate_models"] = module
    specification.loader.exec_module(module)
    return module


def run_script(script: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["evaluate_models.py", *arguments])
    try:
        return int(script.main())
    except SystemExit as left:
        return int(left.code or 0)


def test_many_models_on_many_files_give_each_row_once(
    script: ModuleType,
    data_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from tiny_model import tiny_checkpoint

    from qgkd.checkpoints.record import save_record

    folder = tmp_path / "tiny"
    checkpoint = tiny_checkpoint(folder)
    checkpoint.model.save_pretrained(folder)
    checkpoint.tokenizer.save_pretrained(folder)
    save_record(folder, checkpoint.input_format, trained_on="nothing")
    output = tmp_path / "results"
    arguments = ["--rule", "--model", str(folder), "--data", str(data_file), "--output", str(output)]
    assert run_script(script, monkeypatch, *arguments) == 0
    table = capsys.readouterr().out
    assert table.splitlines()[0] == "### examples.jsonl (4 questions)"
    assert [line.split(" | ")[0] for line in table.splitlines()[4:6]] == ["| rule", "| tiny"]
    assert "tiny was trained on nothing." in table
    with (output / "table.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["name"] for row in rows] == ["rule", "tiny"]
    monkeypatch.setattr(script.Job, "run", lambda *ignored: pytest.fail("a row was computed twice"))
    assert run_script(script, monkeypatch, *arguments) == 0
    assert capsys.readouterr().out == table


def test_a_model_that_cannot_be_loaded_does_not_stop_the_others(
    script: ModuleType,
    data_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "results"
    absent = str(tmp_path / "absent")
    arguments: list[Any] = ["--model", absent, "--rule", "--data", str(data_file), "--output", str(output)]
    assert run_script(script, monkeypatch, *arguments) == 1
    printed = capsys.readouterr()
    assert "| rule |" in printed.out
    assert f"{absent} on {data_file}: " in printed.err


def test_the_608_questions_of_articles_that_drcd_dev_does_not_have(shared_folder: Path) -> None:
    from qgkd.cli.evaluate import read_titles
    from qgkd.reading.readers import read_examples

    titles = read_titles(shared_folder / "data" / "drcd" / "DRCD_dev.json")
    examples = read_examples(shared_folder / "data" / "drcd" / "DRCD_test.json").examples
    assert len(examples) == 3493
    assert sum(example.title not in titles for example in examples) == 608


def test_an_unusable_output_folder_is_refused_in_one_sentence(
    script: ModuleType,
    data_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "results.json").write_text("[")
    arguments = ["--rule", "--data", str(data_file), "--output"]
    for folder, reason in (("file", "could not be written"), ("other", "expected the rows of earlier runs")):
        assert run_script(script, monkeypatch, *arguments, str(tmp_path / folder)) == 1
        printed = capsys.readouterr().err
        assert printed.startswith("evaluate_models: ")
        assert reason in printed
        assert len(printed.splitlines()) == 1


def test_read_back_compares_the_answers_that_a_reader_finds(examples: list[QGExample]) -> None:
    """A stand-in reads 林文海 from any question with 誰, the year's number from 哪一年, and refuses others."""

    class Reader:
        def read(self, pairs: Any) -> list[Any]:
            assert all(question for question, _ in pairs)
            return [SimpleNamespace(best=lambda q=question, c=context: self.best(q, c)) for question, context in pairs]

        @staticmethod
        def best(question: str, context: str) -> ReadAnswer:
            text = "林文海" if "誰" in question else "1920"
            answer = AnswerSpan(text=text, start_char=context.index(text))
            return ReadAnswer(answer=answer, score=-1.0 if "部門" in question else 1.0)

    reader: Any = Reader()
    questions = ["誰建了燈塔？", "誰設計了燈塔？", "港口在哪一年擴建？", "燈塔由哪一個部門管理？"]
    found = read_back_each(reader, examples, questions)
    assert [each.is_answered for each in found] == [True, True, True, False]
    assert [each.is_same for each in found] == [False, True, False, False]
    assert [each.f1 for each in found] == pytest.approx([0.0, 1.0, 2 / 3, 0.0])
    assert read_back_each(reader, examples[:1], [""])[0].is_answered is False
    evaluation = evaluate(StubGenerator(), examples, EvaluationOptions(extra=True), reader=reader)
    figures = evaluation.rows[0].extra
    expected = read_back_figures(read_back_each(reader, examples, evaluation.questions))
    assert {name: figures[name] for name in expected} == expected
    assert "read_back" not in evaluate(StubGenerator(), examples, EvaluationOptions(extra=True)).rows[0].extra
