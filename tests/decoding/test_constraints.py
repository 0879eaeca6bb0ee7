"""Decoding constraints: which tokens are forbidden, and that every search obeys."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from tiny_model import PASSAGES, tiny_checkpoint

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.decoding.beam import beam_search
from qgkd.decoding.constraints import Constraints, never_generated
from qgkd.decoding.greedy import Hypothesis, decode_rows
from qgkd.decoding.settings import DecodingSettings
from qgkd.decoding.splices import Splices
from qgkd.errors import UserError
from qgkd.model_input.source import PassageEncoder, Source

UNK, SEP = 1, 3


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return tiny_checkpoint(tmp_path_factory.mktemp("model"), attention="prefix", layout="marked")


def source_of(checkpoint: Checkpoint, text: str = PASSAGES[3]) -> Source:
    return PassageEncoder(checkpoint.tokenizer, checkpoint.input_format, text).source(0, 2)


class FixedStepper:
    """A stepper that gives every row the same scores at a step, whichever tokens were chosen."""

    def __init__(self, steps: list[torch.Tensor], requests: int = 1) -> None:
        self.steps, self.rows, self.done = steps, requests, 0

    def next_log_probabilities(self, last_tokens: torch.Tensor | None) -> torch.Tensor:
        assert (last_tokens is None) == (self.done == 0)
        self.done += 1
        return self.steps[self.done - 1].log_softmax(-1).expand(self.rows, -1).clone()

    def widen(self, width: int) -> None:
        self.rows *= width

    def reorder(self, parents: torch.Tensor) -> None:
        assert parents.shape == (self.rows,)

    def keep(self, wanted: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(wanted)


def scores(vocabulary: int, **likely: float) -> torch.Tensor:
    """Zeros except at the tokens named `t12` and so on."""
    values = torch.zeros(vocabulary)
    for name, value in likely.items():
        values[int(name[1:])] = value
    return values


def decode(
    checkpoint: Checkpoint, steps: list[torch.Tensor], width: int = 1, text: str = PASSAGES[3], **settings: object
) -> list[Hypothesis]:
    options = DecodingSettings(num_beams=width, **settings)
    constraints = Constraints(checkpoint.tokenizer, [source_of(checkpoint, text)], options, len(steps[0]))
    search = {"request_count": 1, "width": width, "max_steps": len(steps) - 1}
    if width == 1:
        return decode_rows(FixedStepper(steps), constraints, options, **search)[0]
    return beam_search(FixedStepper(steps), constraints, options, **search)[0]


def test_special_and_unused_tokens_are_never_generated(checkpoint: Checkpoint) -> None:
    banned = never_generated(checkpoint.tokenizer, len(checkpoint.tokenizer) + 7)
    names = checkpoint.tokenizer.convert_ids_to_tokens(range(len(checkpoint.tokenizer)))
    forbidden = {name for name, no in zip(names, banned.tolist(), strict=False) if no}
    assert forbidden == {"[PAD]", "[UNK]", "[CLS]", "[MASK]", "[unused1]"}
    assert banned[len(checkpoint.tokenizer) :].all()  # logits without a token
    assert not banned[SEP]


@pytest.mark.parametrize("width", [1, 3])
def test_likely_forbidden_tokens_are_not_generated(checkpoint: Checkpoint, width: int) -> None:
    vocabulary = len(checkpoint.tokenizer)
    step = scores(vocabulary, t0=50, t1=40, t2=30, t4=20, t5=10, t20=5, t21=4, t22=3)
    for hypothesis in decode(checkpoint, [step] * 4, width, text="港口"):
        assert set(hypothesis.token_ids) <= {20, 21, 22}


@pytest.mark.parametrize("width", [1, 3])
def test_minimum_length(checkpoint: Checkpoint, width: int) -> None:
    step = scores(len(checkpoint.tokenizer), t3=20, t20=5)
    for minimum in (1, 2, 4):
        found = decode(checkpoint, [step] * 6, width, min_question_tokens=minimum)
        assert found[0].finished
        assert min(len(h.token_ids) for h in found) == minimum


def test_no_question_is_empty() -> None:
    with pytest.raises(UserError, match="min_question_tokens must be at least 1"):
        DecodingSettings(min_question_tokens=0)


def ngrams(tokens: tuple[int, ...], size: int) -> list[tuple[int, ...]]:
    return [tokens[at : at + size] for at in range(len(tokens) - size + 1)]


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_ngram_twice(checkpoint: Checkpoint, size: int, width: int) -> None:
    step = scores(len(checkpoint.tokenizer), t20=20, t21=19, t22=15)
    free = decode(checkpoint, [step] * 10, width)
    assert any(len(set(ngrams(h.token_ids, size))) < len(ngrams(h.token_ids, size)) for h in free)
    for hypothesis in decode(checkpoint, [step] * 10, width, no_repeat_ngram_tokens=size):
        assert len(set(ngrams(hypothesis.token_ids, size))) == len(ngrams(hypothesis.token_ids, size))


def test_ngrams_may_overlap_themselves_but_not_repeat(checkpoint: Checkpoint) -> None:
    """aaa contains the bigram aa twice: after `aa` a third a is forbidden."""
    step = scores(len(checkpoint.tokenizer), t20=20, t21=5)
    (found,) = decode(checkpoint, [step] * 7, no_repeat_ngram_tokens=2)
    assert found.token_ids[:4] == (20, 20, 21, 20)


@pytest.mark.parametrize(("text", "times"), [("港口的孩子，港口。", 2), ("港口。", 1), ("港，口。", 1)])
def test_a_quotation_may_repeat_what_the_passage_repeats(checkpoint: Checkpoint, text: str, times: int) -> None:
    harbour, mouth, child = checkpoint.tokenizer.convert_tokens_to_ids(["港", "口", "孩"])
    size = len(checkpoint.tokenizer)
    cycle = [scores(size, **{f"t{one}": 30, f"t{child}": 20}) for one in (harbour, mouth)]
    (found,) = decode(checkpoint, cycle * 4, text=text, no_repeat_ngram_tokens=2)
    assert ngrams(found.token_ids, 2).count((harbour, mouth)) == times


@pytest.mark.parametrize("width", [1, 3])
def test_rare_tokens_are_only_copied(checkpoint: Checkpoint, width: int) -> None:
    harbour, mouth, child = checkpoint.tokenizer.convert_tokens_to_ids(["港", "口", "孩"])
    step = scores(len(checkpoint.tokenizer), **{f"t{child}": 30, f"t{harbour}": 20, f"t{mouth}": 10})
    free = decode(checkpoint, [step] * 3, width, text="港口。")
    bound = decode(checkpoint, [step] * 3, width, text="港口。", copied_from_id=min(harbour, mouth, child))
    assert {free[0].token_ids[0], bound[0].token_ids[0]} == {child, harbour}
    above = decode(checkpoint, [step] * 3, width, text="港口。", copied_from_id=child + 1)
    assert above[0].token_ids[0] == child


def test_a_quotation_continues_at_its_place(checkpoint: Checkpoint) -> None:
    """The passage contains 局的職員 and 灣的北岸: 局的北 would be a splice, 局的船 is the model's own word."""
    ids = checkpoint.tokenizer.convert_tokens_to_ids
    splices = Splices(source_of(checkpoint, PASSAGES[0]), checkpoint.tokenizer.all_special_ids)
    assert splices.after(ids(["局", "的"])) == ids(["北"])
    assert splices.after(ids(["灣", "的"])) == ids(["職"])
    assert splices.after(ids(["文", "海"])) == []  # both continuations follow 文海
    assert splices.after(ids(["師", "林", "文", "海"])) == ids(["是"])  # three tokens decide which
    assert splices.after(ids(["誰", "林", "文", "海"])) == []
    assert splices.after(ids(["誰", "的"])) == []  # not a quotation
    assert splices.after(ids(["的"])) == []


