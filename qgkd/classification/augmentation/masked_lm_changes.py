"""Changes a text by a masked language model: each word that is one token may become a token that is likely there.

Comes in: texts, a masked language model. Goes out: changed texts, character for character as before elsewhere.

A literal example: of `早餐很好。` the model reads `[CLS] 早 餐 [MASK] 好 。 [SEP] 早 餐 很 好 。 [SEP]` and likes
很, 不, 真, 还 best, so that a variant is `早餐不好。`; Chinese characters are one token each.

Source: Jiao et al. 2020 (arXiv 1909.10351), section 3.2, algorithm 1; the text itself as second segment is from the
authors' code.
Differs: a word of several tokens is kept, for which the authors take GloVe's neighbours; Chinese characters are
replaced by Chinese characters and words by letters, not by punctuation; there is no list of words to skip.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

import torch

from qgkd.checkpoints.masked_lm import mask_logits
from qgkd.classification.augmentation.config import AugmentConfig
from qgkd.model_input.batch import pad_rows
from qgkd.model_input.rows import IGNORED_LABEL, Block, Row
from qgkd.text.characters import is_han

_ROWS_AT_ONCE = 64
_NO_LETTERS = ("##", "▁", "Ġ")
"""How tokenizers mark that a token begins within a word (the first), or that one begins a word."""


@dataclass(frozen=True, slots=True)
class Replaceable:
    """A place of a text, and what may stand there."""

    start_char: int
    end_char: int
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text and its places, in their order."""

    text: str
    places: tuple[Replaceable, ...]


class MaskedLMChanges:
    """The method `masked-lm`.

    Args:
        settings: The share of words replaced, the number of candidates.
        model: A masked language model in eval mode, on its device.
        tokenizer: Its own.
        max_tokens: The most tokens it reads of a text and its copy.
    """

    def __init__(self, settings: AugmentConfig, model: Any, tokenizer: Any, max_tokens: int) -> None:
        self._settings, self._model, self._tokenizer, self._max_tokens = settings, model, tokenizer, max_tokens
        self._special = {*tokenizer.all_special_ids}

    def read(self, text: str) -> ReadText:
        """Find the candidates of every place, once for all variants; what lies beyond `max_tokens` is kept."""
        encoded = self._tokenizer(
            text, text, truncation="longest_first", max_length=self._max_tokens, return_offsets_mapping=True
        )
        ids, spans = encoded["input_ids"], encoded["offset_mapping"]
        places = [place for place in self._single_tokens(encoded) if ids[place] not in self._special]
        places = [place for place in places if text[slice(*spans[place])].isalpha()]
        likeliest = self._likeliest(ids, encoded.sequence_ids(), places)
        found = [
            Replaceable(spans[place][0], spans[place][1], self._fitting(text[slice(*spans[place])], tokens))
            for place, tokens in zip(places, likeliest, strict=True)
        ]
        return ReadText(text, tuple(each for each in found if each.candidates))

    def changed(self, read: ReadText, random: Random) -> str:
        """One variant."""
        parts, end = [], 0
        for place in read.places:
            if random.random() < self._settings.replace_share:
                parts += [read.text[end : place.start_char], random.choice(place.candidates)]
                end = place.end_char
        return "".join([*parts, read.text[end:]])

    def _single_tokens(self, encoded: Any) -> list[int]:
        """The tokens of the first segment that are words of their own; Chinese characters always are."""
        words = encoded.word_ids()
        mine = [place for place, which in enumerate(encoded.sequence_ids()) if which == 0]
        pieces = Counter(words[place] for place in mine)
        lengths = [stop - start for start, stop in encoded["offset_mapping"]]
        tokens = self._tokenizer.convert_ids_to_tokens(encoded["input_ids"])
        return [
            place for place in mine
            if lengths[place] and (pieces[words[place]] == 1 or (lengths[place] == 1 and is_han(tokens[place][-1:])))
        ]  # fmt: skip

    @torch.no_grad()
    def _likeliest(self, ids: list[int], segments: list[int | None], places: list[int]) -> list[list[int]]:
        """Of each place the likeliest tokens, that place hidden in the first segment."""
        types = [0] * len(ids)
        second = next((place for place, which in enumerate(segments) if which == 1), len(ids))
        types[second:] = [1] * (len(ids) - second)
        zeros, found = (0,) * len(ids), []
        device = self._model.device
        for first in range(0, len(places), _ROWS_AT_ONCE):
            rows = []
            for place in places[first : first + _ROWS_AT_ONCE]:
                hidden = [*ids[:place], self._tokenizer.mask_token_id, *ids[place + 1 :]]
                labels = [IGNORED_LABEL] * place + [ids[place]] + [IGNORED_LABEL] * (len(ids) - place - 1)
                row = Row(
                    input_ids=tuple(hidden), token_types=tuple(types), positions=tuple(range(len(ids))),
                    blocks=(int(Block.PASSAGE),) * len(ids), steps=zeros, groups=zeros, labels=tuple(labels),
                )  # fmt: skip
                rows.append(row)
            logits = mask_logits(self._model, pad_rows(rows, self._tokenizer.pad_token_id).to(device))
            found += logits.topk(min(self._settings.candidates, logits.shape[1]), dim=1).indices.tolist()
        return found

    def _fitting(self, word: str, ids: list[int]) -> tuple[str, ...]:
        """Of some tokens those that may stand in a word's place."""
        tokens = [token for token in self._tokenizer.convert_ids_to_tokens(ids) if not token.startswith(_NO_LETTERS[0])]
        known = {self._tokenizer.convert_ids_to_tokens(number) for number in self._special}
        words = [token.lstrip("".join(_NO_LETTERS[1:])) for token in tokens if token not in known]
        chinese = all(map(is_han, word))
        return tuple(each for each in words if each.isalpha() and any(map(is_han, each)) == chinese)
