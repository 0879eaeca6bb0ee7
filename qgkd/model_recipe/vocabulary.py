"""Trains the model's vocabulary.

Comes in: texts in both scripts. Goes out: a BERT tokenizer in a folder: Chinese characters one token each, the most
frequent first; digits in pieces of one to four, so that a year is one token or two; pieces of Latin words.

A literal example: `1867年` is `18`, `##67`, `年` where `1867` is not among the pieces.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from qgkd.errors import UserError
from qgkd.model_recipe.settings import VocabularySettings
from qgkd.text.characters import is_bert_word

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_LATIN_WORD = re.compile("[0-9A-Za-z]+")
_MARKS = "，。！？：；、「」『』（）《》〈〉【】〔〕“”‘’…—·－～％,.!?:;()[]{}<>\"'`-_+=*/\\|@#$%^&~"


def train_vocabulary(texts: Iterable[str], settings: VocabularySettings) -> list[str]:
    """Choose `settings.size` tokens from passages in both scripts; fewer where they hold fewer."""
    characters: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for text in texts:
        plain = _normalised(text)
        characters.update(plain)
        words.update(_LATIN_WORD.findall(plain))
    frequent = [c for c, count in characters.most_common() if count >= settings.min_count]
    chinese = [c for c in frequent if is_bert_word(c)][: settings.chinese_characters]
    others = [c for c in frequent if not is_bert_word(c) and not _is_plain(c) and not c.isspace() and c.isprintable()]
    tokens = dict.fromkeys((*_SPECIAL, *_required_pieces(), *_MARKS, *chinese))
    # Signs and letters of other scripts may take a quarter of what is left, alone and within words (30℃); Latin
    # pieces take the rest.
    left = settings.size - len(tokens)
    for character in others[: max(0, left // 8)]:
        tokens.update(dict.fromkeys((character, f"##{character}")))
    tokens.update(dict.fromkeys(_pieces(words, settings.size)))
    return list(tokens)[: settings.size]


def save_tokenizer(tokens: list[str], folder: Path) -> None:
    """Write a folder that `AutoTokenizer` and any BERT program read.

    Raises:
        UserError: The tokenizer read back is not the one written.
    """
    from transformers import AutoTokenizer, BertTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")
    BertTokenizer(vocab={token: index for index, token in enumerate(tokens)}).save_pretrained(folder)
    found = len(AutoTokenizer.from_pretrained(str(folder)))
    if found != len(tokens):  # transformers 5 makes an empty tokenizer, without a word, of what it cannot read
        raise UserError(
            f"{folder}: expected a tokenizer of {len(tokens)} tokens, found {found}; remove it and try again"
        )


def _normalised(text: str) -> str:
    """Normalise as BERT does: lower case, without accents."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def _is_plain(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _required_pieces() -> Iterator[str]:
    """Yield letters and digits, all pairs of digits, and years, which are frequent in texts."""
    for pieces in (string.digits + string.ascii_lowercase, [f"{number:02}" for number in range(100)]):
        yield from pieces
        yield from (f"##{piece}" for piece in pieces)
    yield from (str(year) for year in range(1900, 2026))


def _pieces(words: Counter[str], size: int) -> list[str]:
    """Train WordPiece pieces, the most useful first; the order of equally useful ones differs from run to run.

    Source: Wu et al. 2016 (arXiv 1609.08144), section 4.1.
    """
    from transformers import BertTokenizer

    if not words:
        return []
    repeated = (" ".join([word] * min(count, 10_000)) for word, count in words.items() if count > 1 and len(word) < 25)
    blank: Any = BertTokenizer(vocab={token: index for index, token in enumerate(_SPECIAL)})
    trained = blank.train_new_from_iterator(repeated, vocab_size=size, show_progress=False)
    ranked = sorted(trained.get_vocab().items(), key=lambda item: item[1])
    return [piece for piece, _ in ranked if piece not in _SPECIAL]
