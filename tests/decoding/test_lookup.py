"""Decoding with drafts writes greedy decoding's questions, in fewer passes, whatever the drafts say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_decoding import ANSWERS, assert_same, sources_of
from test_model_generator import mixed_requests
from tiny_model import PASSAGES, tiny_bert, tiny_checkpoint

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.decoding.constraints import Constraints
from qgkd.decoding.drafts import Drafts
from qgkd.decoding.generator import ModelGenerator
from qgkd.decoding.greedy import Hypothesis, decode_rows
from qgkd.decoding.incremental_bert import IncrementalBert
from qgkd.decoding.lookup import LONGEST_DRAFT_TOKENS, decode_with_drafts
from qgkd.decoding.prefix import PrefixStepper
from qgkd.decoding.settings import DecodingSettings
from qgkd.model_input.source import PassageEncoder, Source

LAYOUTS = ("marked", "plain", "shared")
RULES: tuple[dict[str, object], ...] = (
    {},
    {"no_repeat_ngram_tokens": 2},
    {"no_splices": True, "min_question_tokens": 6},
    {"no_repeat_ngram_tokens": 1, "no_splices": True, "copied_from_id": 30},
)
STEPS = 12


class Guesses:
    """Drafts of given texts: what stands at the question's length, so that a known question is guessed whole."""

    def __init__(self, tokens: Sequence[int], wrong: Sequence[int] = ()) -> None:
        self.tokens = [(token + 7) % 40 + 6 if place in wrong else token for place, token in enumerate(tokens)]

    def after(self, question: Sequence[int], longest: int) -> tuple[int, ...]:
        return tuple(self.tokens[len(question) :][:longest])


