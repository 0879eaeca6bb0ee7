"""Sources: types and positions of every layout, the right occurrence, the limits."""

from __future__ import annotations

import random

import pytest
from tiny_model import PASSAGES

from qgkd.errors import UserError
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.source import PassageEncoder, Source, question_target
from qgkd.model_input.window import Window

LAYOUTS = ("plain", "marked", "shared")
LIMITS = {"max_total_tokens": 160, "max_question_tokens": 12, "max_answer_tokens": 10}


def encoder(tokenizer, text: str, layout: str = "marked", **limits: object) -> PassageEncoder:
    return PassageEncoder(tokenizer, InputFormat(attention="prefix", layout=layout, **{**LIMITS, **limits}), text)


def tokens_of(tokenizer, source: Source) -> list[str]:
    return tokenizer.convert_ids_to_tokens(list(source.token_ids))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_types_and_positions(tokenizer, layout: str) -> None:
    source = encoder(tokenizer, "由林文海設計", layout).source(1, 4)
    assert tokens_of(tokenizer, source) == [
        "[CLS]",
        "由",
        "林",
        "文",
        "海",
        "設",
        "計",
        "[SEP]",
        "林",
        "文",
        "海",
        "[SEP]",
    ]
    assert (
        source.token_types
        == {
            "plain": (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1),
            "marked": (0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1),
            "shared": (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1),
        }[layout]
    )
    assert source.positions == ((*range(8), 2, 3, 4, 8) if layout == "shared" else tuple(range(12)))
    assert source.question_position == (9 if layout == "shared" else 12)
    assert source.passage_length == (8 if layout == "shared" else 12)
    assert source.start_chars == (-1, 0, 1, 2, 3, 4, 5, -1, -1, -1, -1, -1)
    assert source.end_chars == (-1, 1, 2, 3, 4, 5, 6, -1, -1, -1, -1, -1)
    assert source.window == Window(0, 6)
    assert not source.context_was_cut


def test_the_source_ends_before_a_fixed_question_position(tokenizer) -> None:
    source = encoder(tokenizer, PASSAGES[0] * 20, question_position=100).source(0, 2)
    assert source.question_position == 100
    assert max(source.positions) < 100
    with pytest.raises(UserError, match="question_position"):
        InputFormat(question_position=480)
    with pytest.raises(UserError, match="whole number"):
        InputFormat(question_position=0)


def test_repeated_answers_are_distinguished(tokenizer) -> None:
    text = PASSAGES[0]
    first = text.index("林文海")
    second = text.index("林文海", first + 1)
    for layout in LAYOUTS:
        passage = encoder(tokenizer, text, layout)
        a, b = passage.source(first, first + 3), passage.source(second, second + 3)
        assert a.token_ids == b.token_ids
        if layout == "plain":
            assert a == b
        if layout == "marked":
            marked = [i for i, kind in enumerate(b.token_types[: len(b.window) + 1]) if kind]
            assert [b.start_chars[i] for i in marked] == [second, second + 1, second + 2]
        if layout == "shared":
            at = b.start_chars.index(second)
            assert b.positions[b.passage_length :][:3] == (at, at + 1, at + 2)
            assert a.positions[: a.passage_length] == b.positions[: b.passage_length]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_answer_inside_a_word_piece(tokenizer, layout: str) -> None:
    """The answer is 67 of 1867 (18 ##67): the word piece that contains it is marked."""
    text = "建於1867年"
    source = encoder(tokenizer, text, layout).source(4, 6)
    piece = tokens_of(tokenizer, source).index("##67")
    if layout == "marked":
        assert [i for i, kind in enumerate(source.token_types[: len(source.window) + 1]) if kind] == [piece]
    if layout == "shared":
        assert set(source.positions[source.passage_length : -1]) == {piece}
    assert len(source.token_ids) > source.window.end_token + 3


def test_impossible_answers_are_refused(tokenizer) -> None:
    passage = encoder(tokenizer, "港口 \u200b燈塔，建\u200b於1867年。" + "港" * 20)
    with pytest.raises(UserError, match="at most 10 tokens, found 11"):
        passage.source(17, 28)
    for start, end in [(2, 3), (2, 4), (8, 9)]:  # a space, a space and a zero-width one, one inside a sentence
        with pytest.raises(UserError, match="no visible character"):
            passage.source(start, end)
    for start, end in [(5, 5), (6, 5), (-3, 2), (30, 100)]:
        with pytest.raises(UserError, match="inside the passage"):
            passage.source(start, end)
    for empty in ("", "  \n "):
        with pytest.raises(UserError):
            encoder(tokenizer, empty).source(0, 1)


