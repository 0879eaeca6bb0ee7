"""Guesses how a question goes on, so that one pass of the model can check several tokens.

Comes in: a source and the question so far. Goes out: a draft, the tokens that may come next; a wrong one costs time and
changes nothing.

A question mostly quotes its passage and asks for the answer in its place. So a draft continues behind the place that
the question's last tokens stand at, in the passage with the answer replaced by a question word, then in the usual ends
of questions. The first draft is the answer's clause.

A literal example: of 「燈塔建於1867年，由林文海設計」 with the answer 林文海 the first draft is 「由哪一個設計」, and
behind 「燈塔建於」 it is 「1867年，由哪一個設計」.

Source: prompt look-up decoding, Saxena 2023 (github.com/apoorvumang/prompt-lookup-decoding), for speculative decoding,
Leviathan et al. 2023 (arXiv 2211.17192).
Differs: the answer's question word, its clause, the ends of questions; the nearest place to the answer, not the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from qgkd.model_input.source import Source
from qgkd.model_input.tokens import tokenize

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_QUESTION_WORD = "哪一個"
_WHICH = "哪一"
_COUNTED = "年月日國省市縣人種個部"
"""An answer that ends in one of these is asked for by 哪一 and this: 1867年 by 哪一年."""
_CLAUSE_ENDS = "，。；：？！,;:?!"
_ENDINGS = (
    "什麼？ 什麼時候 什麼名字？ 是什麼？ 的是什麼？ 的是誰？ 的是哪 誰？ 多少？ 為何？ 哪一個 哪一年 哪一種 哪一位 "
    "哪裡？ 在哪裡？ 哪些 哪個 哪國 幾個 何時 何處 怎麼 如何 什么？ 什么时候 什么名字？ 是什么？ 的是什么？ 的是谁？ "
    "谁？ 为何？ 哪一种 哪里？ 在哪里？ 哪个 哪国 几个 何时 何处 怎么"
)
_GAP = -1  # between two texts: no token


class Drafts:
    """The drafts of one source."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, source: Source) -> None:
        words = _words(tokenizer)
        end = source.token_ids.index(words.end_id) if words.end_id in source.token_ids else len(source)
        start, stop = _answer_place(source, end)
        passage = source.token_ids[:end]
        last = passage[stop - 1 : stop]
        asked = (*words.which, *last) if set(last) & words.counted else words.question_word
        self._text = [*passage[:start], *asked, *passage[stop:], _GAP, *words.endings, _GAP]
        self._answer = start
        self._places: dict[int, list[int]] = defaultdict(list)
        for place, token in enumerate(self._text):
            self._places[token].append(place)
        clause = start
        while clause > 1 and self._text[clause - 1] not in words.clause_ends:
            clause -= 1
        self._clause = clause

    def after(self, question: Sequence[int], longest: int) -> tuple[int, ...]:
        """The tokens, at most `longest`, that may follow the question so far; empty where nothing is guessed."""
        start = self._behind(question) if question else self._clause
        if start is None:
            return ()
        draft = self._text[start : start + longest]
        return tuple(draft[: draft.index(_GAP)] if _GAP in draft else draft)

    def _behind(self, question: Sequence[int]) -> int | None:
        """The place behind the longest ending of the question; of several, the one nearest to the answer."""
        places, length = self._places.get(question[-1], []), 1
        while length < len(question):
            before = question[-length - 1]
            longer = [place for place in places if place >= length and self._text[place - length] == before]
            if not longer:
                break
            places, length = longer, length + 1
        return min(places, key=lambda place: abs(place - self._answer)) + 1 if places else None


class _Words:
    """The tokens of the words above; those that the vocabulary has not are left out."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self.end_id = int(tokenizer.sep_token_id)
        unknown = tokenizer.unk_token_id

        def ids(text: str) -> tuple[int, ...]:
            found = tokenize(tokenizer, text).ids
            return () if unknown in found else found

        self.question_word, self.which = ids(_QUESTION_WORD), ids(_WHICH)
        self.counted, self.clause_ends = (
            {token for character in text for token in ids(character)} for text in (_COUNTED, _CLAUSE_ENDS)
        )
        self.endings = [token for ending in _ENDINGS.split() for token in (*ids(ending), _GAP)]


@lru_cache(maxsize=4)
def _words(tokenizer: PreTrainedTokenizerFast) -> _Words:
    return _Words(tokenizer)


def _answer_place(source: Source, end: int) -> tuple[int, int]:
    """The answer's tokens in the passage: by their types or the answer segment's positions, else the first place."""
    answer = source.token_ids[end + 1 : -1]
    marked = [place for place in range(end) if source.token_types[place]]
    if marked:
        return marked[0], marked[-1] + 1
    segment = source.positions[end + 1 : -1]
    if segment and segment[-1] < end:
        return segment[0], segment[-1] + 1
    for start in range(1, end - len(answer) + 1):
        if source.token_ids[start : start + len(answer)] == answer:
            return start, start + len(answer)
    return 1, 1
