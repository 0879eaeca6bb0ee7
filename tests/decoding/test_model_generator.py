"""The model generator: order, several questions per answer, scripts, scores, limits, precisions."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from generation_requests import request
from tiny_model import PASSAGES, save_tiny_checkpoint, tiny_checkpoint
from transformers import BertConfig, BertForMaskedLM

from qgkd.answer import AnswerSpan
from qgkd.checkpoints.checkpoint import Checkpoint, load_checkpoint
from qgkd.checkpoints.precision import place
from qgkd.decoding.generator import ModelGenerator
from qgkd.decoding.settings import DecodingSettings, decoding_of
from qgkd.decoding.surface import question_text
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest, Question
from qgkd.model_input.tokens import tokenize
from qgkd.quiz.load_generator import load_generator

FORMATS = [("prefix", "marked"), ("prefix", "shared"), ("prefix", "plain"), ("recurrent", "marked")]
ANSWERS = ("林文海", "1867年", "港務局", "三百人", "港", "港口", "New York")


def mixed_requests() -> list[GenerationRequest]:
    """Every occurrence of every answer, in passages of very different lengths, shuffled."""
    contexts = [*PASSAGES, PASSAGES[0] + PASSAGES[1], "".join(PASSAGES) * 4, "港口。"]
    found = [request(c, a, n) for c in contexts for a in ANSWERS for n in range(min(3, c.count(a)))]
    random.Random(4).shuffle(found)
    return found


def generator_of(folder: Path, attention: str, layout: str, batch: int = 8192, **settings: object) -> ModelGenerator:
    checkpoint = tiny_checkpoint(folder, attention=attention, layout=layout)
    return ModelGenerator(checkpoint, DecodingSettings(**settings), max_batch_tokens=batch)


def assert_same(found: list[list[Question]], expected: list[list[Question]]) -> None:
    assert [[q.text for q in row] for row in found] == [[q.text for q in row] for row in expected]
    for row, other in zip(found, expected, strict=True):
        for question, twin in zip(row, other, strict=True):
            assert question.mean_log_probability == pytest.approx(twin.mean_log_probability, abs=1e-5)
            assert replace(question, mean_log_probability=None) == replace(twin, mean_log_probability=None)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize(("attention", "layout"), FORMATS)
def test_order_and_content_do_not_depend_on_the_batch(tmp_path: Path, attention: str, layout: str, beams: int) -> None:
    requests = mixed_requests()[:12]
    together = generator_of(tmp_path, attention, layout, num_beams=beams).generate(requests)
    assert len({q.text for row in together for q in row}) > 4
    assert len({len(one.context) for one in requests}) > 4
    for one, row in zip(requests, together, strict=True):
        assert [q.answer for q in row] == [one.answer]
        assert row[0].context_was_cut == (len(one.context) > 140)
    assert_same(generator_of(tmp_path, attention, layout, batch=1, num_beams=beams).generate(requests), together)
    assert_same(generator_of(tmp_path, attention, layout, batch=700, num_beams=beams).generate(requests), together)
    assert_same(generator_of(tmp_path, attention, layout, num_beams=beams).generate(requests[::-1])[::-1], together)


@pytest.mark.parametrize(("attention", "layout"), FORMATS)
@pytest.mark.parametrize("settings", [{}, {"num_beams": 6}, {"sample": True, "top_p": 0.95}])
def test_several_questions_are_distinct_and_best_first(
    tmp_path: Path, attention: str, layout: str, settings: dict[str, object]
) -> None:
    requests = mixed_requests()[:8]
    for row in generator_of(tmp_path, attention, layout, **settings).generate(requests, questions_per_answer=4):
        assert 1 <= len(row) <= 4
        assert len({q.text for q in row}) == len(row)
        scores = [q.mean_log_probability for q in row]
        assert scores == sorted(scores, reverse=True)
        assert all(score < 0 for score in scores)


def test_occurrences_matter_where_the_layout_distinguishes_them(tmp_path: Path) -> None:
    text = PASSAGES[0]
    first, second = request(text, "林文海"), request(text, "林文海", 1)
    for layout, differs in [("marked", True), ("shared", True), ("plain", False)]:
        generator = generator_of(tmp_path, "prefix", layout)
        a, b = generator.question_log_probabilities([first, second], ["誰？", "誰？"])
        assert (a != b) == differs


@pytest.mark.parametrize(("attention", "layout"), FORMATS)
def test_scoring_own_questions_gives_the_decoded_log_probabilities(
    tmp_path: Path, attention: str, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generated question is scored as it was decoded, where its text tokenises to the decoded tokens."""
    tokenizer = tiny_checkpoint(tmp_path).tokenizer
    returns = {}

    def spy(tokenizer_, token_ids, *rest):
        text = question_text(tokenizer_, token_ids, *rest)
        returns[text] = text is not None and tokenize(tokenizer, text).ids == tuple(token_ids)
        return text

    monkeypatch.setattr("qgkd.decoding.generator.question_text", spy)
    generator = generator_of(tmp_path, attention, layout, num_beams=3, min_question_tokens=1)
    requests = mixed_requests()[:14]
    written = [
        (one, question)
        for one, row in zip(requests, generator.generate(requests, questions_per_answer=3), strict=True)
        for question in row
        if question.finished and returns[question.text]
    ]
    assert len(written) > 10
    values = generator.question_log_probabilities([one for one, _ in written], [q.text for _, q in written])
    assert values == pytest.approx([q.mean_log_probability for _, q in written], abs=1e-5)


