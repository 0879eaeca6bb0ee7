"""Text to tokens and the way back to its characters.

Comes in: text and a Hugging Face fast tokenizer. Goes out: `TokenizedText`, whose offsets tie each token to the
characters it stands for. The tokenizer drops spaces and lower-cases, so nothing is ever found again by searching.

A literal example: "建於1867年" gives ids of 建 於 1867 年, start_chars (0, 1, 2, 6), end_chars (1, 2, 6, 7).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizedText:
    """A text's tokens without special ones; token i stands for `text[start_chars[i]:end_chars[i]]`."""

    text: str
    ids: tuple[int, ...]
    start_chars: tuple[int, ...]
    end_chars: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def token_range(self, start_char: int, end_char: int) -> tuple[int, int]:
        """The range of tokens that share a character with `text[start_char:end_char]`; empty for white space."""
        first_token = bisect_right(self.end_chars, start_char)
        end_token = bisect_left(self.start_chars, end_char)
        return first_token, max(first_token, end_token)


def is_word_piece(tokenizer: PreTrainedTokenizerFast) -> bool:
    """Whether tokens are BERT's: a character or a `##` piece each, spaces dropped; byte and sentence pieces are not."""
    return type(tokenizer.backend_tokenizer.model).__name__ == "WordPiece"


def tokenize(tokenizer: PreTrainedTokenizerFast, text: str) -> TokenizedText:
    """Tokenise a text of any length, special tokens neither added nor recognised.

    A passage may hold the letters "[SEP]" or "[MASK]": they are ordinary text here, never the token of that name.
    """
    encoded = tokenizer(
        text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        return_attention_mask=False,
        return_token_type_ids=False,
        split_special_tokens=True,
        verbose=False,  # no warning about the model's maximum: windows are cut afterwards
    )
    offsets = encoded["offset_mapping"]
    return TokenizedText(
        text=text,
        ids=tuple(encoded["input_ids"]),
        start_chars=tuple(start for start, _ in offsets),
        end_chars=tuple(end for _, end in offsets),
    )
