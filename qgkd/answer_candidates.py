"""Every stretch of a sentence that could be an answer.

Comes in: one sentence. Goes out: `Candidate`s with offsets in that sentence; they may overlap.

A literal example: `燈塔建於1867年，由林文海設計。` gives 燈塔, 1867年 and 林文海.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from qgkd.answer_patterns import DATE_BODY, DYNASTY, LATIN_NAME, NUMBER_BODY, WORK, YEAR
from qgkd.answer_types import AnswerType
from qgkd.foreign_names import find_foreign_names
from qgkd.word_lists import either, words_of
from qgkd.words import Word, tag_words


class Source(IntEnum):
    """How a candidate was found; the ranking trusts some more than others."""

    FORM = 0
    """A written form: date, quantity, title, name with a middle dot."""
    QUOTED = 1
    """Between quotation marks."""
    NAME = 2
    """A word that jieba tags as a name."""
    LATIN = 3
    COMPOUND = 4
    """Nouns in a row."""
    NOUN = 5
    """One common noun."""
    CLAUSE = 6
    """After a word such as 因為."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span of one sentence."""

    start_char: int
    end_char: int
    source: Source
    type: AnswerType | None
    """None: to be classified."""


_DATES = re.compile(rf"{DATE_BODY}|{DYNASTY.pattern}")
_NUMBERS = re.compile(NUMBER_BODY)
_USELESS_NUMBER = re.compile(r"[一兩两半數数几幾].{0,2}|第?[一二三]|[千百萬万億亿十零]+|\d")
_QUOTED = re.compile(r"[「『“]([^「」『』“”，。；！？\n]{2,20})[」』”]")
_CLAUSE_CUE = re.compile(rf"(?:{either('before a clause')})(?P<clause>[^，。；：！？、「」《》（）()\n]{{2,25}})")
_NAME_TAGS = ("nr", "ns", "nt", "nz", "nrt", "nrfg", "j")
_COMPOUND_TAGS = ("n", "nr", "ns", "nt", "nz", "nrt", "nrfg", "j", "vn", "an", "eng", "l", "b", "s", "ng", "i")
_LAST_TAGS = ("n", "nr", "ns", "nt", "nz", "nrt", "nrfg", "j", "vn", "eng", "l", "s", "ng", "i")
_SUFFIX_TAGS = ("k", "ng", "n", "q")
_COMPOUND_LIMIT_CHARS = 16


def candidates_in(sentence: str) -> list[Candidate]:
    """Find candidates.

    Args:
        sentence: A sentence, or a piece of at most a few hundred characters.

    Returns:
        Candidates in no particular order, without exact duplicates; of two with one span the one found by the more
        telling source stays.
    """
    found: dict[tuple[int, int], Candidate] = {}
    words = tag_words(sentence)
    for candidate in (*_by_form(sentence), *_by_words(sentence, words), *_clauses(sentence)):
        key = (candidate.start_char, candidate.end_char)
        if key not in found or candidate.source < found[key].source:
            found[key] = candidate
    return list(found.values())


def _by_form(sentence: str) -> Iterator[Candidate]:
    for match in _DATES.finditer(sentence):
        yield Candidate(match.start(), match.end(), Source.FORM, AnswerType.DATE)
    for match in YEAR.finditer(sentence):
        yield Candidate(match.start(), match.end(), Source.FORM, AnswerType.DATE)
    for match in _NUMBERS.finditer(sentence):
        if not _USELESS_NUMBER.fullmatch(match.group()):
            yield Candidate(match.start(), match.end(), Source.FORM, None)
    for match in WORK.finditer(sentence):
        yield Candidate(match.start(), match.end(), Source.FORM, AnswerType.WORK)
    for start_char, end_char in find_foreign_names(sentence):
        yield Candidate(start_char, end_char, Source.FORM, AnswerType.PERSON)
    for match in _QUOTED.finditer(sentence):
        yield Candidate(match.start(1), match.end(1), Source.QUOTED, None)
    for match in LATIN_NAME.finditer(sentence):
        if len(match.group()) > 1:
            yield Candidate(match.start(), match.end(), Source.LATIN, None)


def _by_words(sentence: str, words: tuple[Word, ...]) -> Iterator[Candidate]:
    """Names, common nouns and runs of nouns."""
    start = 0
    while start < len(words):
        word = words[start]
        if len(word.text) > 1 and word.tag in _NAME_TAGS:
            yield Candidate(word.start_char, word.end_char, Source.NAME, None)
        elif (
            len(word.text) > 1 and word.tag in ("n", "vn", "l") and word.text not in words_of("nouns nobody asks about")
        ):
            yield Candidate(word.start_char, word.end_char, Source.NOUN, None)
        stop = start
        while stop < len(words) and words[stop].tag in _COMPOUND_TAGS:
            stop += 1
        last = stop
        while last > start and words[last - 1].tag not in _LAST_TAGS:
            last -= 1
        if last - start > 1 and words[last - 1].end_char - word.start_char <= _COMPOUND_LIMIT_CHARS:
            yield Candidate(word.start_char, words[last - 1].end_char, Source.COMPOUND, None)
            for name in words[start + 1 : last]:
                if len(name.text) > 1 and name.tag in _NAME_TAGS:
                    yield Candidate(name.start_char, name.end_char, Source.NAME, None)
        start = max(stop, start + 1)


def _clauses(sentence: str) -> Iterator[Candidate]:
    for match in _CLAUSE_CUE.finditer(sentence):
        yield Candidate(match.start("clause"), match.end("clause"), Source.CLAUSE, None)
