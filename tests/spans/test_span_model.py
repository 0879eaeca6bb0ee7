"""The span model in use: windows, both heads, proposals without overlap, answers read at their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny_model import PASSAGES, tiny_tokenizer

from qgkd.answer import AnswerType
from qgkd.answers.propose import propose_answers
from qgkd.answers.span_candidates import span_candidates
from qgkd.checkpoints.lean_bert import LeanConfig
from qgkd.errors import UserError
from qgkd.model_input.tokens import tokenize
from qgkd.model_input.window import Window
from qgkd.question_forms.passage import Passage
from qgkd.quiz.make import make_quiz
from qgkd.rule.generator import RuleGenerator
from qgkd.spans.network import SpanNetwork, read_span_network
from qgkd.spans.propose import ProposedBy, learnt_answers, propose, settled
from qgkd.spans.reading import ReadAnswer, Reading, WindowLogits
from qgkd.spans.rows import pad_span_rows, question_row, window_row
from qgkd.spans.span_model import SpanFormat, SpanModel, load_span_model, special_ids
from qgkd.spans.windows import place_candidates, span_windows
from qgkd.text.script import to_simplified_aligned

CONTEXT = PASSAGES[0]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def network(tokenizer: Any) -> SpanNetwork:
    torch.manual_seed(1)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    made = SpanNetwork(LeanConfig(vocab_size=len(tokenizer), max_position_embeddings=160, type_vocab_size=2, **sizes))
    for weights in made.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    return made.eval()


@pytest.fixture(scope="module")
def model(network: SpanNetwork, tokenizer: Any) -> SpanModel:
    return SpanModel(network, tokenizer, SpanFormat(max_total_tokens=64, max_question_tokens=12, max_answer_tokens=9))


def test_windows_cover_the_text_and_hold_each_candidate_once(tokenizer: Any) -> None:
    context = "".join(PASSAGES[:2]) * 2
    tokens, candidates = tokenize(tokenizer, context), span_candidates(context)
    windows = span_windows(tokens, 40)
    assert len(windows) > 3
    assert all(len(window) <= 40 for window in windows)
    placed = place_candidates(candidates, tokens, windows)
    assert len(set(placed.candidates.tolist())) == len(placed)
    for number, window, first, last in zip(
        placed.candidates, placed.windows, placed.first_tokens, placed.last_tokens, strict=True
    ):
        span = tokens.token_range(int(candidates.start_chars[number]), int(candidates.end_chars[number]))
        assert span == (first, last + 1)
        assert windows[window].holds(span)
        nearest = min(abs(w.start_token + w.end_token - sum(span)) for w in windows if w.holds(span))
        assert abs(windows[window].start_token + windows[window].end_token - sum(span)) == nearest
    held = [n for n in range(len(candidates)) if any(
        w.holds(tokens.token_range(int(candidates.start_chars[n]), int(candidates.end_chars[n]))) for w in windows
    )]  # fmt: skip
    assert sorted(placed.candidates.tolist()) == held


def test_padding_does_not_matter(network: SpanNetwork, tokenizer: Any) -> None:
    special = special_ids(tokenizer)
    short, long = (tokenize(tokenizer, text).ids for text in ("燈塔高42公尺。", CONTEXT))
    rows = [window_row(short, special), question_row(short[:4], long, special)]
    spans, features = np.asarray([[0, 1, 3], [1, 9, 12]]), np.asarray([[1, 2, 1, 3, 4, 0]] * 2, np.uint8)
    together = network(pad_span_rows(rows, special.pad_id, spans, features))
    alone = [network(pad_span_rows([row], special.pad_id, span[None] * (0, 1, 1), features[:1]))
             for row, span in zip(rows, spans, strict=True)]  # fmt: skip
    for place, one in enumerate(alone):
        torch.testing.assert_close(together.span_scores[place : place + 1], one.span_scores, rtol=1e-4, atol=1e-5)
        own = together.answer_logits[place : place + 1, : len(rows[place])]
        torch.testing.assert_close(own, one.answer_logits, rtol=1e-4, atol=1e-5)


def test_an_answer_lies_in_the_window(network: SpanNetwork, tokenizer: Any) -> None:
    special, ids = special_ids(tokenizer), tokenize(tokenizer, CONTEXT).ids
    logits = network(pad_span_rows([question_row(ids[:5], ids, special)], special.pad_id)).answer_logits[0]
    is_possible = logits[:, 0] > torch.finfo(logits.dtype).min
    assert is_possible.tolist() == [True, *[False] * 6, *[True] * len(ids), False]


def test_proposals_are_apart_typed_and_at_their_places(model: SpanModel) -> None:
    for context in (*PASSAGES, "".join(PASSAGES) * 3):
        answers = learnt_answers(model, context)
        assert answers
        scores = [answer.score for answer in answers]
        assert scores == sorted(scores, reverse=True)
        assert len({answer.text for answer in answers}) == len(answers)
        taken = [place for answer in answers for place in range(answer.start_char, answer.end_char)]
        assert len(taken) == len(set(taken))
        for answer in answers:
            answer.check(context)
            assert answer.type is not None
        assert learnt_answers(model, context, limit=2) == answers[:2]
    assert learnt_answers(model, "。") == []


def test_what_people_ask_about_comes_first(model: SpanModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is the scores' alone; a heading's answers come behind those of sentences."""
    context = "林文海與港務局\n" + CONTEXT
    wanted = [(context.index("1867年"), 5), (0, 3)]

    def scores_of(text: str, candidates: Any) -> Any:
        scores = np.full(len(candidates), -20, np.float32)
        for place, (start, end) in enumerate(zip(candidates.start_chars, candidates.end_chars, strict=True)):
            if (start, end - start) in wanted:
                scores[place] = 3.0 + (start == 0)
        return scores

    monkeypatch.setattr(model, "candidate_scores", scores_of)
    answers = learnt_answers(model, context)
    assert [(answer.text, answer.type) for answer in answers] == [
        ("1867年", AnswerType.DATE),
        ("林文海", AnswerType.PERSON),
    ]
    assert answers[0].score == -1.0
    assert answers[1].score == -10.0


