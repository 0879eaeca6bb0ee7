"""What the reader makes of a passage, with one question in mind.

Comes in: the logits of each window. Goes out: the best answer, and the score of any span.

A literal example: `reading.best()` is `ReadAnswer(answer=AnswerSpan(text="林文海", start_char=14), score=3.1)`; a
negative score says that the passage has no answer.

Source: Devlin et al. 2019 (arXiv 1810.04805), section 4.3: a span's score is start plus end, no answer's that of [CLS].
Differs: a span is compared with no answer in its own window, where both were trained together, and not with the
smallest score of any window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qgkd.answer import AnswerSpan
from qgkd.model_input.tokens import TokenizedText
from qgkd.model_input.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnswer:
    """The best answer of a passage to a question."""

    answer: AnswerSpan | None
    """None for a passage without tokens."""
    score: float
    """Log of how much likelier the answer is than none; the passage is read to have none below 0."""

    @property
    def accepted(self) -> AnswerSpan | None:
        """The answer where it is likelier than none."""
        return self.answer if self.score > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLogits:
    """One window's logits."""

    window: Window
    no_answer: float
    start: NDArray[np.float32]  # [T], of the window's tokens
    end: NDArray[np.float32]  # [T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A passage read for one question."""

    context: str
    """The passage in its own script."""
    tokens: TokenizedText
    windows: Sequence[WindowLogits]
    max_answer_tokens: int

    def best(self) -> ReadAnswer:
        """The span with the highest score of all windows."""
        best_score, best_tokens = -float("inf"), None
        for logits in self.windows:
            scores = logits.start[:, None] + logits.end[None, :] - logits.no_answer  # [T, T]
            length = np.arange(len(logits.end))[None, :] - np.arange(len(logits.start))[:, None]
            scores = np.where((length >= 0) & (length < self.max_answer_tokens), scores, -np.inf)
            first, last = divmod(int(scores.argmax()), scores.shape[1])
            if scores[first, last] > best_score:
                best_score = float(scores[first, last])
                best_tokens = (logits.window.start_token + first, logits.window.start_token + last)
        if best_tokens is None:
            return ReadAnswer(answer=None, score=best_score)
        start_char, end_char = self.tokens.start_chars[best_tokens[0]], self.tokens.end_chars[best_tokens[1]]
        answer = AnswerSpan(text=self.context[start_char:end_char], start_char=start_char)
        return ReadAnswer(answer=answer, score=best_score)

    def score_of(self, start_char: int, end_char: int) -> float:
        """The score of a span of the passage; minus infinity where no window holds it."""
        first, stop = self.tokens.token_range(start_char, end_char)
        scores = [
            float(logits.start[first - logits.window.start_token] + logits.end[stop - 1 - logits.window.start_token])
            - logits.no_answer
            for logits in self.windows
            if stop > first and logits.window.holds((first, stop))
        ]
        return max(scores, default=-float("inf"))
