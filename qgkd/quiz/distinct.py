"""Finds near-duplicates: questions that ask the same thing in other words.

Comes in: the questions of one passage with their answers, one after the other. Goes out: whether each is new.

A literal example: after "燈塔建於哪一年？", the question "這座燈塔建於哪一年？" with the same answer is a duplicate
(bigrams: 6 of 9 shared), "燈塔由誰設計？" is not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from qgkd.text.script import to_simplified

SAME_ANSWER_JACCARD = 0.5
"""Two questions about one answer are the same question from this share of common bigrams on."""
OTHER_ANSWER_JACCARD = 0.8
"""Two questions about different answers need to be this alike: "由誰設計" and "由誰建造" may share most of a clause."""


def normalise(text: str) -> str:
    """Letters and digits only, in NFKC and lower case: punctuation, width and case do not count in comparisons."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(character for character in folded if character.isalnum())


def comparable(text: str) -> str:
    """As `normalise`, in Simplified characters: `《臺北》 ` and `台北` are alike."""
    return normalise(to_simplified(text))


def ngrams(text: str, n: int = 2) -> frozenset[str]:
    """The set of character n-grams; the text itself where it is shorter than n."""
    if len(text) <= n:
        return frozenset([text]) if text else frozenset()
    return frozenset(text[start : start + n] for start in range(len(text) - n + 1))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Size of the intersection over the size of the union; 1.0 for two empty sets."""
    union = len(one | other)
    return len(one & other) / union if union else 1.0


class DistinctQuestions:
    """The accepted questions of one quiz with their answers, to find near-duplicates of them."""

    def __init__(self, accepted: Iterable[tuple[str, str]] = ()) -> None:
        self._seen: list[tuple[frozenset[str], str]] = []
        for question, answer_text in accepted:
            self.add(question, answer_text)

    def is_new(self, question: str, answer_text: str) -> bool:
        """Whether no accepted question is a near-duplicate; an empty question never is new."""
        bigrams, answer = ngrams(normalise(question)), normalise(answer_text)
        return bool(bigrams) and all(
            jaccard(bigrams, seen) < (SAME_ANSWER_JACCARD if seen_answer == answer else OTHER_ANSWER_JACCARD)
            for seen, seen_answer in self._seen
        )

    def add(self, question: str, answer_text: str) -> None:
        """Add an accepted question."""
        self._seen.append((ngrams(normalise(question)), normalise(answer_text)))