def test_scores_equal_a_plain_loop(tmp_path: Path) -> None:
    """By hand for recurrent: mean log-probability of each token given those before it, [SEP] included."""
    checkpoint = tiny_checkpoint(tmp_path, attention="recurrent", layout="plain")
    tokenizer = checkpoint.tokenizer
    text, question = "林文海設計燈塔。", "誰設計？"
    (value,) = ModelGenerator(checkpoint).question_log_probabilities([request(text, "林文海")], [question])
    source = tokenizer(text, "林文海")
    target = [*tokenizer(question, add_special_tokens=False).input_ids, tokenizer.sep_token_id]
    total = 0.0
    for step, token in enumerate(target):
        ids = [*source.input_ids, *target[:step], tokenizer.mask_token_id]
        types = [*source.token_type_ids, *[0] * (step + 1)]
        with torch.inference_mode():
            logits = checkpoint.model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types])).logits
        total += float(logits[0, -1].log_softmax(-1)[token])
    assert value == pytest.approx(total / len(target), abs=1e-5)


def test_more_questions_than_are_scored_at_once(tmp_path: Path) -> None:
    generator = generator_of(tmp_path, "prefix", "marked")
    requests = mixed_requests() * 2
    questions = ["誰設計？", "港口在哪裡？", "什麼？"] * len(requests)
    values = generator.question_log_probabilities(requests, questions[: len(requests)])
    again = [
        generator.question_log_probabilities([r], [q])[0] for r, q in zip(requests[:5], questions[:5], strict=True)
    ]
    assert values[:5] == pytest.approx(again, abs=1e-5)
    with pytest.raises(ValueError, match="a question per request"):
        generator.question_log_probabilities(requests, ["誰？"])


def traditional_only(checkpoint: Checkpoint) -> Checkpoint:
    return replace(checkpoint, record={"script": "traditional"})


def test_simplified_in_simplified_out(tmp_path: Path) -> None:
    """A Traditional model reads the converted passage at the same offsets and writes in the passage's script."""
    checkpoint = traditional_only(tiny_checkpoint(tmp_path, attention="prefix", layout="marked"))
    generator = ModelGenerator(checkpoint, DecodingSettings(num_beams=3))
    traditional = PASSAGES[0]
    simplified = "灯塔建于1867年，由工程师林文海设计。林文海是港务局的职员。灯塔高42公尺，位于白沙湾的北岸。"
    assert len(simplified) == len(traditional)
    for answer, other in [("林文海", "林文海"), ("港务局", "港務局"), ("灯塔", "燈塔")]:
        (found,) = generator.generate([request(simplified, answer, simplified.count(answer) - 1)])
        (expected,) = generator.generate([request(traditional, other, traditional.count(other) - 1)])
        assert found[0].answer.text == answer
        assert found[0].mean_log_probability == pytest.approx(expected[0].mean_log_probability, abs=1e-6)
        assert not set(found[0].text) & set("燈於師設計務職員灣誰麼裡時"), found[0].text
        assert len(found[0].text) == len(expected[0].text)
    scores = [
        generator.question_log_probabilities([request(t, "林文海")], [q])[0]
        for t, q in [(simplified, "谁设计灯塔？"), (traditional, "誰設計燈塔？")]
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)