class CountedPasses(PrefixStepper):
    passes = 0

    def verify(self, last_tokens: torch.Tensor | None, drafts: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        return super().verify(last_tokens, drafts)


def checkpoint_of(folder: Path, layout: str, seed: int = 0) -> Checkpoint:
    checkpoint = tiny_checkpoint(folder, attention="prefix", layout=layout)
    return replace(checkpoint, model=tiny_bert(checkpoint.model.config.vocab_size, seed=seed))


def stepper_of(checkpoint: Checkpoint, sources: Sequence[Source]) -> CountedPasses:
    tokenizer = checkpoint.tokenizer
    return CountedPasses(
        IncrementalBert(checkpoint.model), sources, tokenizer.mask_token_id, tokenizer.pad_token_id, STEPS,
        longest_draft=LONGEST_DRAFT_TOKENS,
    )  # fmt: skip


def greedy(checkpoint: Checkpoint, sources: Sequence[Source], settings: DecodingSettings) -> list[list[Hypothesis]]:
    rules = Constraints(checkpoint.tokenizer, sources, settings, checkpoint.model.config.vocab_size)
    with torch.inference_mode():
        return decode_rows(
            stepper_of(checkpoint, sources), rules, settings, request_count=len(sources), width=1, max_steps=STEPS
        )


def drafted(
    checkpoint: Checkpoint, sources: Sequence[Source], settings: DecodingSettings, drafts: Sequence, budget: int = 4096
) -> tuple[list[list[Hypothesis]], int]:
    rules = Constraints(checkpoint.tokenizer, sources, settings, checkpoint.model.config.vocab_size)
    stepper = stepper_of(checkpoint, sources)
    with torch.inference_mode():
        found = decode_with_drafts(stepper, rules, drafts, max_steps=STEPS, tokens_per_pass=budget)
    return found, stepper.passes


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_drafts_that_are_right_wrong_and_right_again_do_not_change_a_question(
    tmp_path: Path, layout: str, rules: dict[str, object]
) -> None:
    settings = DecodingSettings(**{"min_question_tokens": 2, **rules})
    draw = random.Random(str((layout, rules)))
    lengths = set()
    for seed in range(3):
        checkpoint = checkpoint_of(tmp_path, layout, seed)
        sources = sources_of(checkpoint)
        draw.shuffle(sources)
        sources.sort(key=lambda source: source.token_ids[: source.passage_length])  # `shared` needs neighbours
        expected = greedy(checkpoint, sources, settings)
        unruled = greedy(checkpoint, sources, DecodingSettings(min_question_tokens=1))
        for budget in ((20, 4096), (90,), (4096,))[seed]:
            drafts: list[object] = []
            for source, (own,), (free,) in zip(sources, expected, unruled, strict=True):
                wrong = [place for place in range(STEPS) if draw.random() < 0.3]
                tokens = (*own.token_ids, *(20,) * draw.randrange(4))  # a draft may go on behind the end
                kinds = [Guesses(tokens), Guesses(tokens, wrong), Guesses(free.token_ids), Guesses(())]
                drafts.append(draw.choice([*kinds, Drafts(checkpoint.tokenizer, source)]))
            found, _ = drafted(checkpoint, sources, settings, drafts, budget)
            assert_same(found, expected)
        assert [row[0].finished for row in found] == [row[0].finished for row in expected]
        lengths |= {len(row[0].token_ids) for row in expected}
    assert len(lengths) > 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_right_draft_of_eight_tokens_saves_eight_passes_of_nine(tmp_path: Path, layout: str) -> None:
    checkpoint, settings = checkpoint_of(tmp_path, layout), DecodingSettings(min_question_tokens=STEPS)
    for source in sources_of(checkpoint)[:3]:
        ((expected,),) = greedy(checkpoint, [source], settings)
        assert len(expected.token_ids) == STEPS
        found, passes = drafted(checkpoint, [source], settings, [Guesses(expected.token_ids)])
        assert_same(found, [[expected]])
        assert passes == 2  # 13 predictions: 9, then 4
        assert drafted(checkpoint, [source], settings, [Guesses(())])[1] == STEPS + 1
        assert (
            drafted(checkpoint, [source], settings, [Guesses(expected.token_ids, wrong=range(STEPS))])[1] == STEPS + 1
        )


def test_a_pass_keeps_to_its_budget(tmp_path: Path) -> None:
    checkpoint, settings = checkpoint_of(tmp_path, "marked"), DecodingSettings(min_question_tokens=STEPS)
    sources = sources_of(checkpoint)[:4]
    drafts = [Guesses(row[0].token_ids) for row in greedy(checkpoint, sources, settings)]
    passes = [drafted(checkpoint, sources, settings, drafts, budget)[1] for budget in (4, 8, 16, 24, 4096)]
    assert passes == [13, 13, 7, 5, 2]  # drafts of 0, 0, 1, 2 and 8 tokens


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_equal_tokens_both_choose_the_first(tmp_path: Path, layout: str) -> None:
    """Every second token is its neighbour's twin, with the same embedding and bias: their logits are equal."""
    settings = DecodingSettings(min_question_tokens=2, no_repeat_ngram_tokens=2)
    for seed in range(3):
        checkpoint = checkpoint_of(tmp_path, layout, seed)
        weights = checkpoint.model.bert.embeddings.word_embeddings.weight
        pairs = torch.arange(6, len(weights) - 1, 2)
        with torch.no_grad():
            weights[pairs + 1] = weights[pairs]
        sources = sources_of(checkpoint)
        expected = greedy(checkpoint, sources, settings)
        drafts = [Guesses([token ^ 1 for token in row[0].token_ids], wrong=()) for row in expected]
        assert_same(drafted(checkpoint, sources, settings, drafts)[0], expected)
        drafts = [Guesses(row[0].token_ids) for row in expected]
        assert_same(drafted(checkpoint, sources, settings, drafts)[0], expected)


def test_a_row_without_an_allowed_token_has_no_question(tmp_path: Path) -> None:
    """Its rules forbid everything in the middle of its draft; the other row goes on."""
    checkpoint = checkpoint_of(tmp_path, "marked")
    sources = sources_of(checkpoint)[:2]
    settings = DecodingSettings(min_question_tokens=5)

    class Blocked(Constraints):
        def apply(
            self, log_probabilities: torch.Tensor, requests: Sequence[int], questions: Sequence[Sequence[int]]
        ) -> torch.Tensor:
            allowed = super().apply(log_probabilities, requests, questions)
            for row, (request, question) in enumerate(zip(requests, questions, strict=True)):
                if request == 0 and len(question) == 3:
                    allowed[row] = -torch.inf
            return allowed

    expected = greedy(checkpoint, sources, settings)
    rules = Blocked(checkpoint.tokenizer, sources, settings, checkpoint.model.config.vocab_size)
    drafts = [Guesses(row[0].token_ids) for row in expected]
    with torch.inference_mode():
        found = decode_with_drafts(
            stepper_of(checkpoint, sources), rules, drafts, max_steps=STEPS, tokens_per_pass=4096
        )
    assert_same(found, [[], expected[1]])


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_generator_writes_the_same_questions_with_and_without_drafts(
    tmp_path: Path, layout: str, rules: dict[str, object]
) -> None:
    checkpoint = checkpoint_of(tmp_path, layout, seed=5)
    settings = DecodingSettings(**rules)
    with_drafts, without = (
        ModelGenerator(checkpoint, settings, drafts=drafts).generate(mixed_requests()) for drafts in (True, False)
    )
    assert [[q.text for q in row] for row in with_drafts] == [[q.text for q in row] for row in without]


def drafts_of(folder: Path, text: str, answer: str, layout: str, occurrence: int = 0):
    """A function from a question's start to the characters of its draft."""
    checkpoint = tiny_checkpoint(folder, attention="prefix", layout=layout)
    at = -1
    for _ in range(occurrence + 1):
        at = text.index(answer, at + 1)
    source = PassageEncoder(checkpoint.tokenizer, checkpoint.input_format, text).source(at, at + len(answer))
    tokenizer, drafts = checkpoint.tokenizer, Drafts(checkpoint.tokenizer, source)

    def after(question: str, longest: int = 8) -> str:
        ids = tokenizer.convert_tokens_to_ids(list(question))
        return "".join(tokenizer.convert_ids_to_tokens(list(drafts.after(ids, longest))))

    return after


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_draft_quotes_the_passage_and_asks_in_the_answers_place(tmp_path: Path, layout: str) -> None:
    text = "燈塔的北岸是港口，由林文海設計是的。他位於白沙灣的北岸。"
    after = drafts_of(tmp_path, text, "林文海", layout)
    assert after("") == after("，") == after("", longest=99)[:8]
    assert after("").startswith("由")
    assert "林文海" not in after("", longest=99)
    assert after("燈塔", longest=3) == "的北岸"
    assert after("燈", longest=0) == ""
    assert after("灣的北岸") == "。"  # not 是港口, which follows 燈塔的北岸
    assert after("誰的北岸").startswith("是港口")  # both places match as far: the nearer one
    assert after("少") in ("", "？")


def test_the_marked_occurrence_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    text = "港口有林文海設計的燈塔，白沙灣是林文海的。"
    for layout, starts in [("marked", "白沙灣是"), ("shared", "白沙灣是"), ("plain", "港口有")]:
        assert drafts_of(tmp_path, text, "林文海", layout, occurrence=1)("").startswith(starts)


def test_every_source_has_drafts(tmp_path: Path) -> None:
    """At the edges too: an answer that is the passage, an answer with unknown characters, a cut window."""
    for layout in LAYOUTS:
        checkpoint = tiny_checkpoint(tmp_path, attention="prefix", layout=layout, max_total_tokens=60)
        for passage in (*PASSAGES, "".join(PASSAGES) * 3):
            encoder = PassageEncoder(checkpoint.tokenizer, checkpoint.input_format, passage)
            for answer in (*ANSWERS, passage[:10]):
                if answer in passage:
                    at = passage.index(answer)
                    drafts = Drafts(checkpoint.tokenizer, encoder.source(at, at + len(answer)))
                    for question in ((), (20,), (1,), tuple(range(6, 18))):
                        draft = drafts.after(question, 8)
                        assert len(draft) <= 8
                        assert all(token >= 0 for token in draft)
