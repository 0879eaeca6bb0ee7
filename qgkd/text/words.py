"""Words and their parts of speech, with offsets, in either script.

Comes in: a sentence. Goes out: `Word`s that cover it. jieba's word list is fuller for Simplified characters, so text is
converted one character to one character before it is cut, and the words are read off the original text.

A literal example: `[word.text for word in tag_words("林文海設計燈塔。")]` gives `["林文海", "設計", "燈塔", "。"]`.
"""

from __future__ import annotations

import itertools
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qgkd.text.characters import is_han
from qgkd.text.script import to_simplified_aligned
from qgkd.text.word_lists import either

_NUMBER = re.compile(r"[0-9０-９.,，．%％]*[0-9０-９][0-9０-９.,，．%％]*")
_LATIN = re.compile(r"[A-Za-zÀ-ž0-9&.'+#_/\-]+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a sentence."""

    text: str
    tag: str
    """jieba's part of speech: n noun, nr person, ns place, nt organisation, v verb, m number …"""
    start_char: int
    end_char: int


_LOADING = threading.Lock()


def _tagger() -> Any:
    """The tagger of jieba; one thread loads it, others wait."""
    with _LOADING:
        return _loaded_tagger()


@lru_cache(maxsize=1)
def _loaded_tagger() -> Any:
    import jieba  # type: ignore[import-untyped]

    jieba.setLogLevel(logging.CRITICAL)
    from jieba import posseg

    jieba.initialize()
    return posseg.POSTokenizer(jieba.dt)


@lru_cache(maxsize=65_536)
def _tag(word: str) -> str:
    """The word's part of speech: from jieba's list, else from its tagger run on this word alone.

    Differs: `jieba.posseg.cut` runs the tagger on every run of single characters, which takes three quarters of its
    time; cutting first and tagging only the words outside the list gives names the same tag five times as fast.
    """
    known = _tagger().word_tag_tab.get(word)
    if known is not None:
        return str(known)
    if len(word) == 2 and word[-1] in _LAST_OF_VERBS:
        return "v"  # 銷往, 移入
    if _NUMBER.fullmatch(word):
        return "m"
    if _LATIN.fullmatch(word):
        return "eng"
    if not is_han(word[-1:]):
        return "x"
    return str(list(_tagger().cut(word))[-1].flag)


_LAST_OF_VERBS = frozenset("往於于入至到成為为出向")
_NEVER_FIRST = frozenset("由於被把他她其此")
_NEVER_LAST = frozenset("用由於于被把在是的了為为與与則则也都曾")


def _without_particles(word: str) -> tuple[str, str, str]:
    """Split off the particles that jieba draws into a guessed word (`李白被`, `他於`): before, the rest, after."""
    start, stop = 0, len(word)
    if stop < 2 or not all(map(is_han, word)) or is_listed(word):
        return "", word, ""
    while start < stop - 1 and word[start] in _NEVER_FIRST:
        start += 1
    while stop > start + 1 and word[stop - 1] in _NEVER_LAST:
        stop -= 1
    return word[:start], word[start:stop], word[stop:]


def is_listed(word: str) -> bool:
    """Whether jieba's list has a word; unlisted words are guessed from single characters, often wrongly."""
    return _tagger().tokenizer.FREQ.get(to_simplified_aligned(word), 0) > 0


@lru_cache(maxsize=65_536)
def listed_parts(word: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where shorter words of jieba's list end that a word begins with, and start that it ends with.

    `listed_parts("葡萄牙語")` is `((2, 3), ())`: 葡萄, 葡萄牙. Words of two characters have no parts.
    """
    frequencies, simplified = _tagger().tokenizer.FREQ, to_simplified_aligned(word)
    lengths = range(2, len(word))
    ends = tuple(length for length in lengths if frequencies.get(simplified[:length], 0) > 0)
    starts = tuple(len(word) - length for length in lengths if frequencies.get(simplified[-length:], 0) > 0)
    return ends, starts


def cut_words(text: str) -> Iterator[str]:
    """Yield jieba's words in Simplified characters, each as long as in the text; its list is fuller for those."""
    simplified = to_simplified_aligned(text)
    starts = [0, *(match.end() for match in _dynasty().finditer(simplified)), len(simplified)]
    for start_char, end_char in itertools.pairwise(starts):
        yield from _tagger().tokenizer.cut(simplified[start_char:end_char])


@lru_cache(maxsize=1)
def _dynasty() -> re.Pattern[str]:
    """`宋代` before a profession, where jieba reads 宋|代理|學家."""
    return re.compile(rf"(?:{either('dynasties')})[代朝](?=(?:{either('before a person')}|的))")


def single_share(text: str) -> float:
    """The share of Chinese characters that are words of their own where only the words of the list are put together.

    Modern prose has about a quarter of them, the classical language a third or more.
    """
    words = _tagger().tokenizer.cut(to_simplified_aligned(text), HMM=False)
    lengths = [len(word) for word in words if all(map(is_han, word))]
    return lengths.count(1) / max(sum(lengths), 1)


@lru_cache(maxsize=4096)
def tag_words(sentence: str) -> tuple[Word, ...]:
    """Cut a text, preferably one sentence, into tagged words; joined they give it back, white space included."""
    words: list[Word] = []
    start_char = 0
    for cut in cut_words(sentence):
        before, middle, after = _without_particles(cut)
        for text in (*before, middle, *after):
            end_char = start_char + len(text)
            words.append(Word(sentence[start_char:end_char], _tag(text), start_char, end_char))
            start_char = end_char
    return tuple(words)
