"""Counting candidates by their rarest pair of characters gives what `str.count` gives."""

from __future__ import annotations

import random

from qgkd.answers.propose import propose_answers
from qgkd.answers.repeats import Repeats


def test_counts_are_those_of_the_string() -> None:
    generator = random.Random(1)
    for _ in range(60):
        context = "".join(generator.choices("燈塔山", k=40))  # full of repeats that overlap
        repeats = Repeats(context, short_chars=0)
        for start in range(40):
            for end in range(start + 1, min(40, start + 6) + 1):
                text = context[start:end]
                assert repeats.count(text, most=3) == min(context.count(text), 3), (context, text)
                assert repeats.count(text, most=99) == context.count(text)


def test_a_long_passage_is_not_searched_for_every_candidate() -> None:
    class Watched(str):
        searched = 0

        def count(self, *parts: object) -> int:
            Watched.searched += 1
            return str.count(self, *parts)  # type: ignore[arg-type]

    sentences = [f"燈塔建於{year}年，由工程師林文海設計。" for year in range(1000, 1400)]
    context = Watched("".join(sentences))
    assert len(context) > 5000
    assert propose_answers(context, limit=3)
    assert Watched.searched < len(sentences)
