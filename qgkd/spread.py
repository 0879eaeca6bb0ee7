"""Orders a passage's answers so that the first few come from all over it.

Comes in: answers, best first. Goes out: the same answers in another order.

A literal example: of five answers in sentences 1, 1, 2, 3 and 4, for two questions, the best of sentences 1-2 and the
best of sentences 3-4 come first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from qgkd.answer_types import AnswerSpan


def spread(answers: Sequence[AnswerSpan], sentences: Sequence[tuple[int, int]], count: int) -> list[AnswerSpan]:
    """Order answers so that any first few are good and come from all over the text.

    The sentences are dealt out to `count` stretches of the text, at most one per sentence; the best answer of each
    stretch comes first, then answers of the sentences asked about least so far, best first.

    Args:
        answers: Best first.
        sentences: The passage's sentences, as `split_sentences` gives them.
        count: How many of the answers are likely to be used.

    Returns:
        The same answers in another order.
    """
    starts = [start for start, _ in sentences]
    stretches = max(1, min(count, len(sentences)))
    sentence_of = [bisect_right(starts, answer.start_char) - 1 for answer in answers]
    best_of_stretch: dict[int, int] = {}
    for rank, sentence in enumerate(sentence_of):
        best_of_stretch.setdefault(sentence * stretches // max(len(sentences), 1), rank)
    asked: dict[int, int] = {}
    keyed = []
    first = set(best_of_stretch.values())
    for rank in sorted(range(len(answers)), key=lambda rank: (rank not in first, rank)):
        sentence = sentence_of[rank]
        keyed.append((rank not in first, asked.get(sentence, 0), rank))
        asked[sentence] = asked.get(sentence, 0) + 1
    return [answers[rank] for *_, rank in sorted(keyed)]