def test_simplified_text_is_read_as_traditional(model: SpanModel) -> None:
    simplified = to_simplified_aligned(CONTEXT)
    assert simplified != CONTEXT
    question = "燈塔由誰設計？"
    readings = model.read([(question, CONTEXT), (to_simplified_aligned(question), simplified)])
    best = [reading.best() for reading in readings]
    assert best[0].score == pytest.approx(best[1].score, abs=1e-4)
    assert best[0].answer is not None
    assert best[1].answer is not None
    assert best[1].answer.text == simplified[best[0].answer.start_char : best[0].answer.end_char]
    scores = [model.candidate_scores(text, span_candidates(CONTEXT)) for text in (CONTEXT, simplified)]
    np.testing.assert_allclose(*scores, atol=1e-4)


def test_questions_read_together_are_read_as_alone(model: SpanModel) -> None:
    pairs = [("燈塔高多少？", context) for context in (*PASSAGES, "".join(PASSAGES) * 3)] + [("", CONTEXT)]
    for pair, reading in zip(pairs, model.read(pairs), strict=True):
        alone = model.read([pair])[0].best()
        assert reading.best().answer == alone.answer
        assert reading.best().score == pytest.approx(alone.score, abs=1e-4)
    assert model.read([("誰？", "")])[0].best().accepted is None


