"""Orders a passage's answers so that the first few come from all over it.

Comes in: answers, best first. Goes out: the same answers in another order.

A literal example: of four answers at characters 3, 5, 7 and 90 of 100, for two questions, those at 3 and 90 come first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from qgkd.answer_types import AnswerSpan


def spread(
    answers: Sequence[AnswerSpan], context_chars: int, count: int, sentences: Sequence[tuple[int, int]]
) -> list[AnswerSpan]:
    """Order answers so that any first few are good and come from all over the text.

    The text is cut into `count` equal stretches; the best answer of each comes first, then answers from the sentences
    asked about least so far, best first.

    Args:
        answers: Best first.
        context_chars: Length of the passage.
        count: How many of them are likely to be used.
        sentences: The passage's sentences, as `split_sentences` gives them.

    Returns:
        The same answers in another order.
    """
    stretch_of = [answer.start_char * count // max(context_chars, 1) for answer in answers]
    first = {stretch: rank for rank, stretch in reversed(list(enumerate(stretch_of)))}
    chosen = sorted(first.values())
    in_first = set(chosen)
    starts = [start for start, _ in sentences]
    asked: dict[int, int] = {}
    for rank in chosen:
        sentence = _index_of(starts, answers[rank].start_char)
        asked[sentence] = asked.get(sentence, 0) + 1
    keyed = []
    for rank in (rank for rank in range(len(answers)) if rank not in in_first):
        sentence = _index_of(starts, answers[rank].start_char)
        keyed.append((asked.get(sentence, 0), rank))
        asked[sentence] = asked.get(sentence, 0) + 1
    return [answers[rank] for rank in chosen] + [answers[rank] for _, rank in sorted(keyed)]


def _index_of(starts: Sequence[int], char: int) -> int:
    """The last sentence that starts at or before a character."""
    return bisect_right(starts, char) - 1
