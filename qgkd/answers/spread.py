"""Hands out a passage's answers so that those in use come from all over it and are of several kinds.

Comes in: answers, best first. Goes out: one answer at a time; a rejected answer makes room for another from its own
part of the text.

A literal example: of answers in sentences 1, 1, 2, 3 and 4, for two questions, the best of sentences 1-2 and the best
of sentences 3-4 come first; where the first is rejected, the next one of sentences 1-2 follows. Were both years,
the second would give way to a name in sentences 3-4 that ranks little lower.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from qgkd.answer import AnswerSpan, AnswerType

POOR_SCORE = -5.0
"""Answers below this are taken when no others are left: no question comes of a heading or a table's row."""
SAME_TYPE_COST = 1.0
"""What every answer of its type in use takes from an answer's score."""


class SpreadAnswers:
    """Answers still to be tried.

    The sentences that hold answers are dealt out to as many stretches of the text as questions are wanted. The next
    answer comes from the stretch with the fewest answers in use, within it from the sentence with the fewest, and is
    the best one there, where a kind already in use counts for less.

    Args:
        answers: Best first.
        sentences: The passage's sentences, as `split_sentences` gives them; none to take the answers in their order.
        count: How many answers are likely to be used.
    """

    def __init__(self, answers: Sequence[AnswerSpan], sentences: Sequence[tuple[int, int]], count: int) -> None:
        self._answers = answers
        self._starts = [start for start, _ in sentences]
        self._fertile = sorted({self._sentence(answer) for answer in answers if answer.score >= POOR_SCORE})
        self._stretch_count = max(1, min(count, len(self._fertile)))
        self._waiting = list(range(len(answers)))
        self._in_use_of_stretch: Counter[int] = Counter()
        self._in_use_of_sentence: Counter[int] = Counter()
        self._in_use_of_type: Counter[AnswerType | None] = Counter()

    def take(self) -> AnswerSpan | None:
        """The next answer to try, in use from now on; None when all have been tried."""
        if not self._waiting:
            return None
        rank = min(self._waiting, key=self._turn) if self._starts else self._waiting[0]
        self._waiting.remove(rank)
        self._count_in_use(self._answers[rank], 1)
        return self._answers[rank]

    def reject(self, answer: AnswerSpan) -> None:
        """Count an answer as not in use; it is not tried again."""
        self._count_in_use(answer, -1)

    def _turn(self, rank: int) -> tuple[bool, int, int, float, int]:
        """Whose turn it is: the least of these comes next."""
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
        position = max(0, bisect_right(self._fertile, self._sentence(answer)) - 1)
        return position * self._stretch_count // max(len(self._fertile), 1)
