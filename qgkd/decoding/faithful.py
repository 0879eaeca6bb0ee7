"""Keeps a question to its passage: what is no common wording is copied, names, numbers and Latin words whole.

Comes in: a source, the question vocabulary of a model's record, the question so far. Goes out: the tokens that may come
next, as a pure function of these.

A literal example: the passage contains 「玄奘登上3952公尺的玉山」. 玄奘, 3952 and 玉 may be written, 什麼 is question
vocabulary; 僧 may not, after the piece 39 only ##52 may, after 玄 only 奘, and 奘 after nothing else.

The source is the window that the model reads, not the whole passage: the model cannot know what stands outside it, so
that a match there would be chance. A unit is what is written whole: a number with its decimals, thousands and Han
numerals (3,952; 1億2000萬; 二十三), a Latin word, or a name of several Han characters. What of a unit is also question
vocabulary stays free: one Han numeral (一個, 哪一年), 大 of 大安溪, but not 安, which needs 大 before it.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import torch

from qgkd.model_input.source import Source
from qgkd.text.characters import is_bert_word, is_han
from qgkd.text.word_lists import words_of
from qgkd.text.words import Word, is_listed, tag_words

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_HAN_NUMERALS = frozenset("〇零一二三四五六七八九十百千萬億兆兩廿卅万亿两")
_NAMES = frozenset(["ns", "nt", "nz"])
"""jieba's tags of places, organisations and other names; nr is persons."""
_GAP = "，"
"""Stands for what is no Han character where words are looked for."""
_WITHIN_NUMBERS = frozenset(".,:．，：")


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """What a tokenizer's tokens are, as sets of ids, and the question vocabulary as ids."""

    vocabulary: frozenset[int]
    continuing: frozenset[int]
    """`##` pieces."""
    words: frozenset[int]
    """Pieces of Latin words and of numbers in digits, `##` or not."""
    digits: frozenset[int]
    """Those of them that hold a digit."""
    numerals: frozenset[int]
    """Han numerals."""
    separators: frozenset[int]
    """What may stand between the digits of one number."""
    han: Mapping[int, str]
    """The characters of tokens that are one Han character and no numeral."""
    unknown: int | None
    """[UNK], which stands for a character that the vocabulary lacks."""

    @property
    def numeric(self) -> frozenset[int]:
        """Tokens of numbers."""
        return self.digits | self.numerals


@lru_cache(maxsize=4)
def wording_of(tokenizer: PreTrainedTokenizerFast, question_vocabulary: str) -> Wording:
    """Sort a tokenizer's tokens; `question_vocabulary` is characters."""
    ids: dict[str, int] = tokenizer.get_vocab()
    special = set(tokenizer.all_special_ids)
    ordinary = [(token.removeprefix("##") or token, index) for token, index in ids.items() if index not in special]

    def those(wanted: Callable[[str], bool]) -> frozenset[int]:
        return frozenset(index for text, index in ordinary if wanted(text))

    return Wording(
        vocabulary=frozenset(ids[character] for character in question_vocabulary if character in ids),
        continuing=frozenset(index for token, index in ids.items() if token.startswith("##") and len(token) > 2),
        words=those(lambda text: text[0].isalnum() and not is_bert_word(text[0]) and text not in _HAN_NUMERALS),
        digits=those(lambda text: re.search(r"\d", text) is not None),
        numerals=those(lambda text: text in _HAN_NUMERALS),
        separators=those(lambda text: text in _WITHIN_NUMBERS),
        unknown=tokenizer.unk_token_id,
        han={index: text for text, index in ordinary if len(text) == 1 and is_han(text) and text not in _HAN_NUMERALS},
    )