def test_a_zero_width_character_is_refused_as_an_answer(tokenizer) -> None:
    with pytest.raises(UserError, match="no visible character"):
        encoder(tokenizer, "New Yo\u200brk的港口").source(6, 7)


def test_300_characters_are_refused_in_one_sentence(tokenizer) -> None:
    with pytest.raises(UserError) as refusal:
        encoder(tokenizer, "港" * 400, max_answer_tokens=64, max_total_tokens=512).source(10, 310)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 150


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("question_position", [None, 90])
def test_the_total_is_never_exceeded(tokenizer, layout: str, question_position: int | None) -> None:
    draw = random.Random(3)
    pool = "港口燈塔林文海1867 New York龘。，\n"
    for _ in range(60):
        text = "".join(draw.choices(pool, k=draw.randrange(1, 500)))
        passage = encoder(tokenizer, text, layout, question_position=question_position)
        for _ in range(5):
            start = draw.randrange(len(text))
            end = min(len(text), start + draw.randrange(1, 12))
            try:
                source = passage.source(start, end)
            except UserError:
                continue
            last = source.question_position + LIMITS["max_question_tokens"]  # where [SEP] is predicted
            assert last < LIMITS["max_total_tokens"]
            assert max(source.positions) < source.question_position
            if layout != "shared":
                assert len(source) + LIMITS["max_question_tokens"] + 1 <= LIMITS["max_total_tokens"]
            assert len({len(source.token_ids), len(source.token_types), len(source.positions)}) == 1
            assert len(source.token_ids) == len(source.start_chars) == len(source.end_chars)
            covered = {c for s, e in zip(source.start_chars, source.end_chars, strict=True) for c in range(s, e)}
            wanted = {c for c in range(start, end) if text[c] not in " \n"}
            assert wanted <= covered
            assert source.context_was_cut == (len(source.window) < len(passage.tokens))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_long_passage_is_cut_and_marked_as_cut(tokenizer, layout: str) -> None:
    text = "".join(PASSAGES) * 10
    at = text.index("三百人", len(text) // 2)
    source = encoder(tokenizer, text, layout).source(at, at + 3)
    assert source.context_was_cut
    assert text[: source.start_chars[1]].endswith(("。", "！"))
    last = source.start_chars[len(source.window)]
    assert text[last] in "。！"
    assert not encoder(tokenizer, PASSAGES[0], layout).source(0, 2).context_was_cut


def test_shared_answers_of_one_window_share_its_tokens(tokenizer) -> None:
    text = "".join(PASSAGES) * 5
    passage = encoder(tokenizer, text, "shared")
    sources = [passage.source(at, at + 1) for at in range(len(text)) if text[at] == "港"]
    blocks = {(s.window, s.token_ids[: s.passage_length], s.positions[: s.passage_length]) for s in sources}
    assert len(blocks) == len({s.window for s in sources}) < len(sources) / 3


def test_the_budget_beside_bert() -> None:
    standard = InputFormat()
    assert standard.context_budget_tokens(64) == 512 - 49 - 64 - 3
    assert InputFormat(layout="shared").context_budget_tokens(64) == 512 - 49 - 3
    assert InputFormat(max_context_tokens=300).context_budget_tokens(3) == 300
    assert InputFormat(question_position=400).context_budget_tokens(10) == 387


def test_impossible_formats_are_refused() -> None:
    with pytest.raises(UserError, match="needs attention 'prefix'"):
        InputFormat(attention="recurrent", layout="shared")
    with pytest.raises(UserError, match="room for a passage"):
        InputFormat(max_total_tokens=100)
    with pytest.raises(UserError, match="max_total_tokens must be a whole number"):
        InputFormat(max_total_tokens="512")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="max_context_tokens must be"):
        InputFormat(max_context_tokens=0)


def test_question_targets_end_in_sep_unless_cut(tokenizer) -> None:
    shape = InputFormat(**LIMITS)
    assert question_target(tokenizer, shape, "誰？") == (
        (*tokenizer.convert_tokens_to_ids(["誰", "？"]), tokenizer.sep_token_id),
        False,
    )
    ids, was_cut = question_target(tokenizer, shape, "誰" * 13)
    assert was_cut
    assert ids == (tokenizer.convert_tokens_to_ids("誰"),) * 12
    assert question_target(tokenizer, shape, "誰" * 12)[1] is False
    assert question_target(tokenizer, shape, "") == ((tokenizer.sep_token_id,), False)
