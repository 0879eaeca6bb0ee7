"""Choose the answers of a quiz so that they are spread over the passage and have different types.

Comes in: answers, best first. Goes out: one answer at a time. An answer that gave no usable question is rejected, and
the next one comes from the same part of the text.

A literal example: the answers are in sentences 1, 1, 2, 3 and 4, and two questions are wanted. The best answer of
sentences 1-2 comes first, then the best of sentences 3-4; if the first is rejected, the next one is of sentences 1-2
again. If both were years, a name in sentences 3-4 with a slightly lower score would be preferred to the second year.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from qgkd.answer import AnswerSpan, AnswerType

POOR_SCORE = -5.0
"""Answers below this score come last: headings, table rows and links give no question."""
SAME_TYPE_COST = 1.0
"""An answer's score is lowered by this for each answer of the same type that is in use."""


class SpreadAnswers:
    """The answers of a passage that have not been tried yet.

    The text is divided into as many stretches as questions are wanted, each with about the same number of sentences
    with answers. The next answer comes from the stretch with the fewest answers in use, there from the sentence with
    the fewest, and is the best one of that sentence; types that are already in use score lower.

    Args:
        answers: Best first.
        sentences: The passage's sentences, from `split_sentences`; empty to take the answers in their given order.
        count: How many answers are likely to be used.
    """

    def __init__(self, answers: Sequence[AnswerSpan], sentences: Sequence[tuple[int, int]], count: int) -> None:
        self._answers = answers
        self._starts = [start for start, _ in sentences]
        self._usable_sentences = sorted({self._sentence(answer) for answer in answers if answer.score >= POOR_SCORE})
        self._number_of_stretches = max(1, min(count, len(self._usable_sentences)))
        self._waiting = list(range(len(answers)))
        self._in_use_of_stretch: Counter[int] = Counter()
        self._in_use_of_sentence: Counter[int] = Counter()
        self._in_use_of_type: Counter[AnswerType | None] = Counter()

    def take(self) -> AnswerSpan | None:
        """Take the next answer to try and mark it as in use; None when all have been tried."""
        if not self._waiting:
            return None
        rank = min(self._waiting, key=self._priority) if self._starts else self._waiting[0]
        self._waiting.remove(rank)
        self._count_in_use(self._answers[rank], 1)
        return self._answers[rank]

    def reject(self, answer: AnswerSpan) -> None:
        """Mark an answer as not in use, because it gave no usable question; it is not tried again."""
        self._count_in_use(answer, -1)

    def _priority(self, rank: int) -> tuple[bool, int, int, float, int]:
        """The sort key of an answer: the one with the smallest key comes next."""
        answer = self._answers[rank]
        return (
            answer.score < POOR_SCORE,
            self._in_use_of_stretch[self._stretch(answer)],
            self._in_use_of_sentence[self._sentence(answer)],
            self._in_use_of_type[answer.type] * SAME_TYPE_COST - answer.score,
            rank,
        )

    def _count_in_use(self, answer: AnswerSpan, change: int) -> None:
        self._in_use_of_stretch[self._stretch(answer)] += change
        self._in_use_of_sentence[self._sentence(answer)] += change
        self._in_use_of_type[answer.type] += change

    def _sentence(self, answer: AnswerSpan) -> int:
        return bisect_right(self._starts, answer.start_char) - 1

    def _stretch(self, answer: AnswerSpan) -> int:
        position = max(0, bisect_right(self._usable_sentences, self._sentence(answer)) - 1)
        return position * self._number_of_stretches // max(len(self._usable_sentences), 1)
