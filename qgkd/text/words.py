"""Words and their parts of speech, with offsets, in either script.

Comes in: a sentence. Goes out: `Word`s that cover it. jieba's word list is fuller for Simplified characters, so text is
converted one character to one character before it is cut, and the words are read off the original text.

A literal example: `[word.text for word in tag_words("林文海設計燈塔。")]` gives `["林文海", "設計", "燈塔", "。"]`.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qgkd.text.characters import is_han
from qgkd.text.script import to_simplified_aligned

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
    if _NUMBER.fullmatch(word):
        return "m"
    if _LATIN.fullmatch(word):
        return "eng"
    if not is_han(word[-1:]):
        return "x"
    return str(list(_tagger().cut(word))[-1].flag)


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
    return iter(_tagger().tokenizer.cut(to_simplified_aligned(text)))


@lru_cache(maxsize=4096)
def tag_words(sentence: str) -> tuple[Word, ...]:
    """Cut a text, preferably one sentence, into tagged words; joined they give it back, white space included."""
    words: list[Word] = []
    start_char = 0
    for text in cut_words(sentence):
        end_char = start_char + len(text)
        words.append(Word(sentence[start_char:end_char], _tag(text), start_char, end_char))
        start_char = end_char
    return tuple(words)
