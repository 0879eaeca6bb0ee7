"""Proposes the answers of a passage, by the span model or by the rules: what every quiz is made from.

Comes in: a passage of any length, in either script. Goes out: `AnswerSpan`s, best first, no two overlapping.

A literal example: `propose("燈塔建於1867年，由林文海設計。")` gives 1867年 and 林文海.

The rules (`qgkd.answers`) say where words, numbers, dates and titles begin and end, and an answer's type; the span
model says which of them a person would ask about.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from qgkd.answer import AnswerSpan
from qgkd.answers.classify import classify
from qgkd.answers.propose import propose_answers
from qgkd.answers.sentence_cost import UNUSABLE_COST, is_prose
from qgkd.answers.span_candidates import span_candidates
from qgkd.checkpoints import packaged_model
from qgkd.errors import UserError
from qgkd.text.sentences import split_sentences

if TYPE_CHECKING:
    from qgkd.spans.span_model import SpanModel

LEAST_SCORE = -8.0
"""Candidates so much less likely than the best, as a difference of logarithms, are not proposed: parts of words and
sentences, some 900 of 1,000."""


class ProposedBy(StrEnum):
    """What proposes answers."""

    LEARNT = "learnt"
    """The span model: which spans people ask about."""
    RULES = "rules"
    """Weights and costs of hand-made features; needs no torch."""


def settled(wanted: ProposedBy | str | None = None) -> ProposedBy:
    """The given choice; without one the span model, the rules where the package has none.

    Raises:
        UserError: An unknown choice, or the span model without its weights.
    """
    if wanted is None:
        return ProposedBy.RULES if packaged_model.packaged_span_model() is None else ProposedBy.LEARNT
    try:
        choice = ProposedBy(wanted)
    except ValueError:
        raise UserError(f"--answers: expected `learnt` or `rules`, found {str(wanted)!r}; choose one") from None
    if choice is ProposedBy.LEARNT and packaged_model.packaged_span_model() is None:
        raise UserError("--answers learnt: expected the package's span model, found none; use --answers rules")
    return choice


def propose(context: str, *, limit: int | None = None, by: ProposedBy | str | None = None) -> list[AnswerSpan]:
    """Propose answers.

    Args:
        context: The passage.
        limit: At most this many.
        by: What proposes; None as `settled` has it.

    Returns:
        Spans, best first, no two overlapping and no two with the same text, with types. By the span model in the order
        of their scores alone; by the rules as `propose_answers` orders them.
    """
    if settled(by) is ProposedBy.RULES:
        return propose_answers(context, limit=limit)
    from qgkd.spans.span_model import load_span_model  # torch

    return learnt_answers(load_span_model(str(packaged_model.packaged_span_model())), context, limit=limit)


def learnt_answers(model: SpanModel, context: str, *, limit: int | None = None) -> list[AnswerSpan]:
    """Propose answers by a span model; scores are logarithms, 0 for the likeliest candidate of the passage."""
    candidates = span_candidates(context)
    scores = model.candidate_scores(context, candidates)
    order = (-scores).argsort(kind="stable").tolist()
    best = float(scores[order[0]]) if order else 0.0
    ranked = (
        (int(candidates.start_chars[place]), int(candidates.end_chars[place]), float(scores[place]) - best)
        for place in itertools.takewhile(lambda place: scores[place] - best >= LEAST_SCORE, order)
    )
    starts = [start for start, _ in split_sentences(context)]
    answers = [_answer(context, starts, *span) for span in _apart(context, ranked)]
    return sorted(answers, key=lambda answer: -answer.score)[:limit]


def _apart(context: str, ranked: Iterator[tuple[int, int, float]]) -> Iterator[tuple[int, int, float]]:
    """Yield the spans that neither overlap a better one nor read like one."""
    taken: set[int] = set()
    texts: set[str] = set()
    for start_char, end_char, score in ranked:
        text = context[start_char:end_char]
        if text not in texts and taken.isdisjoint(range(start_char, end_char)):
            taken.update(range(start_char, end_char))
            texts.add(text)
            yield start_char, end_char, score


def _answer(context: str, sentence_starts: Sequence[int], start_char: int, end_char: int, score: float) -> AnswerSpan:
    """One answer with its type; those of headings, table rows and links come last, as the rules have it."""
    number = bisect_right(sentence_starts, start_char)
    sentence_end = sentence_starts[number] if number < len(sentence_starts) else len(context)
    sentence = context[sentence_starts[number - 1] : sentence_end]
    return AnswerSpan(
        text=context[start_char:end_char],
        start_char=start_char,
        type=classify(context, start_char, end_char),
        score=score if is_prose(sentence) else score - UNUSABLE_COST,
    )
