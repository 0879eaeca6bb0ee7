"""Which spans of a passage are worth asking about.

Comes in: a passage. Goes out: `AnswerSpan`s, best first, spread over the passage.

A literal example: `propose_answers("燈塔建於1867年，由林文海設計。")` gives 1867年 (date) and 林文海 (person).

jieba and patterns find the candidates today; a learnt proposer replaces this one function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qgkd.answer_candidates import Candidate, candidates_in
from qgkd.answer_classes import classify_in_sentence
from qgkd.answer_ranking import features, score
from qgkd.answer_types import AnswerSpan, AnswerType
from qgkd.sentences import split_sentences

_PIECE_CHARS = 300
_OPENING_CHARS = 60


@dataclass(frozen=True, slots=True)
class _Scored:
    span: AnswerSpan
    piece_index: int


def propose_answers(context: str, *, limit: int | None = None) -> list[AnswerSpan]:
    """Propose answers.

    Args:
        context: A passage of any length, in either script.
        limit: At most this many; None for all that do not overlap.

    Returns:
        Spans, best first, no two overlapping and no two with the same text. The ranking takes the best span of
        every sentence before the second best of any where the limit leaves room for it.
    """
    candidates = list(_scored_candidates(context))
    chosen = _without_overlap(candidates)
    return [scored.span for scored in _spread(chosen)][:limit]


def _pieces(context: str) -> Iterator[tuple[int, str]]:
    """The passage's sentences with their offsets; a sentence without an end is cut by length."""
    for start_char, end_char in split_sentences(context):
        for piece_start in range(start_char, end_char, _PIECE_CHARS):
            yield piece_start, context[piece_start : min(end_char, piece_start + _PIECE_CHARS)]


def _scored_candidates(context: str) -> Iterator[_Scored]:
    opening = re.split(r"[，。；：！？\n]", context[:_OPENING_CHARS], maxsplit=1)[0]
    for piece_index, (piece_start, piece) in enumerate(_pieces(context)):
        for candidate in candidates_in(piece):
            yield _Scored(_score(context, opening, piece_start, piece, candidate), piece_index)


def _score(context: str, opening: str, piece_start: int, piece: str, candidate: Candidate) -> AnswerSpan:
    start_char, end_char = piece_start + candidate.start_char, piece_start + candidate.end_char
    text = context[start_char:end_char]
    answer_type: AnswerType = candidate.type or classify_in_sentence(piece, candidate.start_char, candidate.end_char)
    values = features(
        candidate,
        answer_type,
        text=text,
        before=piece[: candidate.start_char],
        after=piece[candidate.end_char :],
        passage_start_char=start_char,
        occurrences=min(context.count(text), 3),
        is_topic=opening.startswith(text),
    )
    return AnswerSpan(text=text, start_char=start_char, end_char=end_char, type=answer_type, score=score(values))


def _without_overlap(candidates: list[_Scored]) -> list[_Scored]:
    """Keep the best of what overlaps, and one occurrence of every text."""
    kept: list[_Scored] = []
    taken: set[int] = set()
    texts: set[str] = set()
    for scored in sorted(candidates, key=lambda item: (-item.span.score, item.span.start_char)):
        characters = range(scored.span.start_char, scored.span.end_char)
        if scored.span.text in texts or not taken.isdisjoint(characters):
            continue
        kept.append(scored)
        taken.update(characters)
        texts.add(scored.span.text)
    return kept


def _spread(ranked: list[_Scored]) -> list[_Scored]:
    """Round robin over sentences: every sentence's best first, then every second best …."""
    seen_of_piece: dict[int, int] = {}
    rounds: list[tuple[int, _Scored]] = []
    for scored in ranked:
        turn = seen_of_piece.get(scored.piece_index, 0)
        seen_of_piece[scored.piece_index] = turn + 1
        rounds.append((turn, scored))
    return [scored for _, scored in sorted(rounds, key=lambda item: item[0])]
