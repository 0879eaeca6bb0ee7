"""The source block of a row: the passage window, the answer, and which occurrence of it is meant.

Comes in: a passage and an answer's character offsets. Goes out: `Source`, token ids with types and positions.

A literal example, layout `marked`, answer 林文海 in 「由林文海設計」 (types above, ids as tokens, positions below):

    0     0  1  1  1  0  0  0     1  1  1  1
    [CLS] 由 林 文 海 設 計 [SEP] 林 文 海 [SEP]
    0     1  2  3  4  5  6  7     8  9  10 11

and in `shared`, where the passage is encoded without knowing the answer:

    0     0  0  0  0  0  0  0     1  1  1  1
    [CLS] 由 林 文 海 設 計 [SEP] 林 文 海 [SEP]
    0     1  2  3  4  5  6  7     2  3  4  8
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qgkd.errors import UserError
from qgkd.model_input.input_format import InputFormat, Layout
from qgkd.model_input.tokens import TokenizedText, tokenize
from qgkd.model_input.window import Window, centred_window, most_central_window, sentence_token_ranges, tile_windows

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The source block of one answer; all tuples have one entry per source token."""

    token_ids: tuple[int, ...]
    token_types: tuple[int, ...]
    positions: tuple[int, ...]
    passage_length: int
    """How many leading tokens attend to each other only: all of them; in `shared` the window without the answer."""
    question_position: int
    """Position id of the first question token."""
    start_chars: tuple[int, ...] = ()
    """First character of each token in the passage; -1 for special tokens and for the answer segment. Empty, as the
    rest, where a source is only trained on: copying the passage's spelling needs them."""
    end_chars: tuple[int, ...] = ()
    window: Window = field(default_factory=lambda: Window(0, 0))
    """Which of the passage's tokens are in `token_ids[1:]`."""
    context_was_cut: bool = False
    """Whether the passage is longer than the window."""

    def __len__(self) -> int:
        return len(self.token_ids)


class PassageEncoder:
    """Builds the sources of one passage of any length, which is tokenised once for all its answers."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, input_format: InputFormat, context: str) -> None:
        self._tokenizer = tokenizer
        self._format = input_format
        self.tokens: TokenizedText = tokenize(tokenizer, context)
        self._sentences = sentence_token_ranges(self.tokens)
        self._tiles: list[Window] | None = None

    def source(self, answer_start_char: int, answer_end_char: int) -> Source:
        """The source for the answer at these characters of the passage.

        Raises:
            UserError: The span has no token (white space), lies outside, or is too long for the model.
        """
        answer = self._answer_tokens(answer_start_char, answer_end_char)
        answer_text = self.tokens.text[answer_start_char:answer_end_char]
        answer_ids = tokenize(self._tokenizer, answer_text)
        if not answer_ids:  # a zero-width character inside a word
            raise UserError(f"the answer {answer_text!r} holds no visible character; choose another span")
        if len(answer_ids) > self._format.max_answer_tokens:
            raise UserError(
                f"expected an answer of at most {self._format.max_answer_tokens} tokens, found {len(answer_ids)} "
                f"({answer_text[:12]!r} …); choose a shorter answer"
            )
        window = self._window(answer, len(answer_ids))
        positions = list(range(len(window) + 2, len(window) + 2 + len(answer_ids)))
        if self._format.layout is Layout.SHARED:
            starts = [answer_start_char + start for start in answer_ids.start_chars]
            positions = [1 + self.tokens.token_range(at, at + 1)[0] - window.start_token for at in starts]
        return self._assemble(window, answer, answer_ids.ids, positions)

    def _answer_tokens(self, start_char: int, end_char: int) -> tuple[int, int]:
        text = self.tokens.text
        if not 0 <= start_char < end_char <= len(text):
            raise UserError(
                f"expected an answer inside the passage of {len(text)} characters, found characters "
                f"{start_char} to {end_char}; check the offset"
            )
        answer = self.tokens.token_range(start_char, end_char)
        if answer[0] == answer[1]:
            raise UserError(f"the answer {text[start_char:end_char]!r} holds no visible character; choose another span")
        return answer

    def _window(self, answer: tuple[int, int], answer_tokens: int) -> Window:
        budget = self._format.context_budget_tokens(answer_tokens)
        if self._format.layout is not Layout.SHARED:
            return centred_window(self._sentences, answer, budget)
        if self._tiles is None:
            self._tiles = tile_windows(self._sentences, budget)
        # An answer that straddles every cut of an over-long sentence gets a window of its own.
        return most_central_window(self._tiles, answer) or centred_window(self._sentences, answer, budget)

    def _assemble(
        self, window: Window, answer: tuple[int, int], answer_ids: tuple[int, ...], answer_positions: list[int]
    ) -> Source:
        start, end = window.start_token, window.end_token
        cls_id, sep_id = int(self._tokenizer.cls_token_id), int(self._tokenizer.sep_token_id)
        marked = self._format.layout is Layout.MARKED
        passage_types = [int(marked and answer[0] <= token < answer[1]) for token in range(start, end)]
        shared = self._format.layout is Layout.SHARED
        passage_length = len(window) + 2
        # In `shared` the closing [SEP] takes the position after the passage, so that it does not depend on the answer.
        closing_position = passage_length if shared else passage_length + len(answer_ids)
        blank = (-1,) * (len(answer_ids) + 2)
        return Source(
            token_ids=(cls_id, *self.tokens.ids[start:end], sep_id, *answer_ids, sep_id),
            token_types=(0, *passage_types, 0, *(1 for _ in answer_ids), 1),
            positions=(*range(passage_length), *answer_positions, closing_position),
            passage_length=passage_length if shared else passage_length + len(answer_ids) + 1,
            question_position=self._format.question_position or closing_position + 1,
            start_chars=(-1, *self.tokens.start_chars[start:end], *blank),
            end_chars=(-1, *self.tokens.end_chars[start:end], *blank),
            window=window,
            context_was_cut=len(window) < len(self.tokens),
        )


def question_target(
    tokenizer: PreTrainedTokenizerFast, input_format: InputFormat, question: str
) -> tuple[tuple[int, ...], bool]:
    """The question's tokens to be predicted, and whether it was cut at the cap.

    They end in [SEP] unless it was cut: a cut question has no end to learn.
    """
    ids = tokenize(tokenizer, question).ids
    cap = input_format.max_question_tokens
    if len(ids) > cap:
        return ids[:cap], True
    return (*ids, int(tokenizer.sep_token_id)), False
