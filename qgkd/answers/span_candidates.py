"""Every span of a passage that a learnt scorer may choose from: the rule's candidates and runs of whole words.

Comes in: a passage in either script. Goes out: `SpanCandidates`: offsets, and what words and patterns say of each.

A literal example: `燈塔建於1867年。` gives 燈塔, 燈塔建於, …, 1867 and 1867年, which a scorer finds the likeliest.

A run starts where a word or a part of one does (葡萄牙 of 葡萄牙語, 83.4 of 83.4%), ends likewise, and lies within one
clause. Of people's 619 answers to the validation passages 95 % are among the candidates, 72 % among the rule's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qgkd.answers.candidates import candidates_in, introduced_people
from qgkd.text.characters import HAN
from qgkd.text.sentences import split_sentences
from qgkd.text.words import Word, listed_parts, tag_words

FEATURES = ("source", "chars", "words", "first_tag", "last_tag", "edges")
"""What is said of a candidate, each a small whole number below `FEATURE_VALUES`."""
FEATURE_VALUES = 32

_PIECE_CHARS = 300
_LONGEST_RUN_CHARS = 30
_LONGEST_RUN_WORDS = 8
_LONGEST_CLAUSE_WORDS = 12
"""Longer runs than `_LONGEST_RUN_WORDS` start or end where a clause does."""
_CLAUSE_MARK = re.compile(r"[，。；：！？!?;\n]")
_OPENING, _CLOSING = "「『《〈“‘（([【", "」』》〉”’）)]】%％℃°"
_NUMBER_OR_LATIN = re.compile(r"[0-9０-９]+(?:[.,，．][0-9０-９]+)*|[A-Za-zÀ-ž]+")
_HAN_WORD = re.compile(rf"[{HAN}]{{3,}}")
_NEVER_FIRST = frozenset(("uj", "ul", "ud", "uz", "uv", "ug", "y"))
_NEVER_LAST = frozenset(("uj", "ul", "p", "c"))


@dataclass(frozen=True, slots=True)
class SpanCandidates:
    """N spans of one passage, by their starts, the shorter first."""

    start_chars: NDArray[np.int32]  # [N]
    end_chars: NDArray[np.int32]  # [N]
    features: NDArray[np.uint8]  # [N, F], in the order of `FEATURES`

    def __len__(self) -> int:
        return len(self.start_chars)


@dataclass(frozen=True, slots=True)
class _Edge:
    """A place where a run may start or end, with the word there."""

    char: int
    word: int
    """The word's number in its piece."""
    tag: str


def span_candidates(context: str) -> SpanCandidates:
    """Find the candidates of a passage of any length."""
    people = introduced_people(context)
    found: dict[tuple[int, int], tuple[int, ...]] = {}
    for start_char, end_char in split_sentences(context):
        for piece_start in range(start_char, end_char, _PIECE_CHARS):
            piece = context[piece_start : min(end_char, piece_start + _PIECE_CHARS)]
            for start, end, features in _in_piece(piece, people):
                found[piece_start + start, piece_start + end] = features
    order = sorted(found)
    spans = np.asarray(order, np.int32).reshape(-1, 2)
    described = np.asarray([found[span] for span in order], np.uint8).reshape(-1, len(FEATURES))
    return SpanCandidates(spans[:, 0], spans[:, 1], described)


def _in_piece(piece: str, people: frozenset[str]) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yield every candidate of a sentence, or a part of one, with its features."""
    words = tag_words(piece)
    sources = {(c.start_char, c.end_char): 1 + int(c.source) for c in candidates_in(piece, people)}
    starts, ends = _edges(words)
    clause_starts, clause_ends = _clause_edges(piece)
    spans = {(run[0].char, run[1].char): run for run in _runs(piece, starts, ends, clause_starts, clause_ends)}
    for span in sources:
        if span not in spans:
            spans[span] = (_edge_at(words, span[0]), _edge_at(words, span[1] - 1))
    for (start, end), (first, last) in spans.items():
        chars, count = min(end - start, FEATURE_VALUES - 1), min(last.word - first.word + 1, FEATURE_VALUES - 1)
        edges = (start in clause_starts) + 2 * (end in clause_ends)
        yield start, end, (sources.get((start, end), 0), chars, count, _tag(first.tag), _tag(last.tag), edges)


def _edges(words: tuple[Word, ...]) -> tuple[list[_Edge], list[_Edge]]:
    """Where runs may start and end: at words, at listed parts of long words, around numbers and Latin letters."""
    starts: dict[int, _Edge] = {}
    ends: dict[int, _Edge] = {}
    for number, word in enumerate(words):
        inner: list[tuple[int, int]] = [match.span() for match in _NUMBER_OR_LATIN.finditer(word.text)]
        if _HAN_WORD.fullmatch(word.text):
            part_ends, part_starts = listed_parts(word.text)
            inner += [*((0, end) for end in part_ends), *((start, len(word.text)) for start in part_starts)]
        for start, end in (*inner, (0, len(word.text))):
            starts[word.start_char + start] = _Edge(word.start_char + start, number, word.tag)
            ends[word.start_char + end] = _Edge(word.start_char + end, number, word.tag)
    return sorted(starts.values(), key=lambda edge: edge.char), sorted(ends.values(), key=lambda edge: edge.char)


def _clause_edges(piece: str) -> tuple[frozenset[int], frozenset[int]]:
    marks = [match.span() for match in _CLAUSE_MARK.finditer(piece)]
    return frozenset((0, *(end for _, end in marks))), frozenset((*(start for start, _ in marks), len(piece)))


def _runs(
    piece: str,
    starts: list[_Edge],
    ends: list[_Edge],
    clause_starts: frozenset[int],
    clause_ends: frozenset[int],
) -> Iterator[tuple[_Edge, _Edge]]:
    """Yield the runs as their first and last edges."""
    stops = sorted(clause_ends)
    lowest = 0
    for first in starts:
        if first.tag in _NEVER_FIRST or not _may_be_first(piece[first.char]):
            continue
        stop = min(next(end for end in stops if end >= first.char), first.char + _LONGEST_RUN_CHARS)
        while lowest < len(ends) and ends[lowest].char <= first.char:
            lowest += 1
        for last in ends[lowest:]:
            words = last.word - first.word + 1
            if last.char > stop or words > _LONGEST_CLAUSE_WORDS:
                break
            in_a_corner = first.char in clause_starts or last.char in clause_ends
            if words > _LONGEST_RUN_WORDS and not in_a_corner:
                continue
            if last.tag not in _NEVER_LAST and _may_be_last(piece[last.char - 1]):
                yield first, last


def _may_be_first(character: str) -> bool:
    return character.isalnum() or character in _OPENING or character in "-－+"


def _may_be_last(character: str) -> bool:
    return character.isalnum() or character in _CLOSING


def _edge_at(words: tuple[Word, ...], char: int) -> _Edge:
    number = next(number for number, word in enumerate(words) if word.end_char > char)
    return _Edge(char, number, words[number].tag)


def _tag(tag: str) -> int:
    """A part of speech by its first letter; names apart, as they have letters of their own behind `n`."""
    names = {"nr": 27, "ns": 28, "nt": 29, "nz": 30}
    return names.get(tag[:2], min(26, max(0, ord(tag[0].lower()) - ord("a") + 1)) if tag else 0)