def test_unknown_characters_are_not_quoted(checkpoint: Checkpoint) -> None:
    ids = checkpoint.tokenizer.convert_tokens_to_ids
    splices = Splices(source_of(checkpoint, "龘的海，龘的人，茶的糖。"), checkpoint.tokenizer.all_special_ids)
    assert splices.after([UNK, *ids(["的"])]) == []
    assert splices.after(ids(["茶", "的"])) == sorted(ids(["海", "人"]))  # and not [SEP], which ends the answer 龘的


@pytest.mark.parametrize("width", [1, 3])
def test_searches_avoid_splices(checkpoint: Checkpoint, width: int) -> None:
    bureau, of, north, staff = checkpoint.tokenizer.convert_tokens_to_ids(["局", "的", "北", "職"])
    size = len(checkpoint.tokenizer)
    steps = [scores(size, **{f"t{bureau}": 30}), scores(size, **{f"t{of}": 30})]
    steps += [scores(size, **{f"t{north}": 30, f"t{staff}": 20}), scores(size, t3=30)]
    free = decode(checkpoint, steps, width, text=PASSAGES[0])
    bound = decode(checkpoint, steps, width, text=PASSAGES[0], no_splices=True)
    assert free[0].token_ids == (bureau, of, north)
    assert bound[0].token_ids == (bureau, of, staff)