def test_best_answer_of_two_windows(tokenizer: Any) -> None:
    tokens = tokenize(tokenizer, CONTEXT)
    zeros = np.zeros(20, np.float32)

    def logits(window: Window, no_answer: float, first: int, last: int, score: float) -> WindowLogits:
        start, end = zeros.copy(), zeros.copy()
        start[first], end[last] = score, score
        return WindowLogits(window=window, no_answer=no_answer, start=start, end=end)

    windows = [logits(Window(0, 20), 6.0, 2, 4, 4.0), logits(Window(10, 30), -1.0, 3, 6, 2.5)]
    reading = Reading(context=CONTEXT, tokens=tokens, windows=windows, max_answer_tokens=5)
    best = reading.best()
    start, end = tokens.start_chars[13], tokens.end_chars[16]
    assert best.answer is not None
    assert (best.answer.start_char, best.answer.end_char) == (start, end)
    assert best.score == 6.0  # 2.5 + 2.5 + 1; the other window's is 4 + 4 - 6
    assert best.accepted == best.answer
    assert reading.score_of(start, end) == 6.0
    assert reading.score_of(tokens.start_chars[2], tokens.end_chars[4]) == 2.0
    assert reading.score_of(tokens.start_chars[5], tokens.end_chars[29]) == -np.inf  # in no window
    short = Reading(context=CONTEXT, tokens=tokens, windows=windows[1:], max_answer_tokens=3)
    assert short.best().score == 3.5  # the four tokens are too many
    refused = Reading(
        context=CONTEXT, tokens=tokens, windows=[logits(Window(0, 20), 20.0, 2, 4, 4.0)], max_answer_tokens=5
    )
    assert refused.best().score == -12.0
    assert refused.best().accepted is None


def save(folder: Path, network: SpanNetwork, tokenizer: Any) -> Path:
    """A folder as a training run writes it, in half precision."""
    tokenizer.save_pretrained(folder)
    config = {"vocab_size": len(tokenizer), "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
              "intermediate_size": 32, "max_position_embeddings": 160, "type_vocab_size": 2}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    record = {"spans": SpanFormat(max_total_tokens=64, max_question_tokens=12).to_json(), "script": "traditional"}
    (folder / "qgkd.json").write_text(json.dumps(record), "utf-8")
    save_file({name: each.half() for name, each in network.state_dict().items()}, folder / "model.safetensors")
    return folder


def test_a_folder_is_loaded_once_and_a_damaged_one_is_reported(
    tmp_path: Path, network: SpanNetwork, tokenizer: Any
) -> None:
    folder = save(tmp_path, network, tokenizer)
    loaded = load_span_model(str(folder))
    assert load_span_model(str(folder)) is loaded
    assert propose_texts(learnt_answers(loaded, CONTEXT))
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match="expected a span model"):
        read_span_network(folder)
    (folder / "qgkd.json").write_text("{}", "utf-8")
    load_span_model.cache_clear()
    with pytest.raises(UserError, match="expected a span model"):
        load_span_model(str(folder))


def propose_texts(answers: list[Any]) -> list[str]:
    return [answer.text for answer in answers]


def test_who_proposes(tmp_path: Path, network: SpanNetwork, tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settled() is ProposedBy.RULES  # no weights
    assert propose(CONTEXT) == propose_answers(CONTEXT)
    with pytest.raises(UserError, match="--answers rules"):
        propose(CONTEXT, by="learnt")
    with pytest.raises(UserError, match="`learnt` or `rules`"):
        settled("rule")
    folder = save(tmp_path, network, tokenizer)
    monkeypatch.setattr("qgkd.checkpoints.packaged_model.packaged_span_model", lambda: folder)
    load_span_model.cache_clear()
    assert settled() is ProposedBy.LEARNT
    learnt = propose(CONTEXT)
    assert learnt == learnt_answers(load_span_model(str(folder)), CONTEXT)
    assert propose(CONTEXT, by="rules", limit=2) == propose_answers(CONTEXT, limit=2) != learnt[:2]
    assert make_quiz(RuleGenerator(), CONTEXT, count=2).proposals == tuple(learnt)


def test_an_option_that_the_reader_accepts_is_no_wrong_one(
    tmp_path: Path, network: SpanNetwork, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    passage, question = Passage("p", CONTEXT), "誰設計了燈塔？"
    assert not passage.reader_accepts(question, "林文海")  # no weights
    folder = save(tmp_path, network, tokenizer)
    monkeypatch.setattr("qgkd.checkpoints.packaged_model.packaged_span_model", lambda: folder)
    load_span_model.cache_clear()
    for score, accepted in ((9.0, True), (-1.0, False)):
        monkeypatch.setattr(Reading, "best", lambda self: ReadAnswer(answer=None, score=9.5))
        monkeypatch.setattr(Reading, "score_of", lambda self, start, end, score=score: score)
        assert passage.reader_accepts(question, "林文海") is accepted
    assert not passage.reader_accepts(question, "不在文中")
