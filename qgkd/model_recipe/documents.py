"""Reads and cleans the text of all stages once.

Comes in: `RecipeSettings` and the passages kept out. Goes out: `Document`s in Traditional characters (a few in
Simplified), laws limited to their share, without the passages kept out.

A literal example: 22 M characters of general text and 11 M of laws where `text.laws_share` is a third.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from qgkd.model_recipe.parallel import chunks_of, in_parallel
from qgkd.model_recipe.settings import RecipeSettings
from qgkd.model_recipe.sources import KeptOut, read_documents
from qgkd.model_recipe.text_tokens import choose_laws, in_training_script, without_kept_out

_DOCUMENTS_PER_CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One text."""

    text: str
    is_law: bool = False
    kept_simplified: bool = False
    """In Simplified characters, for the vocabulary and the masked text; no questions are made of it."""


def clean_documents(settings: RecipeSettings, kept_out: KeptOut) -> list[Document]:
    """Read, sample and convert documents, and remove what is kept out; in random order."""
    text, seed = settings.text, settings.seed
    most_chars = text.max_million_tokens * 1e6
    general = [document for path in settings.paths(settings.data.text) for document in read_documents(path)]
    general = _up_to(Random(seed).sample(general, len(general)), most_chars * (1 - text.laws_share))
    laws = [document for path in settings.paths(settings.data.laws) for document in read_documents(path)]
    laws = choose_laws(laws, sum(map(len, general)), text.laws_share, seed) if laws else []
    documents = [Document(text=document) for document in general]
    documents += [Document(text=document, is_law=True) for document in laws]
    Random(seed + 1).shuffle(documents)
    chunks = chunks_of(documents, _DOCUMENTS_PER_CHUNK)
    cleaned = in_parallel(_clean_chunk, chunks, settings.data.processes, kept_out, text.simplified_share)
    return [document for chunk in cleaned for document in chunk if document.text]


def _clean_chunk(documents: Sequence[Document], kept_out: KeptOut, simplified_share: float) -> list[Document]:
    from qgkd.text.script import Script, detect_script

    cleaned = []
    for document in documents:
        keep = _draw(document.text) < simplified_share and detect_script(document.text) is Script.SIMPLIFIED
        text = without_kept_out(document.text, kept_out)
        text = in_training_script(text, keep_simplified=keep)
        cleaned.append(replace(document, text=text, kept_simplified=keep))
    return cleaned


def _up_to(documents: Sequence[str], most_chars: float) -> list[str]:
    """Return the first documents, up to the one that reaches the limit."""
    starts = itertools.accumulate(map(len, documents), initial=0)
    return [document for document, start in zip(documents, starts, strict=False) if start < most_chars]


def _draw(text: str) -> float:
    """Return a number from 0 to 1 that depends on the text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") / 2**32
