"""A tokenizer of single characters, made from the texts it will read.

Comes in: texts. Goes out: a `BertTokenizer` (a fast one) that knows all of their characters: windows and rows can be
looked at before there is a model, and every Chinese character is one token as in BERT's own.

A literal example: `character_tokenizer(["港口"])` has 7 tokens, five special ones, 口 and 港.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qgkd.text.characters import is_han_or_rare

if TYPE_CHECKING:
    from transformers import BertTokenizer

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def character_tokenizer(texts: Iterable[str]) -> BertTokenizer:
    """Build the tokenizer; all but Chinese characters are pieces too (`##a`), since they stand in words."""
    from transformers import BertTokenizer

    found: set[str] = set()
    for text in texts:
        found.update(unicodedata.normalize("NFD", text.lower()))
    characters = sorted(c for c in found if not c.isspace() and unicodedata.category(c)[0] != "C")
    pieces = [f"##{c}" for c in characters if not is_han_or_rare(c)]
    names = [*_SPECIAL, *characters, *pieces]
    tokenizer = BertTokenizer(vocab={name: index for index, name in enumerate(names)})
    if len(tokenizer) != len(names):  # other versions of transformers ignore what they are given, without a word
        raise RuntimeError(f"expected a tokenizer of {len(names)} tokens, found {len(tokenizer)}")
    return tokenizer