def test_a_model_of_both_scripts_reads_the_text_unconverted(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path, attention="prefix", layout="marked")
    simplified = request("灯塔建于1867年，由工程师林文海设计。", "林文海")
    plain = ModelGenerator(checkpoint).question_log_probabilities([simplified], ["誰？"])
    converted = ModelGenerator(traditional_only(checkpoint)).question_log_probabilities([simplified], ["誰？"])
    assert plain != converted


@pytest.mark.parametrize(
    ("context", "answer", "start_char", "complaint"),
    [
        (PASSAGES[0], "林文海", 3, "correct the offset"),
        (PASSAGES[0], "林文海", 999, "correct the offset"),
        (PASSAGES[0], "北岸", -3, "inside the passage"),
        (PASSAGES[0], "", 5, "inside the passage"),
        ("港 口", " ", 1, "no visible character"),
        ("", "港", 0, "correct the offset"),
        ("港" * 500, "港" * 300, 7, "at most 10 tokens"),
    ],
)
def test_wrong_requests_are_refused_in_a_sentence(
    tmp_path: Path, context: str, answer: str, start_char: int, complaint: str
) -> None:
    generator = generator_of(tmp_path, "prefix", "marked")
    with pytest.raises(UserError, match=complaint) as refusal:
        generator.generate([GenerationRequest(context=context, answer=AnswerSpan(text=answer, start_char=start_char))])
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("settings", [{}, {"num_beams": 3}, {"sample": True}])
def test_no_requests_give_no_questions(tmp_path: Path, settings: dict[str, object]) -> None:
    generator = generator_of(tmp_path, "prefix", "shared", **settings)
    assert generator.generate([]) == []
    assert generator.question_log_probabilities([], []) == []
    with pytest.raises(UserError, match="questions_per_answer"):
        generator.generate(mixed_requests()[:1], questions_per_answer=0)


