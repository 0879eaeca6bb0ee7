"""Prepares one chunk of texts or questions, in a process of its own (`parallel`).

Comes in: a chunk, the tokenizer's folder. Goes out: tokens, or tokenised questions.

A literal example: `in_parallel(rule_chunk, chunks_of(examples, 100), 0, "prepared/vocabulary", input_format)`
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.model_input.input_format import InputFormat
from qgkd.model_recipe.synthetic import closest_examples, rule_examples, synthetic_examples
from qgkd.model_recipe.text_tokens import encode_documents
from qgkd.reading.examples import QGExample
from qgkd.training.data import tokenise
from qgkd.training.token_store import TokenStore

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def encode_chunk(texts: Sequence[str], tokenizer_folder: str) -> Any:
    """Tokenise some documents."""
    return encode_documents(texts, _cached_tokenizer(tokenizer_folder)).marked_ids


def synthetic_chunk(
    named: tuple[str, int, Sequence[str]],
    answers: int,
    seed: int,
    varied_share: float,
    tokenizer_folder: str,
    input_format: InputFormat,
) -> TokenStore:
    """Write and tokenise synthetic questions about some passages; `named` is (name, chunk number, passages)."""
    name, number, passages = named
    examples = list(synthetic_examples(passages, answers, seed, f"{name}-{number}", varied_share=varied_share))
    return tokenise(examples, _cached_tokenizer(tokenizer_folder), input_format, {})


def rule_chunk(examples: Sequence[QGExample], tokenizer_folder: str, input_format: InputFormat) -> TokenStore:
    """Write and tokenise the rule's questions about the answers of human-written questions."""
    return tokenise(list(rule_examples(examples)), _cached_tokenizer(tokenizer_folder), input_format, {})


def closest_chunk(
    examples: Sequence[QGExample], least: float, tokenizer_folder: str, input_format: InputFormat
) -> TokenStore:
    """Write and tokenise the rule's questions that are closest to human-written ones."""
    return tokenise(list(closest_examples(examples, least)), _cached_tokenizer(tokenizer_folder), input_format, {})


@functools.lru_cache(maxsize=1)
def _cached_tokenizer(folder: str) -> PreTrainedTokenizerFast:
    return load_tokenizer(folder)
