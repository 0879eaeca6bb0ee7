"""The span model's training end to end at the smallest size, its losses by hand, questions that have no answer."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from recipe_data import write_recipe
from safetensors.torch import load_file
from training_runs import spawn
from transformers import BertConfig, BertForMaskedLM

from qgkd.answer import AnswerSpan
from qgkd.answers.span_candidates import FEATURES, span_candidates
from qgkd.checkpoints.record import save_record
from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.cli import main
from qgkd.errors import UserError
from qgkd.model_input.input_format import InputFormat
from qgkd.model_recipe.settings import VocabularySettings
from qgkd.model_recipe.vocabulary import save_tokenizer, train_vocabulary
from qgkd.reading.examples import QGExample
from qgkd.reading.readers import read_examples
from qgkd.span_training.broken_questions import KnownAnswers, broken_question
from qgkd.span_training.dataset import SpanCollator, SpanDataset
from qgkd.span_training.figures import reader_figures, span_figures
from qgkd.span_training.network import SpanBert, SpanTrainingModel, starting_network
from qgkd.span_training.prepare import passages_of
from qgkd.span_training.run import train_spans
from qgkd.span_training.settings import SpanRowSettings, SpanSettings, load_settings
from qgkd.span_training.store import PassageStore, QuestionStore, load_store, save_store
from qgkd.span_training.tokenise import RowMaker
from qgkd.span_training.trainer import SpanTrainer, answers_loss, reader_loss
from qgkd.span_training.unanswerable import Unanswerable, UnanswerableQuestions
from qgkd.spans.heads import SpanOutput
from qgkd.spans.network import read_span_network
from qgkd.spans.reading import ReadAnswer
from qgkd.spans.span_model import SpanModel, load_span_model
from qgkd.training.dataset import Draw

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = REPOSITORY / "eval" / "configs" / "span_model.toml"


def overrides(folder: Path, *more: str) -> tuple[str, ...]:
    return (
        f"data.folder={folder}", 'data.questions=["broad.jsonl"]', 'data.final_questions=["final.jsonl"]',
        'data.never=["never.jsonl"]', "data.held_out_field=seen", "data.processes=1", "model.encoder=",
        "model.vocabulary=", f"model.base={folder / 'base'}", "model.layers=2", "model.max_total_tokens=100",
        "model.max_question_tokens=30", "train.max_steps=4", "train.per_device_train_batch_size=3",
        "evaluation.times=2", "evaluation.questions=4", "train.report_to=none", "train.logging_steps=2",
        "train.use_cpu=true", "train.bf16=false", "train.warmup_steps=0", *more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data files, and a generator of three layers to begin from."""
    made = tmp_path_factory.mktemp("spans")
    write_recipe(made)
    rows = [json.loads(line) for name in ("broad", "final") for line in (made / f"{name}.jsonl").open(encoding="utf-8")]
    texts = [row["context"] + row["question"] for row in rows]
    tokens = train_vocabulary(texts, VocabularySettings(size=1500, chinese_characters=1100))
    save_tokenizer(tokens, made / "base")
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(tokens), hidden_size=32, num_hidden_layers=3, num_attention_heads=2,
                        intermediate_size=64, max_position_embeddings=160)  # fmt: skip
    BertForMaskedLM(config).save_pretrained(made / "base")
    save_record(made / "base", InputFormat(max_total_tokens=160, max_question_tokens=12, max_answer_tokens=10))
    return made


@pytest.fixture(scope="module")
def settings(folder: Path) -> SpanSettings:
    return load_settings(CONFIG, overrides(folder))


@pytest.fixture(scope="module")
def run(folder: Path, settings: SpanSettings) -> Path:
    train_spans(settings, folder / "run")
    return folder / "run"


