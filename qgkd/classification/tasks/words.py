"""Cuts texts into words, Chinese by jieba and English by nltk, with a part of speech where one is wanted.

Comes in: a text and its language. Goes out: `Piece`s, which joined give the text back.

A literal example: of `早餐很好。` the pieces are 早餐 (n), 很 (zg), 好 (a) and 。 (x); of `It isn't bad.` they are It
(PRP), is (VBZ), n't (RB), bad (JJ) and . (.), with a blank after It and n't. `[MASK]` is one word of no part of speech.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from qgkd.errors import UserError
from qgkd.text.characters import is_han

MASK = "[MASK]"
"""What stands for a hidden word, in every file and in every vocabulary of words."""
LANGUAGES = ("chinese", "english")
_TAGGER = "averaged_perceptron_tagger_eng"
_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """One word."""

    text: str
    tag: str
    """Its part of speech, jieba's or Penn Treebank's; empty where none was wanted."""
    after: str = ""
    """The white space between it and the next."""


def language_of(texts: Iterable[str]) -> str:
    """`chinese` where half of the first thousand texts have Chinese characters, else `english`."""
    found = [any(map(is_han, text)) for text in islice(texts, _LOOKED_AT)]
    return LANGUAGES[0] if 2 * sum(found) >= len(found) else LANGUAGES[1]


def cut(text: str, language: str, *, tagged: bool = False) -> list[Piece]:
    """Cut a text of either of `LANGUAGES` into words.

    Raises:
        UserError: Tags are wanted of English, and the data of nltk's tagger is not there.
    """
    pieces: list[Piece] = []
    for part in re.split(rf"({re.escape(MASK)})", text):
        if part == MASK:
            pieces.append(Piece(MASK, ""))
        elif part:
            spans = _chinese(part, tagged) if language == LANGUAGES[0] else _english(part, tagged)
            _append(pieces, part, spans)
    return pieces


def joined(pieces: Iterable[Piece]) -> str:
    """The text of some words, without white space at its ends."""
    return "".join(piece.text + piece.after for piece in pieces).strip()


def _append(pieces: list[Piece], part: str, spans: Iterable[tuple[int, int, str]]) -> None:
    """Add the words at these places of a part; what lies between them belongs to the word before."""
    end = 0
    for start, stop, tag in spans:
        if pieces and start > end:
            pieces[-1] = Piece(pieces[-1].text, pieces[-1].tag, pieces[-1].after + part[end:start])
        pieces.append(Piece(part[start:stop], tag))
        end = stop
    if pieces and end < len(part):
        pieces[-1] = Piece(pieces[-1].text, pieces[-1].tag, pieces[-1].after + part[end:])


def _chinese(text: str, tagged: bool) -> Iterator[tuple[int, int, str]]:
    from qgkd.text.words import cut_words, tag_words  # imports jieba

    if tagged:
        words = ((word.start_char, word.end_char, word.tag) for word in tag_words(text))
        yield from ((start, stop, tag) for start, stop, tag in words if text[start:stop].strip())
        return
    start = 0
    for word in cut_words(text):  # as long as in the text, in its order
        if word.strip():
            yield start, start + len(word), ""
        start += len(word)


def _english(text: str, tagged: bool) -> Iterator[tuple[int, int, str]]:
    from nltk.tokenize import NLTKWordTokenizer  # slow to import

    spans = list(NLTKWordTokenizer().span_tokenize(text))
    tags = _english_tags([text[start:stop] for start, stop in spans]) if tagged else [""] * len(spans)
    yield from ((start, stop, tag) for (start, stop), tag in zip(spans, tags, strict=True))


def _english_tags(words: list[str]) -> list[str]:
    import nltk

    try:
        return [tag for _, tag in nltk.pos_tag(words)]
    except LookupError as error:
        raise UserError(
            f"augment.same_tag_share: expected nltk's English tagger, found no data for it; run python -m "
            f"nltk.downloader {_TAGGER}, or set augment.same_tag_share=0"
        ) from error
