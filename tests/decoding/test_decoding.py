"""Decoding: packed = stepwise, cached = uncached, batched = single, recurrent = a plain loop; with random weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tiny_model import PASSAGES, tiny_checkpoint

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.masked_lm import mask_logits
from qgkd.decoding.beam import beam_search
from qgkd.decoding.constraints import Constraints
from qgkd.decoding.greedy import Hypothesis, decode_rows
from qgkd.decoding.incremental_bert import IncrementalBert
from qgkd.decoding.prefix import PrefixStepper
from qgkd.decoding.recurrent import RecurrentStepper
from qgkd.decoding.settings import DecodingSettings
from qgkd.model_input.batch import pad_rows
from qgkd.model_input.rows import packed_row
from qgkd.model_input.source import PassageEncoder, Source

FORMATS = [("prefix", "marked"), ("prefix", "plain"), ("prefix", "shared"), ("recurrent", "marked")]
PREFIX_FORMATS = FORMATS[:3]
ANSWERS = ("林文海", "1867年", "港務局", "三百人", "港", "龘龘", "《海》", "港口")
TOLERANCE = {"atol": 1e-5, "rtol": 1e-5}


def sources_of(checkpoint: Checkpoint) -> list[Source]:
    """Every occurrence of every answer in every passage, of many lengths."""
    sources = []
    for passage in PASSAGES:
        encoder = PassageEncoder(checkpoint.tokenizer, checkpoint.input_format, passage)
        for answer in ANSWERS:
            at = passage.find(answer)
            while at >= 0:
                sources.append(encoder.source(at, at + len(answer)))
                at = passage.find(answer, at + 1)
    assert len({len(source) for source in sources}) > 3
    return sources


class UncachedStepper:
    """Defines attention mode `prefix`: every step recomputes everything by transformers' own forward pass."""

    def __init__(self, checkpoint: Checkpoint, sources: Sequence[Source]) -> None:
        self.checkpoint, self.sources, self.width = checkpoint, list(sources), 1
        self.questions: list[tuple[int, ...]] = [() for _ in sources]

    def next_log_probabilities(self, last_tokens: torch.Tensor | None) -> torch.Tensor:
        if last_tokens is not None:
            self.questions = [(*q, t) for q, t in zip(self.questions, last_tokens.tolist(), strict=True)]
        tokenizer = self.checkpoint.tokenizer
        rows = [
            packed_row(
                [self.sources[index // self.width]], [(*question, tokenizer.sep_token_id)], tokenizer.mask_token_id
            )
            for index, question in enumerate(self.questions)
        ]
        logits = mask_logits(self.checkpoint.model, pad_rows(rows, tokenizer.pad_token_id))
        last = torch.tensor([len(question) + 1 for question in self.questions]).cumsum(0) - 1
        return torch.log_softmax(logits[last], dim=-1)

    def widen(self, width: int) -> None:
        self.width = width
        self.questions = [q for q in self.questions for _ in range(width)]

    def reorder(self, parents: torch.Tensor) -> None:
        self.questions = [self.questions[p] for p in parents.tolist()]

    def keep(self, wanted: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(wanted)


def cached_stepper(checkpoint: Checkpoint, sources: Sequence[Source]) -> PrefixStepper | RecurrentStepper:
    tokenizer = checkpoint.tokenizer
    if checkpoint.input_format.attention == "recurrent":
        return RecurrentStepper(checkpoint.model, sources, tokenizer.mask_token_id, tokenizer.pad_token_id)
    return PrefixStepper(
        IncrementalBert(checkpoint.model), sources, tokenizer.mask_token_id, tokenizer.pad_token_id, 12
    )


def search(checkpoint: Checkpoint, stepper, sources: Sequence[Source], beams: int) -> list[list[Hypothesis]]:
    settings = DecodingSettings(num_beams=beams, min_question_tokens=2)
    constraints = Constraints(checkpoint.tokenizer, sources, settings, checkpoint.model.config.vocab_size)
    with torch.inference_mode():
        if beams == 1:
            return decode_rows(stepper, constraints, settings, request_count=len(sources), width=1, max_steps=12)
        return beam_search(stepper, constraints, settings, width=beams, request_count=len(sources), max_steps=12)


def assert_same(found: list[list[Hypothesis]], expected: list[list[Hypothesis]]) -> None:
    assert [[h.token_ids for h in row] for row in found] == [[h.token_ids for h in row] for row in expected]
    for row, expected_row in zip(found, expected, strict=True):
        for hypothesis, other in zip(row, expected_row, strict=True):
            assert hypothesis.log_probability == pytest.approx(other.log_probability, abs=1e-4)
            assert hypothesis.mean_log_probability == pytest.approx(other.mean_log_probability, abs=1e-5)


@pytest.mark.parametrize("attn_implementation", ["sdpa", "eager"])
@pytest.mark.parametrize(("attention", "layout"), PREFIX_FORMATS)
def test_packed_row_equals_stepwise_rows(tmp_path: Path, attention: str, layout: str, attn_implementation: str) -> None:
    checkpoint = tiny_checkpoint(tmp_path, attention=attention, layout=layout, attn_implementation=attn_implementation)
    tokenizer = checkpoint.tokenizer
    sources = sources_of(checkpoint)
    targets = [(*tuple(range(10 + n, 14 + n + n % 4)), tokenizer.sep_token_id) for n in range(len(sources))]
    rows = [packed_row([s], [t], tokenizer.mask_token_id) for s, t in zip(sources, targets, strict=True)]
    with torch.inference_mode():
        packed = torch.log_softmax(mask_logits(checkpoint.model, pad_rows(rows, tokenizer.pad_token_id)), dim=-1)
        stepper = cached_stepper(checkpoint, sources)
        steps = [stepper.next_log_probabilities(None)]
        for step in range(1, max(map(len, targets))):
            given = [target[step - 1] if step <= len(target) else 0 for target in targets]
            steps.append(stepper.next_log_probabilities(torch.tensor(given)))
    at = 0
    for row, target in enumerate(targets):
        stepwise = torch.stack([steps[step][row] for step in range(len(target))])
        torch.testing.assert_close(packed[at : at + len(target)], stepwise, **TOLERANCE)
        at += len(target)
    assert at == len(packed)


def test_answers_packed_over_one_passage_equal_separate_rows(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path, attention="prefix", layout="shared")
    tokenizer = checkpoint.tokenizer
    encoder = PassageEncoder(tokenizer, checkpoint.input_format, PASSAGES[0])
    sources = [
        encoder.source(PASSAGES[0].find(a), PASSAGES[0].find(a) + len(a)) for a in ("林文海", "1867年", "港務局")
    ]
    targets = [(20, 21, 3), (22, 3), (23, 24, 25, 3)]
    mask_id, pad_id = tokenizer.mask_token_id, tokenizer.pad_token_id
    with torch.inference_mode():
        together = mask_logits(checkpoint.model, pad_rows([packed_row(sources, targets, mask_id)], pad_id))
        alone = [packed_row([s], [t], mask_id) for s, t in zip(sources, targets, strict=True)]
        apart = mask_logits(checkpoint.model, pad_rows(alone, pad_id))
    torch.testing.assert_close(together, apart, **TOLERANCE)


def test_rows_over_different_passages_are_not_packed_together(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path, attention="prefix", layout="marked")
    encoder = PassageEncoder(checkpoint.tokenizer, checkpoint.input_format, PASSAGES[0])
    with pytest.raises(ValueError, match="one shared window"):
        packed_row([encoder.source(0, 2), encoder.source(4, 9)], [(20, 3), (21, 3)], 4)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("attn_implementation", ["sdpa", "eager"])
@pytest.mark.parametrize(("attention", "layout"), PREFIX_FORMATS)
def test_cached_equals_uncached(
    tmp_path: Path, attention: str, layout: str, attn_implementation: str, beams: int
) -> None:
    checkpoint = tiny_checkpoint(tmp_path, attention=attention, layout=layout, attn_implementation=attn_implementation)
    sources = sources_of(checkpoint)
    cached = search(checkpoint, cached_stepper(checkpoint, sources), sources, beams)
    assert len({h.token_ids for row in cached for h in row}) > 4  # random weights give different questions
    assert_same(cached, search(checkpoint, UncachedStepper(checkpoint, sources), sources, beams))


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("attn_implementation", ["sdpa", "eager"])
@pytest.mark.parametrize(("attention", "layout"), FORMATS)
def test_batched_equals_single(
    tmp_path: Path, attention: str, layout: str, attn_implementation: str, beams: int
) -> None:
    checkpoint = tiny_checkpoint(tmp_path, attention=attention, layout=layout, attn_implementation=attn_implementation)
    sources = sources_of(checkpoint)
    batched = search(checkpoint, cached_stepper(checkpoint, sources), sources, beams)
    single = [search(checkpoint, cached_stepper(checkpoint, [s]), [s], beams)[0] for s in sources]
    assert_same(batched, single)


@pytest.mark.parametrize("layout", ["plain", "marked"])
def test_recurrent_equals_a_plain_loop(tmp_path: Path, layout: str) -> None:
    checkpoint = tiny_checkpoint(tmp_path, attention="recurrent", layout=layout)
    tokenizer, model = checkpoint.tokenizer, checkpoint.model
    sources = sources_of(checkpoint)
    found = search(checkpoint, cached_stepper(checkpoint, sources), sources, 1)
    forbidden = [*(i for i in tokenizer.all_special_ids if i != tokenizer.sep_token_id)]
    forbidden.append(tokenizer.convert_tokens_to_ids("[unused1]"))
    for source, (hypothesis,) in zip(sources, found, strict=True):
        question: list[int] = []
        total, finished = 0.0, False
        while len(question) <= 12 and not finished:
            ids = torch.tensor([[*source.token_ids, *question, tokenizer.mask_token_id]])
            types = torch.tensor([[*source.token_types, *[0] * (len(question) + 1)]])
            with torch.inference_mode():
                scores = model(input_ids=ids, token_type_ids=types).logits[0, -1].log_softmax(-1)
            ruled = scores.clone()
            ruled[forbidden] = -torch.inf
            if len(question) < 2:
                ruled[tokenizer.sep_token_id] = -torch.inf
            if question and _unknown_follows(source, question[-1], tokenizer.unk_token_id):
                ruled[tokenizer.unk_token_id] = scores[tokenizer.unk_token_id]
            best = int(ruled.argmax())
            finished = best == tokenizer.sep_token_id
            if len(question) == 12 and not finished:
                break
            total += float(scores[best])
            if not finished:
                question.append(best)
        assert hypothesis.token_ids == tuple(question)
        assert hypothesis.finished == finished
        assert hypothesis.log_probability == pytest.approx(total, abs=1e-4)


def _unknown_follows(source: Source, token: int, unk_id: int) -> bool:
    inside = range(1, source.token_ids.index(3, 1))
    return any(source.token_ids[at - 1] == token and source.token_ids[at] == unk_id for at in inside)


def test_a_beam_as_wide_as_the_vocabulary_finds_the_best_two_token_question(tmp_path: Path) -> None:
    """Checks the search by enumerating all questions of exactly one token."""
    checkpoint = tiny_checkpoint(tmp_path, attention="prefix", layout="marked")
    source = sources_of(checkpoint)[0]
    vocabulary = checkpoint.model.config.vocab_size
    settings = DecodingSettings(num_beams=vocabulary, min_question_tokens=1)
    constraints = Constraints(checkpoint.tokenizer, [source], settings, vocabulary)
    with torch.inference_mode():
        found = beam_search(
            cached_stepper(checkpoint, [source]), constraints, settings, width=vocabulary, request_count=1, max_steps=1
        )[0]
        reference = UncachedStepper(checkpoint, [source])
        first = constraints.apply(reference.next_log_probabilities(None), [0], [()])[0]
        scores = {}
        for token in range(vocabulary):
            if first[token] > -torch.inf and token != constraints.end_id:
                reference.questions = [()]
                end = reference.next_log_probabilities(torch.tensor([token]))[0, constraints.end_id]
                scores[token] = float(first[token] + end) / 2
    best = max(scores, key=scores.__getitem__)
    assert found[0].token_ids == (best,)
    assert found[0].mean_log_probability == pytest.approx(scores[best], abs=1e-5)


def test_beams_find_at_least_what_greedy_finds_on_average(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path, attention="prefix", layout="marked")
    sources = sources_of(checkpoint)
    greedy = search(checkpoint, cached_stepper(checkpoint, sources), sources, 1)
    beams = search(checkpoint, cached_stepper(checkpoint, sources), sources, 5)
    assert sum(r[0].mean_log_probability for r in beams) >= sum(r[0].mean_log_probability for r in greedy)
