"""Cut the text around an answer into clauses, from which the question is made.

Comes in: a passage and a span. Goes out: `Frame`, the answer's clause and the other clauses of its sentence.

A literal example: for `燈塔建於1867年，由林文海設計。` and `林文海`,
`Frame(earlier=("燈塔建於1867年，",), left="由", answer="林文海", right="設計。", later=())`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_REACH_CHARS = 160
_FAR_REACH_CHARS = 400
_SENTENCE_END = re.compile(r"(?:[。！？!?…]+|\n+)[」』”’）)\]】》〉]*")
# Not inside a title: 《文學與時代：研究論集》.
_CLAUSE_END = re.compile(r"(?:，|；|：|;|,(?!\d)|:(?!\d)|——|—)(?![^《》〈〉。]*[》〉])[」』”’）)]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """An answer and the clauses around it; joined in order they are a part of the passage."""

    earlier: tuple[str, ...]
    """Whole clauses of the same sentence before the answer's, each with its closing mark."""
    left: str
    """The answer's own clause before the answer."""
    answer: str
    right: str
    """The answer's own clause after the answer, with its closing mark."""
    later: tuple[str, ...]
    """Whole clauses of the same sentence after the answer's."""
    previous_sentence: str = ""
    """The sentence before, in which a missing subject is searched."""
    sentences_before: tuple[str, ...] = ()
    """The sentences before the answer's, the nearest first, in which a pronoun's noun is searched."""
    opening: str = ""
    """The passage's first clause, which usually names its topic; empty when the answer is in it."""


def frame_answer(context: str, start_char: int, end_char: int) -> Frame:
    """Cut the text around an answer into clauses, from the opening and 160 characters on either side of the answer."""
    from_char = max(0, start_char - _REACH_CHARS)
    before, after = context[from_char:start_char], context[end_char : end_char + _REACH_CHARS]
    previous_sentence, before = _last_sentence(before)
    end = _SENTENCE_END.search(after)
    after = after[: end.end()] if end else after
    earlier, left = _clauses(before)
    first_end = _CLAUSE_END.search(after)
    right = after[: first_end.end()] if first_end else after
    opening = re.split(r"[，。；：！？\n]", context[:80], maxsplit=1)[0]
    return Frame(
        earlier=tuple(earlier),
        left=left,
        answer=context[start_char:end_char],
        right=right,
        later=clauses_of(after[len(right) :]),
        previous_sentence=previous_sentence,
        sentences_before=_sentences_before(context[max(0, start_char - _FAR_REACH_CHARS) : start_char]),
        opening=opening if start_char > len(opening) else "",
    )


def clauses_of(text: str) -> tuple[str, ...]:
    """Cut text at clause marks; the marks stay with the clause before them."""
    clauses, rest = _clauses(text)
    return tuple(clauses + ([rest] if rest else []))


def _last_sentence(text: str) -> tuple[str, str]:
    """Split the text before an answer into the previous sentence and the beginning of the answer's sentence."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    if not ends:
        return "", text
    previous_start = ends[-2] if len(ends) > 1 else 0
    return text[previous_start : ends[-1]], text[ends[-1] :]


def _sentences_before(text: str) -> tuple[str, ...]:
    """The whole sentences before an answer, the nearest first."""
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text))]
    return tuple(text[start:end] for start, end in reversed(list(pairwise(ends))) if text[start:end].strip())


def _clauses(text: str) -> tuple[list[str], str]:
    """Cut text at clause marks into whole clauses and the rest after the last mark."""
    clauses: list[str] = []
    start_char = 0
    for match in _CLAUSE_END.finditer(text):
        clauses.append(text[start_char : match.end()])
        start_char = match.end()
    return clauses, text[start_char:]
