"""Builds a tokenizer of single characters from given texts, to inspect rows before there is a model.

Comes in: texts. Goes out: a fast `BertTokenizer` with all of their characters, so that every Chinese character is one
token, as in BERT's own vocabulary.

A literal example: `character_tokenizer(["港口"])` has 7 tokens: five special ones, 口 and 港.
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
    """Build the tokenizer; characters other than Chinese ones are also word pieces (`##a`)."""
    from transformers import BertTokenizer

    found: set[str] = set()
    for text in texts:
        found.update(unicodedata.normalize("NFD", text.lower()))
    characters = sorted(c for c in found if not c.isspace() and unicodedata.category(c)[0] != "C")
    pieces = [f"##{c}" for c in characters if not is_han_or_rare(c)]
    names = [*_SPECIAL, *characters, *pieces]
    tokenizer = BertTokenizer(vocab={name: index for index, name in enumerate(names)})
    if len(tokenizer) != len(names):  # some versions of transformers ignore `vocab` silently
        raise RuntimeError(f"expected a tokenizer of {len(names)} tokens, found {len(tokenizer)}")
    return tokenizer