@pytest.mark.parametrize(("attention", "layout"), FORMATS[:2])
def test_a_hundred_thousand_characters(tmp_path: Path, attention: str, layout: str) -> None:
    context = "".join(PASSAGES) * (100_000 // len("".join(PASSAGES)) + 1)
    places = [at for at in range(0, len(context) - 3, 9_973) if context[at : at + 3].strip()]
    places += [0, len(context) - 2]
    requests = [
        GenerationRequest(context=context, answer=AnswerSpan(text=context[at : at + 2], start_char=at)) for at in places
    ]
    started = time.perf_counter()
    found = generator_of(tmp_path, attention, layout).generate(requests)
    assert time.perf_counter() - started < 15
    assert all(row and row[0].context_was_cut for row in found)


@pytest.mark.parametrize("layout", ["marked", "shared"])
def test_answers_at_the_edges_of_a_passage(tmp_path: Path, layout: str) -> None:
    for text in ("港", "港口", " 港。\n", "".join(PASSAGES) * 3):
        stripped = text.strip()
        ends = [text.index(stripped[0]), text.rindex(stripped[-1])]
        requests = [GenerationRequest(context=text, answer=AnswerSpan(text=text[at], start_char=at)) for at in ends]
        assert all(generator_of(tmp_path, "prefix", layout).generate(requests))


@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize("layers", [1, 3])
def test_models_of_any_depth_score_their_own_questions(tmp_path: Path, layers: int, beams: int) -> None:
    """One layer is an edge case of cached decoding: the last layer is the first."""
    checkpoint = tiny_checkpoint(tmp_path, attention="prefix", layout="shared")
    torch.manual_seed(1)
    config = BertConfig(**{**checkpoint.model.config.to_dict(), "num_hidden_layers": layers})
    checkpoint = replace(checkpoint, model=BertForMaskedLM(config).eval())
    settings = DecodingSettings(num_beams=beams, min_question_tokens=1)
    requests = [request(PASSAGES[0], "港務局"), request(PASSAGES[0], "1867年"), request(PASSAGES[2], "港務局")]
    generator = ModelGenerator(checkpoint, settings)
    together = generator.generate(requests)
    assert_same([generator.generate([one])[0] for one in requests], together)
    tokens = [len(checkpoint.tokenizer.tokenize(row[0].text)) for row in together]
    values = generator.question_log_probabilities(requests, [row[0].text for row in together])
    for row, value, count in zip(together, values, tokens, strict=True):
        if row[0].finished and count == len(row[0].text):
            assert value == pytest.approx(row[0].mean_log_probability, abs=1e-5)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize(("attention", "layout"), FORMATS)
@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_lower_precisions_run_and_stay_close(
    tmp_path: Path, attention: str, layout: str, precision: str, beams: int
) -> None:
    requests = mixed_requests()[:6]
    exact = generator_of(tmp_path, attention, layout)
    checkpoint = place(tiny_checkpoint(tmp_path, attention=attention, layout=layout), precision=precision, device="cpu")
    generator = ModelGenerator(checkpoint, DecodingSettings(num_beams=beams))
    assert all(row and row[0].mean_log_probability < 0 for row in generator.generate(requests, questions_per_answer=2))
    questions = ["港口在哪裡？"] * len(requests)
    expected = exact.question_log_probabilities(requests, questions)
    found = generator.question_log_probabilities(requests, questions)
    assert found == pytest.approx(expected, abs=0.2)


def test_max_question_tokens_is_kept(tmp_path: Path) -> None:
    for beams in (1, 3):
        for row in generator_of(tmp_path, "prefix", "marked", num_beams=beams, max_question_tokens=4).generate(
            mixed_requests()
        ):
            assert all(len(q.text) <= 4 * 8 for q in row)
    long = generator_of(tmp_path, "prefix", "marked", max_question_tokens=999).generate(mixed_requests())
    assert all(row for row in long)  # the checkpoint's cap of 12 applies: no position is missing


def test_load_generator(tmp_path: Path) -> None:
    folder = save_tiny_checkpoint(tmp_path / "tiny", attention="prefix", layout="shared")
    generator = load_generator(model=folder, precision="bf16")
    assert (generator.name, generator.parameters) == ("tiny", 9093)
    assert generator.generate([request(PASSAGES[0], "林文海")])[0]
    with pytest.raises(UserError, match="--system"):
        load_generator(system="magic")


def test_a_record_has_decoding_settings_and_options_override_them(tmp_path: Path) -> None:
    folder = save_tiny_checkpoint(tmp_path / "tiny", attention="prefix", layout="marked")
    record = json.loads((folder / "qgkd.json").read_text("utf-8"))
    own = {"num_beams": 3, "no_repeat_ngram_tokens": 4}
    (folder / "qgkd.json").write_text(json.dumps({**record, "decoding": own}), encoding="utf-8")
    checkpoint = load_checkpoint(folder)
    assert decoding_of(checkpoint, {}) == DecodingSettings(num_beams=3, no_repeat_ngram_tokens=4)
    assert decoding_of(checkpoint, {"num_beams": 1}).no_repeat_ngram_tokens == 4
    sampling = decoding_of(checkpoint, {"sample": True})
    assert (sampling.sample, sampling.num_beams) == (True, 1)
    requests = mixed_requests()
    by_default = load_generator(model=folder).generate(requests)
    assert by_default == ModelGenerator(checkpoint, DecodingSettings(**own)).generate(requests)
    (folder / "qgkd.json").write_text(json.dumps({**record, "decoding": {"beams": 3}}), encoding="utf-8")
    with pytest.raises(UserError, match="unknown setting under decoding: beams"):
        load_generator(model=folder)


def test_an_unknown_system() -> None:
    with pytest.raises(UserError, match="--system"):
        load_generator(system="magic")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("settings", [{}, {"num_beams": 3}, {"sample": True, "top_k": 20}])
@pytest.mark.parametrize(("attention", "layout"), FORMATS)
def test_a_gpu_writes_the_questions_of_the_cpu(
    tmp_path: Path, attention: str, layout: str, settings: dict[str, object]
) -> None:
    requests = mixed_requests()
    expected = generator_of(tmp_path, attention, layout, **settings).generate(requests, questions_per_answer=2)
    checkpoint = tiny_checkpoint(tmp_path, attention=attention, layout=layout)
    generator = ModelGenerator(place(checkpoint, precision="fp32", device="cuda"), DecodingSettings(**settings))
    found = generator.generate(requests, questions_per_answer=2)
    same = [[q.text for q in a] == [q.text for q in b] for a, b in zip(found, expected, strict=True)]
    assert sum(same) >= 0.9 * len(same)  # a near tie may be decided otherwise
    values = generator.question_log_probabilities(requests, ["誰設計？"] * len(requests))
    cpu = generator_of(tmp_path, attention, layout).question_log_probabilities(requests, ["誰設計？"] * len(requests))
    assert values == pytest.approx(cpu, abs=1e-3)