def test_run_writes_a_model_that_reads_and_proposes(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads((run / "model" / "qgkd.json").read_text("utf-8"))
    assert record["spans"] == {"max_total_tokens": 100, "max_question_tokens": 30, "max_answer_tokens": 64}
    assert record["config"]["data"]["folder"] == ""
    assert record["trained_on"]["questions"] > 10
    validation = run / "prepared" / "validation.jsonl"
    assert main(["spans", "evaluate", str(validation), "--model", str(run / "model"), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    examples = read_examples(validation).examples
    model = load_span_model(str(run / "model"))
    assert figures == span_figures(model, examples, passages_of(examples))
    assert figures["questions"] == len(examples)
    assert main(["spans", "evaluate", str(validation), "--answers", "rules"]) == 0
    shown = capsys.readouterr().out
    assert "exact at 3" in shown
    assert "reader" not in shown
    assert main(["spans", "evaluate", str(validation)]) == 1  # no weights in the package
    assert "--answers rules" in capsys.readouterr().err


def test_weights_in_training_and_in_use_compute_the_same(run: Path, folder: Path, settings: SpanSettings) -> None:
    trained = SpanBert.from_pretrained(run / "model").eval()
    store = load_store(PassageStore, run / "prepared" / "passages.npz")
    batch = SpanCollator(0)(
        [(store[0], True), (load_store(QuestionStore, run / "prepared" / "questions.npz")[0], True)]
    )
    with torch.no_grad():
        ours, theirs = read_span_network(run / "model")(batch.inputs), trained(batch.inputs)
    torch.testing.assert_close(ours.span_scores, theirs.span_scores, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ours.answer_logits, theirs.answer_logits, rtol=1e-4, atol=1e-5)


def test_a_finished_run_is_left_alone_and_another_one_refused(
    run: Path, folder: Path, settings: SpanSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("trained or prepared again")

    monkeypatch.setattr(SpanTrainer, "train", never)
    monkeypatch.setattr("qgkd.span_training.prepare.read_questions", never)
    assert train_spans(settings, run) == run / "model"
    with pytest.raises(UserError, match=r"model\.layers"):
        train_spans(load_settings(CONFIG, overrides(folder, "model.layers=1")), run)


def test_a_run_that_was_cut_off_ends_as_an_uninterrupted_one(
    run: Path, folder: Path, settings: SpanSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate, calls = SpanTrainer.evaluate, []

    def cut_off(self: SpanTrainer, *arguments: Any, **options: Any) -> dict[str, float]:
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return evaluate(self, *arguments, **options)

    monkeypatch.setattr(SpanTrainer, "evaluate", cut_off)
    with pytest.raises(KeyboardInterrupt):
        train_spans(settings, folder / "cut", prepared=run / "prepared")
    assert not (folder / "cut" / "finished.json").exists()
    monkeypatch.setattr(SpanTrainer, "evaluate", evaluate)
    train_spans(settings, folder / "cut", prepared=run / "prepared")
    whole, cut = (load_file(each / "checkpoint-4" / "model.safetensors") for each in (run, folder / "cut"))
    assert whole.keys() == cut.keys()
    for name, weights in whole.items():
        torch.testing.assert_close(weights, cut[name], msg=name)


def test_prepared_data_of_other_settings_is_refused(run: Path, folder: Path) -> None:
    with pytest.raises(UserError, match="prepared with this config's settings, found others"):
        train_spans(
            load_settings(CONFIG, overrides(folder, "rows.broken=0.9")), folder / "b", prepared=run / "prepared"
        )
    with pytest.raises(UserError, match="found none"):
        train_spans(load_settings(CONFIG, overrides(folder)), folder / "c", prepared=folder)


def test_lower_layers_are_taken_as_they_are(folder: Path, run: Path, settings: SpanSettings) -> None:
    network = starting_network(settings, run / "prepared" / "vocabulary")
    base = load_file(folder / "base" / "model.safetensors")
    own = network.state_dict()
    names = [name for name in own if name.startswith("bert.")]
    assert any("layer.1." in name for name in names)
    assert not any("layer.2." in name for name in names)
    for name in names:
        torch.testing.assert_close(own[name], base[name], msg=name)


def test_a_few_questions_can_be_learnt_by_heart(folder: Path, run: Path, settings: SpanSettings) -> None:
    """Both heads, read back through the inference path."""
    network = starting_network(settings, run / "prepared" / "vocabulary").train()
    tokenizer = load_tokenizer(run / "prepared" / "vocabulary")
    examples = EXAMPLES[2:4]
    span_format = settings.model.span_format()
    maker = RowMaker(tokenizer, span_format)
    items = [(maker.answered(each), True) for each in examples] + [(maker.passage(passages_of(examples)[0]), True)]
    batch: Any = SpanCollator(0)(items)  # type: ignore[arg-type]
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(150):
        output = SpanTrainingModel(network)(batch.inputs)
        loss = reader_loss(output, batch).mean()
        loss = loss + answers_loss(output.span_scores, batch.candidate_passages, batch.is_chosen).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model = SpanModel(network.eval(), tokenizer, span_format, traditional_only=False)
    figures = span_figures(model, examples, passages_of(examples))
    assert figures["reader_em"] == figures["reader_f1"] == figures["accepted_f1"] == 1.0
    assert figures["refused_own"] == 0.0
    assert figures["exact_at_1"] == 1.0


def test_two_processes_are_one_though_a_batch_has_rows_for_one_head_alone(
    run: Path, folder: Path, tmp_path: Path
) -> None:
    """A row per process: where one has a question, the other may have a passage, and some steps hold one kind."""
    options = ["train.per_device_train_batch_size=2", "train.max_steps=6", "rows.passage_readings=1"]
    train_spans(load_settings(CONFIG, overrides(folder, *options)), tmp_path / "one", prepared=run / "prepared")
    split = [*options, "train.per_device_train_batch_size=1", "train.ddp_backend=gloo"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    launch = ["torch.distributed.run", "--nproc_per_node", "2", "--master_addr", "127.0.0.1", "--master_port", port]
    command = ["spans", "train", str(CONFIG), *overrides(folder, *split), "--from-prepared", str(run / "prepared")]
    process = spawn([*launch, "-m", "qgkd", *command, "--out", str(tmp_path / "two")])
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    one, two = (load_file(tmp_path / each / "checkpoint-6" / "model.safetensors") for each in ("one", "two"))
    assert one.keys() == two.keys()
    # Added to every score that is compared: their gradient is 0 but for rounding, which Adam makes a full step of.
    added_to_all = ("heads.reader.bias", "heads.score.bias", "attention.self.key.bias")
    for name in (each for each in one if not each.endswith(added_to_all)):
        torch.testing.assert_close(one[name], two[name], rtol=1e-3, atol=1e-5, msg=name)


def test_losses_by_hand() -> None:
    scores = torch.tensor([0.0, 0.0, 0.0, 0.0, math.log(3), 0.0])
    passages = torch.tensor([0, 0, 0, 0, 1, 1])
    is_chosen = torch.tensor([True, False, True, False, True, False])
    expected = [math.log(4), math.log(4 / 3)]
    torch.testing.assert_close(answers_loss(scores, passages, is_chosen), torch.tensor(expected))
    logits = torch.full((2, 4, 2), torch.finfo(torch.float32).min)
    logits[:, (0, 2, 3)] = 0.0
    batch: Any = type("Batch", (), {"question_rows": torch.tensor([1, 0]), "targets": torch.tensor([[2, 3], [0, 0]])})
    values = reader_loss(SpanOutput(answer_logits=logits, span_scores=scores[:0]), batch)
    torch.testing.assert_close(values, torch.full((2,), math.log(3)))


def test_stores_give_back_what_they_took(folder: Path, run: Path, tmp_path: Path, settings: SpanSettings) -> None:
    questions = load_store(QuestionStore, run / "prepared" / "questions.npz")
    passages = load_store(PassageStore, run / "prepared" / "passages.npz")
    save_store(QuestionStore.of([questions[n] for n in range(len(questions))]), tmp_path / "q.npz")
    again = load_store(QuestionStore, tmp_path / "q.npz")
    np.testing.assert_array_equal(again.token_ids, questions.token_ids)
    np.testing.assert_array_equal(again.firsts, questions.firsts)
    dataset = SpanDataset(questions, passages, 2)
    assert len(dataset) == len(questions) + 2 * len(passages) == len(dataset.lengths)
    last, counted = dataset[Draw(0, len(dataset) - 1, counted=False)]
    assert last.features.shape[1] == len(FEATURES)  # type: ignore[union-attr]
    batch = SpanCollator(0)([dataset[Draw(0, 0)], (last, counted), dataset[Draw(0, 1)]])
    assert batch.row_weights.tolist() == [1.0, *[0.0] * len(last.rows), 1.0]  # type: ignore[union-attr]
    assert batch.passage_weights.tolist() == [0.0]
    assert batch.question_rows.tolist() == [0, 1 + len(last.rows)]  # type: ignore[union-attr]
    rows = batch.inputs.spans[:, 0]
    assert rows.min() == 1
    assert (batch.inputs.token_type_ids[rows, batch.inputs.spans[:, 1]] == 1).all()
    assert (batch.inputs.token_type_ids[rows, batch.inputs.spans[:, 2]] == 1).all()
    (tmp_path / "q.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match="prepare the data again"):
        load_store(QuestionStore, tmp_path / "q.npz")


def test_rows_hold_question_window_and_answer(folder: Path, run: Path, settings: SpanSettings) -> None:
    tokenizer: Any = load_tokenizer(run / "prepared" / "vocabulary")
    maker = RowMaker(tokenizer, settings.model.span_format())
    for example in read_examples(folder / "broad.jsonl").examples:
        row = maker.answered(example)
        assert row is not None
        assert len(row.row) <= 100
        answer = tokenizer.decode(row.row.token_ids[row.first : row.last + 1]).replace(" ", "")
        assert answer == example.answer_text.lower().replace(" ", "")


LIGHTHOUSE = "燈塔建於1867年，由林文海設計。" + "燈塔位於白沙灣的北岸，高42公尺，每天有許多人來參觀拍照。" * 4
EXAMPLES = [
    QGExample(example_id=str(n), context=context, answer_text=answer, answer_start_char=context.index(answer),
              question=question, title=title)
    for n, (context, answer, question, title) in enumerate(
        [
            (LIGHTHOUSE, "林文海",
             "誰在1867年設計了燈塔？", "燈塔"),
            (LIGHTHOUSE, "1867年",
             "林文海的燈塔建於哪一年？", "燈塔"),
            ("港口在1902年由陳大山擴建。後來商人帶來茶葉。", "陳大山", "1902年港口由誰擴建？", "港口"),
            ("港口在1902年由陳大山擴建。後來商人帶來茶葉。", "1902年", "港口在哪一年擴建？", "港口"),
            ("港口的燈塔每年有五萬名旅客。", "五萬", "港口的燈塔每年有多少名旅客？", "燈塔"),
        ]
    )
]  # fmt: skip


@pytest.mark.parametrize("kind", ["other_passage", "other_window", "without_sentence", "broken"])
def test_questions_without_an_answer_lack_it(kind: str) -> None:
    shares = dict.fromkeys(("other_passage", "other_window", "without_sentence", "broken"), 0.0) | {kind: 1.0}
    made = list(UnanswerableQuestions(EXAMPLES, SpanRowSettings(**shares), Random(3)))
    assert made
    originals = {example.question: example for example in EXAMPLES}
    for each in made:
        if kind == "broken":
            assert each.question not in originals
            assert each.near_char is not None
            continue
        answer = originals[each.question].answer_text
        assert each.without_text == answer if kind == "other_window" else answer not in each.context
    none = dict.fromkeys(shares, 0.0)
    assert not list(UnanswerableQuestions(EXAMPLES, SpanRowSettings(**none), Random(3)))


def test_a_broken_question_asks_for_something_else() -> None:
    known = KnownAnswers.of(EXAMPLES)
    example = EXAMPLES[0]
    broken = {broken_question(example, known, EXAMPLES[1:2], Random(seed)) for seed in range(60)} - {None}
    assert example.question not in broken
    assert any("1902年" in question for question in broken if question)
    for question in broken:
        assert question is not None
        assert "1867年" not in question or "誰" not in question


def test_a_window_without_the_answer_is_a_real_one(folder: Path, run: Path, settings: SpanSettings) -> None:
    from qgkd.checkpoints.tokenizer_folder import load_tokenizer

    maker = RowMaker(load_tokenizer(run / "prepared" / "vocabulary"), settings.model.span_format())
    context = EXAMPLES[0].context
    asked = Unanswerable(question="誰設計？", context=context, without_text="林文海")
    row = maker.unanswered(asked, Random(1))
    assert row is not None
    assert (row.first, row.last) == (0, 0)
    held = maker.unanswered(Unanswerable(question="誰設計？", context=context, near_char=11), Random(1))
    assert held is not None
    assert row.row.token_ids.tolist() != held.row.token_ids.tolist()
    short = Unanswerable(question="誰設計？", context="由林文海設計。", without_text="林文海")
    assert maker.unanswered(short, Random(1)) is None


def test_figures_of_a_reader_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in that answers from the lighthouse's passage alone."""

    class Stub:
        def read(self, pairs: Any) -> Any:
            for _, context in pairs:
                score = 1.0 if "林文海" in context else -1.0
                answer = AnswerSpan(text=context[:4], start_char=0)
                yield type("R", (), {"best": lambda self, a=answer, s=score: ReadAnswer(answer=a, score=s)})()

    model: Any = Stub()
    figures = reader_figures(model, EXAMPLES[:3])
    assert figures["refused_own"] == pytest.approx(1 / 3)
    assert figures["refused_other"] == pytest.approx(2 / 3)
    assert figures["reader_em"] == 0.0
    assert figures["accepted_f1"] <= figures["reader_f1"]


def test_the_packaged_folder_proposes_the_same(run: Path, tmp_path: Path) -> None:
    script, target = REPOSITORY / "eval" / "package_span_model.py", tmp_path / "spans"
    command = [sys.executable, str(script), str(run / "model"), "--target", str(target)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert all(each.dtype is torch.float16 for each in load_file(target / "model.safetensors").values())
    packaged, trained = load_span_model(str(target)), load_span_model(str(run / "model"))
    candidates = span_candidates(LIGHTHOUSE)
    scores = [model.candidate_scores(LIGHTHOUSE, candidates) for model in (packaged, trained)]
    np.testing.assert_allclose(*scores, atol=1e-2)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.base=x", "model.encoder and model.vocabulary must be given, or model.base alone"),
        ("rows.broken=2", r"rows\.broken must be from 0 to 1"),
        ("rows.brokn=1", "did you mean|broken"),
        ("model.max_total_tokens=50", "16 tokens or more"),
        ("evaluation.times=0", "at least 1"),
        ("data.final_questions=[]", "at least one file"),
    ],
)
def test_settings_are_checked(override: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_settings(CONFIG, (override,))
