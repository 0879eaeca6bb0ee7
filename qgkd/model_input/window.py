"""The stretch of a passage that the model reads for one answer.

Comes in: a tokenised passage, its sentences, an answer's tokens, a limit. Goes out: `Window`, token ranges cut at
sentence ends. Two ways: `centred_window`, one window per answer, and `tile_windows`, overlapping windows that cover
the passage so that one encoding serves many answers (layout `shared`).

A literal example: sentences of 40, 30 and 50 tokens, a limit of 80, an answer in the second: tokens 0-70.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from qgkd.errors import UserError
from qgkd.model_input.tokens import TokenizedText
from qgkd.text.sentences import split_sentences


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Tokens `start_token` to `end_token` (exclusive) of a passage."""

    start_token: int
    end_token: int

    def __len__(self) -> int:
        return self.end_token - self.start_token

    def holds(self, span: tuple[int, int]) -> bool:
        """Whether the window contains the token range."""
        return self.start_token <= span[0] and span[1] <= self.end_token


def sentence_token_ranges(tokens: TokenizedText) -> list[tuple[int, int]]:
    """Token ranges of a passage's sentences, in order, covering every token; sentences without tokens are left out."""
    ranges: list[tuple[int, int]] = []
    for start_char, end_char in split_sentences(tokens.text):
        start_token, end_token = tokens.token_range(start_char, end_char)
        if ranges:
            start_token = ranges[-1][1]  # a token across a boundary belongs to the sentence it starts in
        if end_token > start_token:
            ranges.append((start_token, end_token))
    return ranges


def centred_window(sentences: Sequence[tuple[int, int]], answer: tuple[int, int], max_tokens: int) -> Window:
    """The most whole sentences around an answer that fit, taken in turn from the side with less text so far.

    Sentences and answer are token ranges, the sentences tile the passage. An answer's own sentence that is longer than
    the limit is cut inside, the answer in the middle.

    Raises:
        UserError: The answer alone is longer than the limit.
    """
    first = _sentence_of(sentences, answer[0])
    last = _sentence_of(sentences, max(answer[0], answer[1] - 1))
    start, end = sentences[first][0], sentences[last][1]
    if end - start > max_tokens:
        return _cut_around(answer, start, end, max_tokens)
    while True:
        before = sentences[first - 1][0] if first > 0 else None
        after = sentences[last + 1][1] if last + 1 < len(sentences) else None
        fits_before = before is not None and end - before <= max_tokens
        fits_after = after is not None and after - start <= max_tokens
        if fits_before and (not fits_after or answer[0] - start <= end - answer[1]):
            first -= 1
            start = sentences[first][0]
        elif fits_after:
            last += 1
            end = sentences[last][1]
        else:
            return Window(start, end)


def tile_windows(sentences: Sequence[tuple[int, int]], max_tokens: int) -> list[Window]:
    """Windows of whole sentences that cover a passage, each overlapping the one before by about half.

    A sentence longer than the limit is cut into overlapping pieces of the limit's length. One window where everything
    fits, none for an empty passage.
    """
    if not sentences:
        return []
    if sentences[-1][1] - sentences[0][0] <= max_tokens:
        return [Window(sentences[0][0], sentences[-1][1])]
    pieces = [piece for sentence in sentences for piece in _pieces(sentence, max_tokens)]
    windows: list[Window] = []
    first = 0
    while first < len(pieces):
        start = pieces[first][0]
        last = first
        while last + 1 < len(pieces) and pieces[last + 1][1] - start <= max_tokens:
            last += 1
        windows.append(Window(start, pieces[last][1]))
        if last + 1 == len(pieces):
            return windows
        halfway = start + (pieces[last][1] - start) / 2
        first += 1
        while first <= last and pieces[first][0] < halfway:
            first += 1
    return windows


def most_central_window(windows: Sequence[Window], answer: tuple[int, int]) -> Window | None:
    """The window with the answer nearest to its middle; None if no window contains all of it."""
    holding = [window for window in windows if window.holds(answer)]
    if not holding:
        return None
    return min(holding, key=lambda w: (abs(w.start_token + w.end_token - answer[0] - answer[1]), w.start_token))


def _sentence_of(sentences: Sequence[tuple[int, int]], token: int) -> int:
    """Index of the sentence that holds a token, the last one's for a token behind them all."""
    return min(bisect_right(sentences, token, key=lambda sentence: sentence[1]), len(sentences) - 1)


def _cut_around(answer: tuple[int, int], start: int, end: int, max_tokens: int) -> Window:
    """Cut inside one long sentence, the answer in the middle as far as the sentence's ends allow."""
    if answer[1] - answer[0] > max_tokens:
        raise UserError(
            f"expected an answer of at most {max_tokens} tokens, found {answer[1] - answer[0]}; choose a shorter answer"
        )
    spare = max_tokens - (answer[1] - answer[0])
    window_start = min(max(start, answer[0] - spare // 2), end - max_tokens)
    return Window(window_start, window_start + max_tokens)


def _pieces(sentence: tuple[int, int], max_tokens: int) -> list[tuple[int, int]]:
    """A sentence as it is, or in halves of the limit where it is longer, so that windows over them overlap."""
    start, end = sentence
    if end - start <= max_tokens:
        return [sentence]
    step = max(1, max_tokens // 2)
    return [(at, min(at + step, end)) for at in range(start, end, step)]
