"""Turns question tokens into text, in the passage's own spelling.

Comes in: token ids and the source they were decoded from. Goes out: the question's text. The tokenizer lower-cases,
drops spaces and does not know every character; Latin words, digits and unknown characters are copied from the passage.

A literal example: new ##t ##on 在 apple [UNK] → 「Newton在Apple龘」, if the passage spells them so.
"""

from __future__ import annotations

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
    """Spell a question.

    Args:
        tokenizer: The model's.
        token_ids: The question's tokens, without [SEP].
        source: The source it was decoded from.
        context: The passage that the source's character offsets refer to.

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
        if length and _is_spelt_by_source(tokenizer, token_ids[at : at + length]):
            text = _without_breaks(context[source.start_chars[start] : source.end_chars[start + length - 1]])
        elif token_ids[at] == tokenizer.unk_token_id:
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
    for start, token in enumerate(source.token_ids):
        if token != token_ids[at] or source.start_chars[start] < 0:
            continue
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


def _is_spelt_by_source(tokenizer: PreTrainedTokenizerFast, token_ids: Sequence[int]) -> bool:
    """Whether the source's characters may be copied: not for a lone [UNK], which may mean any unknown one."""
    return len(token_ids) > 1 or token_ids[0] != tokenizer.unk_token_id


def _aligned_character(token_ids: Sequence[int], at: int, source: Source, context: str) -> str | None:
    """The source character of an [UNK]: the one whose preceding tokens match the question's for longest."""
    best_start, best_length = None, 0
    for start, token in enumerate(source.token_ids):
        if token != token_ids[at] or source.start_chars[start] < 0:
            continue
        length = 0
        while (
            length < at
            and start - length - 1 >= 0
            and source.token_ids[start - length - 1] == token_ids[at - length - 1]
        ):
            length += 1
        if length > best_length:
            best_start, best_length = start, length
    if best_start is None:
        return None
    return context[source.start_chars[best_start] : source.end_chars[best_start]]


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
