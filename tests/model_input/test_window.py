"""Windows are centred on the answer and cut at sentence ends; tiles cover the whole text and overlap."""

from __future__ import annotations

import itertools
import random
import time
from pathlib import Path

import pytest
from tiny_model import PASSAGES, tiny_tokenizer

from qgkd.errors import UserError
from qgkd.model_input.tokens import tokenize
from qgkd.model_input.window import Window, centred_window, most_central_window, sentence_token_ranges, tile_windows


def ranges(*lengths: int) -> list[tuple[int, int]]:
    """Token ranges of consecutive sentences of these lengths."""
    ends = [sum(lengths[: n + 1]) for n in range(len(lengths))]
    return list(zip([0, *ends], ends, strict=False))


@pytest.mark.parametrize(
    ("lengths", "answer", "limit", "expected"),
    [
        ((40, 30, 50), (45, 50), 80, (0, 70)),  # the side with less text first, and it fits
        ((40, 30, 50), (45, 50), 120, (0, 120)),
        ((40, 30, 50), (45, 50), 69, (40, 70)),  # neither neighbour fits
        ((60, 10, 10, 60), (62, 64), 30, (60, 80)),  # only what fits, whole sentences
        ((10, 10, 10, 10, 10), (20, 30), 30, (10, 40)),  # both sides evenly
        ((10, 10, 10, 10, 10), (0, 3), 30, (0, 30)),  # an answer at the left edge
        ((10, 10, 10, 10, 10), (48, 50), 30, (20, 50)),  # at the right edge
        ((10, 10, 10), (8, 12), 20, (0, 20)),  # an answer across a sentence end
        ((100,), (50, 52), 20, (41, 61)),  # an over-long sentence is cut around the answer
        ((100,), (0, 2), 20, (0, 20)),
        ((100,), (99, 100), 20, (80, 100)),
        ((5, 100, 5), (20, 40), 20, (20, 40)),  # the answer is all there is room for
    ],
)
def test_centred_window(
    lengths: tuple[int, ...], answer: tuple[int, int], limit: int, expected: tuple[int, int]
) -> None:
    assert centred_window(ranges(*lengths), answer, limit) == Window(*expected)


def test_an_answer_longer_than_the_limit_is_refused() -> None:
    with pytest.raises(UserError, match="at most 10 tokens, found 11"):
        centred_window(ranges(50), (20, 31), 10)


def test_centred_windows_contain_the_answer_within_the_limit() -> None:
    draw = random.Random(1)
    for _ in range(500):
        sentences = ranges(*(draw.randrange(1, 40) for _ in range(draw.randrange(1, 12))))
        total = sentences[-1][1]
        limit = draw.randrange(4, 60)
        start = draw.randrange(total)
        answer = (start, min(total, start + draw.randrange(1, min(limit, 5) + 1)))
        window = centred_window(sentences, answer, limit)
        assert window.holds(answer)
        assert len(window) <= limit
        assert 0 <= window.start_token < window.end_token <= total
        own = [s for s in sentences if s[0] < answer[1] and s[1] > answer[0]]
        if own[-1][1] - own[0][0] <= limit:  # whole sentences, and none that would still fit beside them
            starts, ends = [s for s, _ in sentences], [e for _, e in sentences]
            assert window.start_token in starts
            assert window.end_token in ends
            neighbours = [s for s in sentences if s[1] == window.start_token or s[0] == window.end_token]
            assert all(len(window) + end - start > limit for start, end in neighbours)
        else:
            assert len(window) == min(limit, total)


def test_tiles_cover_every_token_and_overlap() -> None:
    draw = random.Random(2)
    for _ in range(300):
        sentences = ranges(*(draw.randrange(1, 30) for _ in range(draw.randrange(1, 40))))
        limit = draw.randrange(2, 80)
        windows = tile_windows(sentences, limit)
        assert {token for w in windows for token in range(w.start_token, w.end_token)} == set(range(sentences[-1][1]))
        assert all(len(window) <= limit for window in windows)
        assert windows == sorted(set(windows))
        assert all(a.end_token <= b.end_token for a, b in itertools.pairwise(windows))
        for start, end in sentences:  # no sentence that fits is ever cut
            if end - start <= limit:
                assert any(window.holds((start, end)) for window in windows)


def test_tiles_of_short_sentences_overlap_by_about_half() -> None:
    windows = tile_windows(ranges(*[10] * 50), 100)
    overlaps = [a.end_token - b.start_token for a, b in itertools.pairwise(windows)]
    assert windows[0] == Window(0, 100)
    assert set(overlaps) == {50}


def test_an_over_long_sentence_is_tiled_with_overlap() -> None:
    windows = tile_windows([(0, 95)], 20)
    assert windows[:3] == [Window(0, 20), Window(10, 30), Window(20, 40)]
    assert windows[-1].end_token == 95
    assert most_central_window(windows, (18, 22)) == Window(10, 30)


def test_tiles_at_the_edges() -> None:
    assert tile_windows([], 10) == []
    assert tile_windows(ranges(4, 6), 10) == [Window(0, 10)]
    assert tile_windows(ranges(2, 1), 1) == [Window(0, 1), Window(1, 2), Window(2, 3)]


def test_most_central_window() -> None:
    windows = [Window(0, 20), Window(10, 30), Window(20, 40)]
    assert most_central_window(windows, (12, 14)) == Window(0, 20)  # |20 - 26| < |40 - 26|
    assert most_central_window(windows, (16, 18)) == Window(10, 30)
    assert most_central_window(windows, (14, 16)) == Window(0, 20)  # a tie: the earlier one
    assert most_central_window(windows, (5, 35)) is None


def test_sentences_without_tokens_are_left_out(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    assert sentence_token_ranges(tokenize(tokenizer, "\n\n港口。\n \n燈塔。")) == [(0, 3), (3, 6)]
    assert sentence_token_ranges(tokenize(tokenizer, " \n ")) == []


def test_sentence_ranges_tile_the_tokens(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    for text in [*PASSAGES, "港!口", "a" * 120 + "。" + "b" * 30, "18\n67年。。\n」港"]:
        tokens = tokenize(tokenizer, text)
        sentences = sentence_token_ranges(tokens)
        assert [t for start, end in sentences for t in range(start, end)] == list(range(len(tokens)))


def test_a_hundred_thousand_characters_are_quick(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    text = "".join(PASSAGES) * (100_000 // len("".join(PASSAGES)) + 1)
    started = time.perf_counter()
    tokens = tokenize(tokenizer, text)
    sentences = sentence_token_ranges(tokens)
    windows = tile_windows(sentences, 450)
    answers = [(at, at + 3) for at in range(0, len(tokens) - 3, 97)]
    for answer in answers:
        own = centred_window(sentences, answer, 450)
        assert own.holds(answer)
        assert len(own) <= 450
        shared = most_central_window(windows, answer)
        assert shared is None or shared.holds(answer)
    seconds = time.perf_counter() - started
    inside = [most_central_window(windows, sentence) for sentence in sentences]
    assert all(inside)  # an answer within one sentence always has a tile
    assert seconds < 10, seconds
