"""Rules out tokens that may not come next in a question.

Comes in: log-probabilities and the questions so far. Goes out: the same with -inf where a token is not allowed.

Rules: no special tokens; no [SEP] before the minimum length; no repeated n-gram, unless the passage repeats it; no
splice (`qgkd.decoding.splices`); nothing but the passage's and question vocabulary (`qgkd.decoding.faithful`); [UNK]
only after a token that precedes an unknown character in the passage, so that this character can replace it.

A literal example: the passage contains 「詩人龘龘」 and 龘 is not in the vocabulary: after 人 the model may write
[UNK], and the question shows 龘.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import torch

from qgkd.decoding.faithful import Faithfulness, wording_of
from qgkd.decoding.settings import DecodingSettings
from qgkd.decoding.splices import Splices
from qgkd.model_input.source import Source
from qgkd.model_input.tokens import is_word_piece

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_UNUSED = re.compile(r"\[unused\d+\]")


class Constraints:
    """The decoding rules of one batch, one source per request; `vocabulary` is the width of the logits."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        sources: Sequence[Source],
        settings: DecodingSettings,
        vocabulary: int,
    ) -> None:
        self.end_id = int(tokenizer.sep_token_id)
        self._settings = settings
        self._unk_id = tokenizer.unk_token_id
        self._restores_unknown = is_word_piece(tokenizer)
        self._banned = never_generated(tokenizer, vocabulary)
        self._before_unknown = [self._tokens_before_unknown(source) for source in sources]
        size = settings.no_repeat_ngram_tokens
        self._ngrams = [_ngram_counts(self._passage(source), size) for source in sources]
        self._copied = [
            sorted({token for token in source.token_ids if token >= settings.copied_from_id > 0}) for source in sources
        ]
        self._splices = (
            [Splices(source, tokenizer.all_special_ids) for source in sources] if settings.no_splices else []
        )
        self._faithful: list[Faithfulness] = []
        if settings.faithful and settings.question_vocabulary and self._restores_unknown:
            wording = wording_of(tokenizer, settings.question_vocabulary)
            self._faithful = [Faithfulness(source, wording, self.end_id, vocabulary) for source in sources]

    def apply(
        self, log_probabilities: torch.Tensor, requests: Sequence[int], questions: Sequence[Sequence[int]]
    ) -> torch.Tensor:
        """A copy of [R, V] log-probabilities, -inf at forbidden tokens, by each row's request and question so far."""
        allowed = log_probabilities.masked_fill(self._banned.to(log_probabilities.device), -torch.inf)
        size = self._settings.no_repeat_ngram_tokens
        for row, (request, question) in enumerate(zip(requests, questions, strict=True)):
            if question and question[-1] in self._before_unknown[request]:
                allowed[row, self._unk_id] = log_probabilities[row, self._unk_id]
            if len(question) < self._settings.min_question_tokens:
                allowed[row, self.end_id] = -torch.inf
            if size:
                allowed[row, _completing_a_repeat(question, size, self._ngrams[request])] = -torch.inf
            if first := self._settings.copied_from_id:
                copied = self._copied[request]
                log_probabilities_of_copied = allowed[row, copied]
                allowed[row, first:] = -torch.inf
                allowed[row, copied] = log_probabilities_of_copied
            if self._splices:
                allowed[row, self._splices[request].after(question)] = -torch.inf
            if self._faithful:
                self._keep_faithful(allowed[row], log_probabilities[row], self._faithful[request], question)
        return allowed

    def _keep_faithful(
        self, allowed: torch.Tensor, log_probabilities: torch.Tensor, faithful: Faithfulness, question: Sequence[int]
    ) -> None:
        """Bar what is not the source's, in place; a begun number or word goes on whatever the other rules say."""
        may = faithful.allowed(question).to(allowed.device)
        if faithful.is_inside(question):
            allowed[may] = log_probabilities[may]
        allowed.masked_fill_(~may, -torch.inf)

    def _passage(self, source: Source) -> tuple[int, ...]:
        """The passage's tokens: those before the first [SEP], which the answer follows."""
        ids = source.token_ids
        return ids[: ids.index(self.end_id)] if self.end_id in ids else ids

    def _tokens_before_unknown(self, source: Source) -> frozenset[int]:
        if self._unk_id is None or not self._restores_unknown:
            return frozenset()
        pairs = zip(source.token_ids, source.token_ids[1:], source.start_chars[1:], strict=False)
        return frozenset(before for before, token, start in pairs if token == self._unk_id and start >= 0)


@lru_cache(maxsize=4)  # reading the vocabulary takes as long as two decoding steps
def never_generated(tokenizer: PreTrainedTokenizerFast, vocabulary: int) -> torch.Tensor:
    """Tokens that no question contains, [V] bool: specials but [SEP], [unusedN], and logits without a token."""
    special = set(tokenizer.all_special_ids) - {tokenizer.sep_token_id}
    ordinary = [
        index
        for token, index in tokenizer.get_vocab().items()
        if index < vocabulary and index not in special and not _UNUSED.fullmatch(token)
    ]
    banned = torch.ones(vocabulary, dtype=torch.bool)
    banned[ordinary] = False
    return banned


def _ngram_counts(tokens: Sequence[int], size: int) -> Counter[tuple[int, ...]]:
    """Count each n-gram; empty for a size of 0."""
    return Counter(tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1)) if size else Counter()


def _completing_a_repeat(question: Sequence[int], size: int, passage: Counter[tuple[int, ...]]) -> list[int]:
    """The tokens that would repeat an n-gram more often than the passage does."""
    if len(question) < size:
        return []
    ending = tuple(question[len(question) - size + 1 :]) if size > 1 else ()
    counts = _ngram_counts(question, size)
    return [ngram[-1] for ngram, count in counts.items() if ngram[:-1] == ending and count >= max(1, passage[ngram])]