class Faithfulness:
    """Which tokens may follow in a question about one source, of a vocabulary of `size` logits."""

    def __init__(self, source: Source, wording: Wording, end_id: int, size: int) -> None:
        self._wording = wording
        ids = source.token_ids  # of the passage: an answer that cuts a number is no number
        ids = ids[: ids.index(end_id)] if end_id in ids else ids
        self._pairs = frozenset(itertools.pairwise(ids))
        self._after: dict[tuple[int, ...], set[int]] = defaultdict(set)
        self._whole: set[tuple[int, ...]] = {(token,) for token in wording.vocabulary}
        free = {end_id, *wording.vocabulary}
        only_within: set[int] = set()
        for start, end, first_free in self._names(source, len(ids)):
            only_within.update(range(start, first_free))
            self._add_unit(ids[start:end], free)
        for at, pair in enumerate(itertools.pairwise(ids)):
            if pair[0] in wording.han and pair[1] == wording.unknown:  # in 蔣渭水 without 渭, 蔣 needs it
                only_within.add(at)
                self._add_unit(pair, free)
        for unit in self._units(source, len(ids)):
            self._add_unit(unit, free)
        outside = [token for at, token in enumerate(ids) if at not in only_within and not self._is_of_unit(token)]
        free.update(outside)
        self._whole.update((token,) for token in outside)
        self._free = torch.zeros(size, dtype=torch.bool)
        self._free[[token for token in free if token < size]] = True
        self._starts = frozenset(token for token in free if self._is_of_unit(token))

    def _add_unit(self, unit: tuple[int, ...], free: set[int]) -> None:
        free.add(unit[0])
        self._whole.add(unit)
        for length in range(1, len(unit)):
            self._after[unit[:length]].add(unit[length])

    def allowed(self, question: Sequence[int]) -> torch.Tensor:
        """The tokens that may come after the question, [V] bool."""
        unit = self._open_unit(question)
        going_on = self._after.get(unit, set())
        if unit and unit not in self._whole:  # the middle of a number or word
            allowed = torch.zeros_like(self._free)
            allowed[list(going_on)] = True
            return allowed
        allowed = self._free.clone()
        allowed[list(self._banned_after(unit))] = False
        allowed[list(going_on)] = True
        return allowed

    def is_inside(self, question: Sequence[int]) -> bool:
        """Whether the question stops in the middle of a number or word."""
        unit = self._open_unit(question)
        return bool(unit) and unit not in self._whole

    def _is_of_unit(self, token: int) -> bool:
        wording = self._wording
        return token in wording.words or token in wording.numerals or token in wording.continuing

    def _banned_after(self, unit: tuple[int, ...]) -> Iterator[int]:
        """Numbers right after a number and words right after a word, which read as one, unless so in the source."""
        if unit:
            kinds = [kind for kind in (self._wording.numeric, self._wording.words) if unit[-1] in kind]
            for start in self._starts:
                if any(start in kind for kind in kinds) and (unit[-1], start) not in self._pairs:
                    yield start

    def _open_unit(self, question: Sequence[int]) -> tuple[int, ...]:
        """The unit that the question ends in, read from its start as the source's units go; () after anything else."""
        unit: tuple[int, ...] = ()
        for token in question:
            if unit and token in self._after.get(unit, ()):
                unit = (*unit, token)
            else:
                unit = (token,) if self._is_of_unit(token) or (token,) in self._after else ()
        return unit

    def _names(self, source: Source, length: int) -> Iterator[tuple[int, int, int]]:
        """Names of two Han characters or more: where each starts and ends, and from where it is free.

        The last character may be asked for by itself, as 省 of 四川省, but of persons. A name that the answer's edge
        cuts is left out.
        """
        ids, han = source.token_ids[:length], self._wording.han
        words = tag_words("".join(han.get(token, _GAP) for token in ids))
        for word, following in itertools.zip_longest(words, words[1:]):
            start, end = word.start_char, word.end_char
            is_person = word.tag[:2] == "nr"
            if word.text in words_of("surnames") and following and _is_given_name(following):
                end, is_person = following.end_char, True
            is_name = is_person or word.tag[:2] in _NAMES or (word.tag[:1] == "n" and not is_listed(word.text))
            if is_name and end - start > 1 and len(set(source.token_types[start:end])) == 1:
                yield start, end, end - (not is_person)

    def _units(self, source: Source, length: int) -> Iterator[tuple[int, ...]]:
        ids = source.token_ids[:length]
        at = 0
        while at < len(ids):
            end = at + 1
            if self._is_of_unit(ids[at]):
                while step := self._step(source, end):
                    end += step
                yield ids[at:end]
            at = end

    def _step(self, source: Source, at: int) -> int:
        """How many tokens from here on belong to the unit before them at once: 0, 1, or 2 after a separator."""
        ids, wording = source.token_ids, self._wording
        if at >= len(ids):
            return 0
        if ids[at] in wording.continuing:
            return 1
        both_numeric = ids[at - 1] in wording.numeric and ids[at] in wording.numeric
        if both_numeric and self._is_adjacent(source, at):
            return 1
        return 2 if self._is_decimal(source, at) else 0

    def _is_decimal(self, source: Source, at: int) -> bool:
        """Whether a separator with digits on both sides is here: 3.14, 3,952, 12:30."""
        ids, wording = source.token_ids, self._wording
        return (
            ids[at] in wording.separators
            and at + 1 < len(ids)
            and ids[at - 1] in wording.digits
            and ids[at + 1] in wording.digits
            and self._is_adjacent(source, at)
            and self._is_adjacent(source, at + 1)
        )

    @staticmethod
    def _is_adjacent(source: Source, at: int) -> bool:
        """Whether no space is before the token; where the source has no offsets, none is."""
        starts, ends = source.start_chars, source.end_chars
        return at >= len(starts) or starts[at] == ends[at - 1]


def _is_given_name(word: Word) -> bool:
    """Whether jieba cut a name behind its surname (`蔣|渭水`)."""
    return len(word.text) == 2 and word.tag[:1] in ("n", "x") and is_han(word.text[0])
