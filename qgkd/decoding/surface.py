"""Question tokens back to characters.

Comes in: token ids and the source they were written from. Goes out: the question's text. Latin words, digits and
unknown characters get the passage's own spelling back: the tokenizer lower-cases, drops spaces and does not know every
character, the passage does.

A literal example: new ##t ##on 在 apple [UNK] → 「Newton在Apple龘」, if the passage says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qgkd.source import Source

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def question_text(
    tokenizer: PreTrainedTokenizerFast, token_ids: Sequence[int], source: Source, context: str
) -> str | None:
    """Spell a question.

    Args:
        tokenizer: The model's.
        token_ids: The question, without [SEP].
        source: What it was written from.
        context: The passage whose characters `source.start_chars` counts.

    Returns:
        The text; None where an [UNK] has no source character to take its place.
    """
    pieces: list[str] = []
    at = 0
    while at < len(token_ids):
        start, length = longest_copy(token_ids, at, source)
        if length and _is_spelt_by_source(tokenizer, token_ids[at : at + length]):
            text = _without_breaks(context[source.start_chars[start] : source.end_chars[start + length - 1]])
            first = str(tokenizer.convert_ids_to_tokens(int(token_ids[at])))
            pieces.append("##" + text if first.startswith("##") else text)
            at += length
        elif token_ids[at] == tokenizer.unk_token_id:
            character = _aligned_character(token_ids, at, source, context)
            if character is None:
                return None
            pieces.append(character)
            at += 1
        else:
            pieces.append(str(tokenizer.convert_ids_to_tokens(int(token_ids[at]))))
            at += 1
    return _join(pieces)


def longest_copy(token_ids: Sequence[int], at: int, source: Source) -> tuple[int, int]:
    """The longest run of source tokens that equals the question's tokens from `at` on.

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
    """Whether copying the source's characters is safe: an [UNK] alone says nothing about which character is meant."""
    return len(token_ids) > 1 or token_ids[0] != tokenizer.unk_token_id


def _aligned_character(token_ids: Sequence[int], at: int, source: Source, context: str) -> str | None:
    """The source character behind an [UNK]: the one whose left neighbours agree with the question's for longest."""
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


def _join(pieces: Sequence[str]) -> str:
    """Join pieces; a space only between two Latin words or numbers, none before a `##` continuation."""
    text = ""
    for piece in pieces:
        if piece.startswith("##") and len(piece) > 2:
            text += piece[2:]
        elif text and piece and _is_latin(text[-1]) and _is_latin(piece[0]):
            text += " " + piece
        else:
            text += piece
    return text.strip()


def _without_breaks(text: str) -> str:
    """The passage's line breaks and double spaces are layout; a space stays between Latin words only."""
    return re.sub(r"(?<![!-~])\s+|\s+(?![!-~])", "", re.sub(r"\s+", " ", text))


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