def test_unk_only_after_a_token_that_precedes_an_unknown_character(checkpoint: Checkpoint) -> None:
    """詩人龘龘在1902年…: [UNK] may follow 人 and [UNK], nothing else."""
    tokenizer = checkpoint.tokenizer
    source = source_of(checkpoint)
    constraints = Constraints(tokenizer, [source, source_of(checkpoint, "港口")], DecodingSettings(), len(tokenizer))
    flat = torch.zeros(5, len(tokenizer))
    person, poem = tokenizer.convert_tokens_to_ids(["人", "詩"])
    questions = [(), (poem,), (poem, person), (person, UNK), (person,)]
    allowed = constraints.apply(flat, [0, 0, 0, 0, 1], questions)
    assert torch.isfinite(allowed[:, UNK]).tolist() == [False, False, True, True, False]


@pytest.mark.parametrize("width", [1, 3])
def test_a_row_without_an_allowed_token_is_dropped(checkpoint: Checkpoint, width: int) -> None:
    """Only [UNK] has any probability, and the passage has no unknown character."""
    impossible = torch.full((len(checkpoint.tokenizer),), -torch.inf)
    impossible[UNK] = 0.0
    fine = scores(len(checkpoint.tokenizer), t20=5)
    assert decode(checkpoint, [impossible] * 3, width, text="港口") == []
    assert decode(checkpoint, [fine, impossible, fine], width, text="港口") == []


def test_a_request_without_questions_does_not_affect_others(checkpoint: Checkpoint) -> None:
    vocabulary = len(checkpoint.tokenizer)

    class Half(FixedStepper):
        def next_log_probabilities(self, last_tokens: torch.Tensor | None) -> torch.Tensor:
            found = super().next_log_probabilities(last_tokens)
            found[: len(found) // 2] = -torch.inf
            return found

    for width in (1, 3):
        options = DecodingSettings(num_beams=width)
        sources = [source_of(checkpoint), source_of(checkpoint)]
        constraints = Constraints(checkpoint.tokenizer, sources, options, vocabulary)
        steps = [scores(vocabulary, t20=3, t21=2)] * 3 + [scores(vocabulary, t3=9)]
        search = {"request_count": 2, "width": width, "max_steps": 3}
        run = decode_rows if width == 1 else beam_search
        dead, alive = run(Half(steps, requests=2), constraints, options, **search)
        assert dead == []
        assert alive[0].finished
        assert len(alive) == width


@pytest.mark.parametrize("width", [1, 2])
def test_a_question_at_the_cap_is_unfinished_unless_sep_comes_next(checkpoint: Checkpoint, width: int) -> None:
    vocabulary = len(checkpoint.tokenizer)
    going_on = scores(vocabulary, t20=9, t21=5)
    (cut, *_) = decode(checkpoint, [going_on] * 5, width)
    assert not cut.finished
    assert cut.token_ids == (20,) * 4
    assert cut.mean_log_probability == pytest.approx(cut.log_probability / 4)
    (whole, *_) = decode(checkpoint, [*[going_on] * 4, scores(vocabulary, t3=9)], width)
    assert whole.finished
    assert whole.token_ids == (20,) * 4
    assert whole.mean_log_probability == pytest.approx(whole.log_probability / 5)


def test_beams_are_ordered_by_length_normalised_score(checkpoint: Checkpoint) -> None:
    vocabulary = len(checkpoint.tokenizer)
    steps = [scores(vocabulary, t20=6, t21=5.9, t3=7)] * 8
    for penalty in (0.0, 1.0, 2.0):
        found = decode(checkpoint, steps, width=4, length_penalty=penalty, min_question_tokens=1)
        ranks = [h.log_probability / (len(h.token_ids) + 1) ** penalty for h in found]
        assert ranks == sorted(ranks, reverse=True)
        assert len({h.token_ids for h in found}) == len(found) == 4


def test_more_beams_than_tokens(checkpoint: Checkpoint) -> None:
    """Beams wider than the vocabulary find all allowed questions, each once."""
    vocabulary = len(checkpoint.tokenizer)
    step = torch.full((vocabulary,), -torch.inf)
    step[torch.tensor([20, 21, SEP])] = 0.0
    found = decode(checkpoint, [step] * 4, width=vocabulary + 20, min_question_tokens=2)
    finished = {h.token_ids for h in found}
    assert len(finished) == len(found) == 2**2 + 2**3
    assert all(set(tokens) <= {20, 21} and len(tokens) in (2, 3) for tokens in finished)


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_beams": 0},
        {"sample": True, "sampling_temperature": 0.0},
        {"sample": True, "top_k": -1},
        {"sample": True, "top_p": 0.0},
        {"sample": True, "top_p": 1.5},
        {"max_question_tokens": 0},
        {"max_question_tokens": 2},  # below the minimum of 3: no question could end
        {"no_repeat_ngram_tokens": -1},
        {"sample": True, "num_beams": 2},
        {"top_k": 5},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError):
        DecodingSettings(**wrong)


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DecodingSettings().num_beams = 3  # type: ignore[misc]
