"""Turns question tokens into text, in the passage's own spelling.

Comes in: token ids and the source they were decoded from. Goes out: the question's text. The tokenizer lower-cases,
drops spaces and does not know every character; Latin words, digits and unknown characters are copied from the passage.

A literal example: new ##t ##on 在 apple [UNK] → 「Newton在Apple龘」, if the passage spells them so.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qgkd.model_input.source import Source
from qgkd.model_input.tokens import is_word_piece

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    continues: bool
    """Whether it is a `##` token, part of the word before it."""


def question_text(
    tokenizer: PreTrainedTokenizerFast, token_ids: Sequence[int], source: Source, context: str
) -> str | None:
    """Spell a question, decoded without its [SEP] from a source whose character offsets refer to `context`.

    Returns:
        The text; None where no character of the passage can replace an [UNK].
    """
    if not is_word_piece(tokenizer):  # byte and sentence pieces keep spaces and case
        known = tokenizer.unk_token_id not in token_ids
        return str(tokenizer.decode(list(token_ids), skip_special_tokens=True)).strip() if known else None
    pieces: list[_Piece] = []
    at = 0
    while at < len(token_ids):
        start, length = longest_copy(token_ids, at, source)
        token = str(tokenizer.convert_ids_to_tokens(int(token_ids[at])))
        continues = token.startswith("##") and len(token) > 2
        is_unknown = token_ids[at] == tokenizer.unk_token_id
        if length > 1 or (length and not is_unknown):  # a lone [UNK] may mean any unknown character
            text = _without_breaks(context[source.start_chars[start] : source.end_chars[start + length - 1]])
        elif is_unknown:
            character = _aligned_character(token_ids, at, source, context)
            if character is None:
                return None
            text, length = character, 1
        else:
            text, length = token[2:] if continues else token, 1
        pieces.append(_Piece(text, continues))
        at += length
    return _join(pieces)


def longest_copy(token_ids: Sequence[int], at: int, source: Source) -> tuple[int, int]:
    """Find the longest run of source tokens that equals the question's tokens from `at` on.

    Returns:
        (first source token, length); (0, 0) where the token does not occur in the passage.
    """
    best = (0, 0)
    for start in _places(token_ids[at], source):
        length = 1
        while (
            at + length < len(token_ids)
            and start + length < len(source.token_ids)
            and source.start_chars[start + length] >= 0
            and source.token_ids[start + length] == token_ids[at + length]
        ):
            length += 1
        if length > best[1]:
            best = (start, length)
    return best


def _places(token_id: int, source: Source) -> list[int]:
    """The source tokens equal to this one that stand for characters of the passage."""
    pairs = zip(source.token_ids, source.start_chars, strict=False)
    return [place for place, (token, start_char) in enumerate(pairs) if token == token_id and start_char >= 0]


def _aligned_character(token_ids: Sequence[int], at: int, source: Source, context: str) -> str | None:
    """The source character of an [UNK]: the one whose preceding tokens match the question's for longest."""
    found, best_length = None, 0
    for start in _places(token_ids[at], source):
        before = zip(reversed(source.token_ids[:start]), reversed(token_ids[:at]), strict=False)
        length = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], before))
        if length > best_length:
            found, best_length = context[source.start_chars[start] : source.end_chars[start]], length
    return found


def _join(pieces: Sequence[_Piece]) -> str:
    """Join pieces, with spaces only between words and numbers of scripts that use them."""
    text = ""
    for piece in pieces:
        apart = not piece.continues and text and piece.text and _is_spaced(text[-1]) and _is_spaced(piece.text[0])
        text += f" {piece.text}" if apart else piece.text
    return text.strip()


def _without_breaks(text: str) -> str:
    """Remove line breaks and spaces, keeping one space where neither neighbour is Chinese."""

    def space(match: re.Match[str]) -> str:
        return " " if all(map(_is_narrow, text[match.start() - 1 : match.start()] + text[match.end()])) else ""

    return re.sub(r"(?<=\S)\s+(?=\S)", space, text)


def _is_narrow(character: str) -> bool:
    return unicodedata.east_asian_width(character) not in "WF"


def _is_spaced(character: str) -> bool:
    return character.isalnum() and _is_narrow(character)
