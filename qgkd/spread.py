"""Hands out a passage's answers so that those in use come from all over it.

Comes in: answers, best first. Goes out: one answer at a time; an answer that came to nothing makes room for another
from its own part of the text.

A literal example: of answers in sentences 1, 1, 2, 3 and 4, for two questions, the best of sentences 1-2 and the best
of sentences 3-4 come first; where the first comes to nothing, the next one of sentences 1-2 follows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from qgkd.answer_types import AnswerSpan


class SpreadAnswers:
    """Answers still to be tried.

    The sentences are dealt out to as many stretches of the text as questions are wanted. The next answer comes from the
    stretch with the fewest answers in use, within it from the sentence with the fewest, and is the best one there.

    Args:
        answers: Best first.
        sentences: The passage's sentences, as `split_sentences` gives them.
        count: How many answers are likely to be used.
    """

    def __init__(self, answers: Sequence[AnswerSpan], sentences: Sequence[tuple[int, int]], count: int) -> None:
        self._answers = answers
        self._stretch_count = max(1, min(count, len(sentences)))
        self._starts = [start for start, _ in sentences]
        self._waiting: dict[int, list[int]] = {}
        for rank, answer in enumerate(answers):
            self._waiting.setdefault(self._stretch(answer), []).append(rank)
        self._in_use_of_stretch: Counter[int] = Counter()
        self._in_use_of_sentence: Counter[int] = Counter()

    def take(self) -> AnswerSpan | None:
        """The next answer to try, in use from now on; None when all have been tried."""
        if not self._waiting:
            return None
        stretch = min(self._waiting, key=lambda key: (self._in_use_of_stretch[key], self._waiting[key][0]))
        ranks = self._waiting[stretch]
        rank = min(ranks, key=lambda rank: (self._in_use_of_sentence[self._sentence(self._answers[rank])], rank))
        ranks.remove(rank)
        if not ranks:
            del self._waiting[stretch]
        answer = self._answers[rank]
        self._in_use_of_stretch[stretch] += 1
        self._in_use_of_sentence[self._sentence(answer)] += 1
        return answer

    def came_to_nothing(self, answer: AnswerSpan) -> None:
        """Count an answer as not in use; it is not tried again."""
        self._in_use_of_stretch[self._stretch(answer)] -= 1
        self._in_use_of_sentence[self._sentence(answer)] -= 1

    def _sentence(self, answer: AnswerSpan) -> int:
        return bisect_right(self._starts, answer.start_char) - 1

    def _stretch(self, answer: AnswerSpan) -> int:
        return self._sentence(answer) * self._stretch_count // max(len(self._starts), 1)
