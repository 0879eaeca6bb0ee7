"""Copying and variety of questions, measured without references.

Passage "燈塔建於1898年，由林先生設計。", question "燈塔由誰設計？": the longest piece copied is 燈塔 (or 設計), 2 of
the 6 characters that count, so its copy rate is .33. "誰建的？" and "誰種的？" have 5 different tokens of 8, distinct-1
= .625, and 5 different pairs of 6, distinct-2 = .833.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qgkd.errors import UserError
from qgkd.scoring.tokens import tokenize

_QUESTION_MARK = "？"
_COPIED_GRAM_CHARS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRate:
    """How much of a question is copied from its passage, as fractions; means over questions."""

    mean: float
    """Share of a question's characters in the longest piece it has in common with its passage."""
    in_four_grams: float
    """Share of its characters that lie in some piece of four or more characters found in its passage."""
    whole: float
    """Share of questions copied whole."""


def copy_rate(questions: Sequence[str], contexts: Sequence[str]) -> CopyRate:
    """Measure copying.

    Text is compared by `char` tokens (NFKC, lower case, no spaces); question marks at the end do not count, since
    passages seldom have them. A question without any other character counts as not copied.

    `mean` is high for questions copied in one piece; `in_four_grams` counts all the pieces, so that a clause with its
    middle replaced by a question word stays near 1.

    Args:
        questions: The questions of the system.
        contexts: For each, the passage it was written from.

    Raises:
        UserError: No questions, or lists of different lengths.
    """
    if len(questions) != len(contexts) or not questions:
        raise UserError(
            f"expected one passage per question and at least one question, found {len(questions)} questions and "
            f"{len(contexts)} passages; pair them"
        )
    longest_share, four_gram_share, whole = 0.0, 0.0, 0
    for question, context in zip(questions, contexts, strict=True):
        question_chars = "".join(tokenize(question, "char")).rstrip(_QUESTION_MARK)
        context_chars = "".join(tokenize(context, "char"))
        if not question_chars:
            continue
        longest_share += _longest_common_chars(question_chars, context_chars) / len(question_chars)
        four_gram_share += _chars_in_grams(question_chars, context_chars) / len(question_chars)
        whole += question_chars in context_chars
    count = len(questions)
    return CopyRate(mean=longest_share / count, in_four_grams=four_gram_share / count, whole=whole / count)


def distinct_n(questions: Sequence[str], n: int = 2) -> float:
    """Different n-grams over all n-grams, counted over all questions together, by `mixed` tokens.

    Args:
        questions: The questions of the system.
        n: Length of the n-grams in tokens.

    Returns:
        A fraction; 0 where there is no n-gram at all. It falls as more questions are counted: compare sets of one
        size only.

    Source: Li et al. 2016 (N16-1014), section 5.
    """
    from nltk.util import ngrams  # slow to import

    grams = [gram for question in questions for gram in ngrams(tokenize(question), n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def _longest_common_chars(question: str, context: str) -> int:
    longest = 0
    for start in range(len(question)):
        while start + longest < len(question) and question[start : start + longest + 1] in context:
            longest += 1
    return longest


def _chars_in_grams(question: str, context: str) -> int:
    covered: set[int] = set()
    for start in range(len(question) - _COPIED_GRAM_CHARS + 1):
        if question[start : start + _COPIED_GRAM_CHARS] in context:
            covered.update(range(start, start + _COPIED_GRAM_CHARS))
    return len(covered)
