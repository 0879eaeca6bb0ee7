"""Propose the spans of a passage that are worth a question.

Comes in: a passage. Goes out: `AnswerSpan`s, best first, spread over the passage.

A literal example: `propose_answers("燈塔建於1867年，由林文海設計。")` gives 1867年 (date) and 林文海 (person).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from qgkd.answer import AnswerSpan, AnswerType
from qgkd.answers.candidates import Candidate, Source, candidates_in
from qgkd.answers.classify import classify_in_sentence
from qgkd.answers.people import people_in
from qgkd.answers.ranking import features, score
from qgkd.answers.repeats import Repeats
from qgkd.answers.sentence_cost import sentence_cost
from qgkd.text.sentences import split_sentences
from qgkd.text.words import tag_words

_PIECE_CHARS = 300
_OPENING_CHARS = 60
_MIN_CLAUSE_CHARS = 6
_REPEATED_TYPE_COST = 0.5


@dataclass(frozen=True, slots=True)
class _Scored:
    span: AnswerSpan
    piece_index: int


def propose_answers(context: str, *, limit: int | None = None) -> list[AnswerSpan]:
    """Propose answers for a passage of any length, in either script; with a limit of 0 none.

    Returns:
        Spans, best first, no two overlapping and no two with the same text. The best span of every sentence comes
        before the second best of any sentence, if the limit allows one per sentence.
    """
    if limit is not None and limit < 1:
        return []
    candidates = list(_scored_candidates(context))
    sentences = 1 + max((candidate.piece_index for candidate in candidates), default=0)
    stretch_chars = -(-len(context) // limit) if limit is not None and limit < sentences else 0
    return [scored.span for scored in _spread(_without_overlap(candidates), stretch_chars)][:limit]


def _pieces(context: str) -> Iterator[tuple[int, str]]:
    """Yield the passage's sentences with their offsets; sentences of more than 300 characters are cut."""
    for start_char, end_char in split_sentences(context):
        for piece_start in range(start_char, end_char, _PIECE_CHARS):
            yield piece_start, context[piece_start : min(end_char, piece_start + _PIECE_CHARS)]


def _scored_candidates(context: str) -> Iterator[_Scored]:
    opening = re.split(r"[，。；：！？\n]", context[:_OPENING_CHARS], maxsplit=1)[0]
    people, repeats = people_in(context), Repeats(context)
    for piece_index, (piece_start, piece) in enumerate(_pieces(context)):
        for candidate in candidates_in(piece, people):
            yield _Scored(_score(repeats, opening, piece_start, piece, candidate), piece_index)


def _score(repeats: Repeats, opening: str, piece_start: int, piece: str, candidate: Candidate) -> AnswerSpan:
    start_char = piece_start + candidate.start_char
    text = piece[candidate.start_char : candidate.end_char]
    words_type = classify_in_sentence(piece, candidate.start_char, candidate.end_char)
    answer_type = candidate.type or words_type
    if candidate.source is Source.CLAUSE and answer_type is AnswerType.TERM and len(text) >= _MIN_CLAUSE_CHARS:
        answer_type = AnswerType.CLAUSE
    values = features(
        candidate,
        answer_type,
        text=text,
        before=piece[: candidate.start_char],
        after=piece[candidate.end_char :],
        passage_start_char=start_char,
        occurrences=repeats.count(text, most=3),
        is_topic=opening.startswith(text),
    )
    total = score(values) - sentence_cost(piece, candidate, answer_type)
    is_known_person = candidate.type is AnswerType.PERSON
    acts = answer_type is AnswerType.CLAUSE and tag_words(text)[0].tag.startswith("v")  # 為了|紀念這次地震: no 地震
    question_type = None if is_known_person or acts or words_type is answer_type else words_type
    return AnswerSpan(text=text, start_char=start_char, type=answer_type, question_type=question_type, score=total)


def _without_overlap(candidates: list[_Scored]) -> list[_Scored]:
    """Keep the best of overlapping spans, and one occurrence of every text."""
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


def _spread(ranked: list[_Scored], stretch_chars: int) -> list[_Scored]:
    """Order spans in turns: the best of every sentence, then every second best.

    With fewer answers than sentences, stretches of `stretch_chars` take turns instead; else it is 0.
    """
    seen_of_stretch: Counter[int] = Counter()
    seen_of_type: Counter[AnswerType | None] = Counter()
    turns: list[tuple[int, float, _Scored]] = []
    for scored in ranked:
        stretch = scored.span.start_char // stretch_chars if stretch_chars else scored.piece_index
        turn = seen_of_stretch[stretch]
        seen_of_stretch[stretch] += 1
        repeats = seen_of_type[scored.span.type] if turn == 0 else 0
        seen_of_type[scored.span.type] = repeats + 1
        turns.append((turn, repeats * _REPEATED_TYPE_COST - scored.span.score, scored))
    return [scored for _, _, scored in sorted(turns, key=lambda item: item[:2])]
