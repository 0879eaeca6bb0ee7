"""Prepares one chunk of texts or questions, in a process of its own (`parallel`).

Comes in: a chunk, the tokenizer's folder. Goes out: tokens, or tokenised questions.

A literal example: `in_parallel(question_chunk, chunks_of(examples, 100), 0, rule_examples, "vocabulary", input_format)`
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.model_input.input_format import InputFormat
from qgkd.model_recipe.synthetic import synthetic_examples
from qgkd.model_recipe.text_tokens import encode_documents
from qgkd.reading.examples import QGExample
from qgkd.training.data import tokenise
from qgkd.training.token_store import TokenStore

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def encode_chunk(texts: Sequence[str], tokenizer_folder: str) -> Any:
    """Tokenise some documents."""
    return encode_documents(texts, _cached_tokenizer(tokenizer_folder)).marked_ids


def question_chunk(
    chunk: Any, write: Callable[[Any], Iterable[QGExample]], tokenizer_folder: str, input_format: InputFormat
) -> TokenStore:
    """Write questions about a chunk of examples or passages, and tokenise them."""
    return tokenise(list(write(chunk)), _cached_tokenizer(tokenizer_folder), input_format, {})


def synthetic_of(named: tuple[str, int, Sequence[str]], **settings: Any) -> Iterable[QGExample]:
    """Write synthetic questions about some passages; `named` is (name, chunk number, passages)."""
    name, number, passages = named
    return synthetic_examples(passages, name=f"{name}-{number}", **settings)


@functools.lru_cache(maxsize=1)
def _cached_tokenizer(folder: str) -> PreTrainedTokenizerFast:
    return load_tokenizer(folder)
