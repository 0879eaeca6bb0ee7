"""Turns text into one stream of tokens with the beginnings of words marked.

Comes in: documents. Goes out: `TextTokens`, 16 bits a token: 15 for the id, the highest set where a word begins. Words
are jieba's; they are found here, so that a machine without jieba can mask whole words.

A literal example: `燈塔建於` is four tokens whose highest bits are 1 0 1 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.model_input.tokens import tokenize
from qgkd.model_recipe.sources import KeptOut, paragraphs
from qgkd.model_recipe.stores import part_paths

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

WORD_START = np.uint16(1 << 15)
_TOKENS_PER_FILE = 8_000_000  # well under 16 MiB when compressed


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTokens:
    """A stream of documents, a [SEP] after each."""

    marked_ids: NDArray[np.uint16]  # [N]

    def __len__(self) -> int:
        return len(self.marked_ids)

    @property
    def ids(self) -> NDArray[np.uint16]:
        """[N] token ids."""
        return self.marked_ids & ~WORD_START

    @property
    def starts_word(self) -> NDArray[np.bool_]:
        """[N], whether a word begins there."""
        return self.marked_ids >= WORD_START

    def save(self, folder: Path, name: str) -> None:
        """Write files of some megabytes each."""
        for old in folder.glob(f"{name}-*.npz"):
            old.unlink()
        for number, start in enumerate(range(0, max(1, len(self)), _TOKENS_PER_FILE)):
            with write_atomically(folder / f"{name}-{number:02}.npz", binary=True) as file:
                np.savez_compressed(file, marked_ids=self.marked_ids[start : start + _TOKENS_PER_FILE])

    @classmethod
    def load(cls, folder: Path, name: str) -> TextTokens:
        """Read them back.

        Raises:
            UserError: None there, or damaged.
        """
        parts = []
        for path in part_paths(folder, name):
            try:
                with np.load(path, allow_pickle=False) as columns:
                    parts.append(columns["marked_ids"])
            except Exception as error:  # zip, zlib or NumPy
                raise UserError(
                    f"{path}: expected tokens, found a damaged file ({error}); prepare them again"
                ) from error
        return cls(marked_ids=np.concatenate(parts))


def choose_laws(laws: Sequence[str], other_chars: int, share: float, seed: int) -> list[str]:
    """Sample laws until they make up this share of all characters."""
    budget = other_chars * share / (1 - share)
    chosen: list[str] = []
    for law in Random(seed).sample(list(laws), len(laws)):
        if len(law) <= budget:
            chosen.append(law)
            budget -= len(law)
    return chosen


def in_training_script(document: str, *, keep_simplified: bool) -> str:
    """Convert a document to Traditional characters, unless it is one of the few that stay Simplified."""
    from qgkd.text.script import Script, detect_script, to_traditional

    if keep_simplified or detect_script(document) is not Script.SIMPLIFIED:
        return document
    return to_traditional(document)


def without_kept_out(document: str, kept_out: KeptOut) -> str:
    """Remove the paragraphs that no stage may see."""
    parts = paragraphs(document)
    allowed = [part for part in parts if not kept_out.holds(part)]
    return document if len(allowed) == len(parts) and not kept_out.holds(document) else "\n".join(allowed)


def encode_documents(documents: Iterable[str], tokenizer: PreTrainedTokenizerFast) -> TextTokens:
    """Tokenise documents, each ended by [SEP]; empty ones are left out."""
    limit = int(WORD_START)
    if len(tokenizer) > limit:
        raise UserError(f"expected a vocabulary of at most {limit:,} tokens, found {len(tokenizer):,}; make it smaller")
    end = np.asarray([int(tokenizer.sep_token_id)], np.uint16) | WORD_START
    parts: list[NDArray[np.uint16]] = [np.zeros(0, np.uint16)]
    for document in documents:
        tokens = tokenize(tokenizer, document)
        if len(tokens):
            begins = np.zeros(len(document) + 1, np.bool_)
            begins[list(word_starts(document))] = True
            ids = np.asarray(tokens.ids, np.uint16)
            parts += [np.where(begins[list(tokens.start_chars)], ids | WORD_START, ids), end]
    return TextTokens(marked_ids=np.concatenate(parts))


def word_starts(text: str) -> Iterator[int]:
    """Yield where jieba's words begin, in characters."""
    from qgkd.text.words import cut_words

    place = 0
    for word in cut_words(text):
        yield place
        place += len(word)
