"""Questions and passages to rows of tokens, in a process of its own (`qgkd.model_recipe.parallel`).

Comes in: a chunk of questions, questions without an answer, or passages with people's answers. Goes out: rows.

A literal example: a question whose passage has two windows that hold the answer becomes one row, with the window whose
middle is nearer to the answer.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from qgkd.answers.span_candidates import span_candidates
from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.model_input.tokens import TokenizedText, tokenize
from qgkd.model_input.window import Window, most_central_window
from qgkd.reading.examples import QGExample
from qgkd.span_training.store import PassageRows, QuestionRow
from qgkd.span_training.unanswerable import Unanswerable
from qgkd.spans.rows import SpanRow, SpecialIds, question_row, window_row
from qgkd.spans.span_model import SpanFormat, special_ids
from qgkd.spans.windows import place_candidates, span_windows

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Passage = tuple[str, frozenset[tuple[int, int]]]
"""A passage and people's answers, as character ranges."""


class RowMaker:
    """Makes rows with one tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, span_format: SpanFormat) -> None:
        self._tokenizer, self._format = tokenizer, span_format
        self._special: SpecialIds = special_ids(tokenizer)

    def answered(self, example: QGExample) -> QuestionRow | None:
        """A question with its answer; None where the answer is too long or without tokens."""
        tokens = tokenize(self._tokenizer, example.context)
        first, stop = tokens.token_range(example.answer_start_char, example.answer_end_char)
        window = most_central_window(span_windows(tokens, self._format.window_tokens), (first, stop))
        if window is None or not 0 < stop - first <= self._format.max_answer_tokens:
            return None
        row = self._question_row(example.question, tokens, window)
        before = row.window_start - window.start_token
        return QuestionRow(row=row, first=first + before, last=stop - 1 + before)

    def unanswered(self, question: Unanswerable, random: Random) -> QuestionRow | None:
        """A question with a window that lacks its answer; None where there is no such window."""
        tokens = tokenize(self._tokenizer, question.context)
        windows = span_windows(tokens, self._format.window_tokens)
        if question.without_text:
            windows = [window for window in windows if question.without_text not in _text(tokens, window)]
        if question.near_char is not None:
            near = tokens.token_range(question.near_char, question.near_char + 1)
            windows = [window for window in windows if window.holds(near)]
        if not windows:
            return None
        return QuestionRow(row=self._question_row(question.question, tokens, random.choice(windows)))

    def passage(self, passage: Passage) -> PassageRows | None:
        """A passage with its candidates; None where none of them is a person's answer."""
        context, chosen = passage
        tokens, candidates = tokenize(self._tokenizer, context), span_candidates(context)
        windows = span_windows(tokens, self._format.window_tokens)
        placed = place_candidates(candidates, tokens, windows)
        own = placed.candidates
        ranges = zip(candidates.start_chars[own].tolist(), candidates.end_chars[own].tolist(), strict=True)
        is_chosen = np.asarray([span in chosen for span in ranges], np.bool_)
        if not is_chosen.any():
            return None
        before = np.asarray([1 - window.start_token for window in windows])[placed.windows]
        spans = np.stack((placed.windows, placed.first_tokens + before, placed.last_tokens + before), axis=1)
        rows = [window_row(tokens.ids[w.start_token : w.end_token], self._special) for w in windows]
        return PassageRows(rows=rows, spans=spans, features=candidates.features[own], is_chosen=is_chosen)

    def _question_row(self, question: str, tokens: TokenizedText, window: Window) -> SpanRow:
        question_ids = tokenize(self._tokenizer, question).ids[: self._format.max_question_tokens]
        return question_row(question_ids, tokens.ids[window.start_token : window.end_token], self._special)


def _text(tokens: TokenizedText, window: Window) -> str:
    return tokens.text[tokens.start_chars[window.start_token] : tokens.end_chars[window.end_token - 1]]


def question_chunk(
    chunk: Sequence[QGExample | Unanswerable], tokenizer_folder: str, span_format: SpanFormat, seed: int
) -> list[QuestionRow]:
    """The rows of some questions, with and without an answer; draws depend on the seed and the chunk's first one."""
    maker, random = _maker(tokenizer_folder, span_format), Random(f"{seed} {chunk[0].question}")
    made = [maker.answered(q) if isinstance(q, QGExample) else maker.unanswered(q, random) for q in chunk]
    return [row for row in made if row is not None]


def passage_chunk(chunk: Sequence[Passage], tokenizer_folder: str, span_format: SpanFormat) -> list[PassageRows]:
    """The rows of some passages."""
    made = map(_maker(tokenizer_folder, span_format).passage, chunk)
    return [rows for rows in made if rows is not None]


@functools.lru_cache(maxsize=1)
def _maker(tokenizer_folder: str, span_format: SpanFormat) -> RowMaker:
    return RowMaker(load_tokenizer(tokenizer_folder), span_format)
