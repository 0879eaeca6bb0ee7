"""Tokens: character offsets are right on every kind of text, and no text becomes a special token."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import PASSAGES

from qgkd.model_input.tokens import TokenizedText, is_word_piece, tokenize

MIXED = [
    *PASSAGES,
    "灯塔建于1867年，港务局。",
    "New  York的\u3000港口 (42公尺)",
    "ＮＥＷ　１８６７年",
    "港👩\u200d🚀口🏝️",
    "Café e\u0301a 港",
    "İstanbul ß 한국 港口",
    "港\u200b口\ufeff\x00",
    "a" * 150 + "港",
]


@pytest.mark.parametrize("text", MIXED)
def test_offsets_give_back_the_characters(tokenizer, text: str) -> None:
    tokens = tokenize(tokenizer, text)
    assert len(tokens) == len(tokens.start_chars) == len(tokens.end_chars) > 0
    assert list(tokens.start_chars) == sorted(tokens.start_chars)
    assert list(tokens.end_chars) == sorted(tokens.end_chars)
    for token_id, start, end in zip(tokens.ids, tokens.start_chars, tokens.end_chars, strict=True):
        piece = text[start:end]
        assert piece
        assert not piece.isspace()
        name = tokenizer.convert_ids_to_tokens(token_id).removeprefix("##")
        if name != "[UNK]":
            assert piece.lower() == name


@pytest.mark.parametrize("text", MIXED)
def test_token_range_is_what_overlaps(tokenizer, text: str) -> None:
    tokens = tokenize(tokenizer, text)
    for start in range(len(text)):
        for end in range(start + 1, min(len(text), start + 6) + 1):
            first, last = tokens.token_range(start, end)
            overlapping = [i for i in range(len(tokens)) if tokens.start_chars[i] < end and tokens.end_chars[i] > start]
            assert list(range(first, last)) == overlapping


def test_special_tokens_are_neither_added_nor_read_from_the_text(tokenizer) -> None:
    text = "[CLS]港[SEP]口[MASK][PAD][unused1]"
    ids = tokenize(tokenizer, text).ids
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    assert special.isdisjoint(ids)
    assert tokenizer.convert_tokens_to_ids("[unused1]") not in ids
    # The setting is not kept by the tokenizer for its next user.
    assert tokenizer("[SEP]", add_special_tokens=False).input_ids == [tokenizer.sep_token_id]
    assert tokenize(tokenizer, text).ids == ids


def test_empty_text_and_white_space_have_no_tokens(tokenizer) -> None:
    assert len(tokenize(tokenizer, "")) == 0
    spaces = tokenize(tokenizer, " \n\u3000")
    assert spaces == TokenizedText(text=" \n\u3000", ids=(), start_chars=(), end_chars=())
    assert spaces.token_range(0, 3) == (0, 0)


def test_white_space_between_tokens_has_an_empty_range(tokenizer) -> None:
    first, last = tokenize(tokenizer, "港 口").token_range(1, 2)
    assert first == last == 1


def test_word_piece_tokenizers_are_recognised(tokenizer, tmp_path: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    assert is_word_piece(tokenizer)
    other = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel({"a": 0}, unk_token="a")))
    assert not is_word_piece(other)
