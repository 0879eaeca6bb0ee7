"""A passage, and its spans that could take an answer's place.

Comes in: the text and the answers proposed in it. Goes out: `Passage`, whose spans are found once for all its items.

A literal example: `Passage("lighthouse", "燈塔建於1867年，由林文海設計。").names` holds 燈塔, 1867年 and 林文海.
"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qgkd.answer import AnswerSpan
from qgkd.answers.classify import classified
from qgkd.answers.propose import propose_answers
from qgkd.checkpoints import packaged_model
from qgkd.question_forms.names import is_name
from qgkd.text.enumerations import enumerations_in
from qgkd.text.sentences import split_sentences

if TYPE_CHECKING:
    from qgkd.spans.reading import Reading

_CLAUSE_END = re.compile(r"[，。；：！？,;:!?\n]")
_ALIAS = re.compile(
    r"[（(]|[又亦也]?[簡简]?[稱称]|[又亦]名|[別别]名|原名|俗[稱称]|即|或[稱称]|全名|本名|等同|就是|也就是|相[當当]於|譯作|译作"
)
_ALIAS_REACH_CHARS = 12
_MOST_OCCURRENCES = 40
_PIECE_CHARS = 300
_MEMBER_SCORE = -1.0
_NEARLY_AS_LIKELY = 2.3
"""Difference of logarithms: a tenth as likely as the best answer."""
_LONGEST_READ_CHARS = 6000
_CACHED_PASSAGES = 32
"""So that several items of a passage, and another version of one later, share what is found in it."""
_JOINTS = ("、", "和", "與", "与", "及", "以及", "或", "或者", "—", "－", "-", "·", "的", "（", "(", "")


@dataclass(frozen=True)
class Passage:
    """The text the questions are about."""

    passage_id: str
    context: str
    proposals: tuple[AnswerSpan, ...] | None = None
    """The answers proposed in it, those its quiz was made from; None proposes them when they are needed."""

    @functools.cached_property
    def names(self) -> tuple[AnswerSpan, ...]:
        """The spans that could be taken for an answer: proposed answers, best first, and members of enumerations."""
        return _names_in(self.context, self.proposals)

    def may_be_right_too(self, candidate: str, answer: str, *, in_one_clause: bool) -> bool:
        """Whether a candidate may be right as well, by what the passage says.

        Returns:
            True where the two stand side by side (`臺北和基隆`, `聯合國（UN）`), in one enumeration, where the text
            calls one a name of the other (`又稱`), or in one clause if wanted: its whole, its part or its kind.
        """
        for one in self._occurrences(answer):
            for other in self._occurrences(candidate):
                first, second = sorted((one, other))
                between = self.context[first[1] : second[0]]
                if first[1] > second[0] or between.strip() in _JOINTS:
                    return True
                if len(between) <= _ALIAS_REACH_CHARS and _ALIAS.search(between):
                    return True
                if in_one_clause and not _CLAUSE_END.search(between):
                    return True
        return self._in_one_enumeration(candidate, answer)

    def reader_accepts(self, question: str, candidate: str) -> bool:
        """Whether a reader takes a candidate for an answer to the question, nearly as likely as the best one.

        False where the package has no span model, and in passages too long to be read again for every question.
        """
        folder = packaged_model.packaged_span_model()
        if folder is None or not question or len(self.context) > _LONGEST_READ_CHARS:
            return False
        reading = _reading(str(folder), question, self.context)
        likely_enough = max(0.0, reading.best().score - _NEARLY_AS_LIKELY)
        return any(reading.score_of(*place) > likely_enough for place in self._occurrences(candidate))

    def _occurrences(self, text: str) -> tuple[tuple[int, int], ...]:
        """The first places of a text; all of them would be slow."""
        found = itertools.islice(re.finditer(re.escape(text), self.context), _MOST_OCCURRENCES)
        return tuple(match.span() for match in found)

    def _in_one_enumeration(self, candidate: str, answer: str) -> bool:
        """Whether one enumeration has both, each as a part of a member."""
        enumerations = ([self.context[start:end] for start, end in ranges] for ranges in _enumerations_in(self.context))
        return any(
            all(any(text in member for member in members) for text in (candidate, answer)) for members in enumerations
        )


@functools.lru_cache(maxsize=_CACHED_PASSAGES)
def _reading(folder: str, question: str, context: str) -> Reading:
    """The passage read by a span model."""
    from qgkd.spans.span_model import load_span_model  # torch

    return load_span_model(folder).read([(question, context)])[0]


@functools.lru_cache(maxsize=_CACHED_PASSAGES)
def _names_in(context: str, proposals: tuple[AnswerSpan, ...] | None) -> tuple[AnswerSpan, ...]:
    spans = tuple(propose_answers(context)) if proposals is None else proposals
    proposed_texts = {span.text for span in spans}
    members = [
        classified(context, AnswerSpan(text=context[start:end], start_char=start, score=_MEMBER_SCORE))
        for enumeration in _enumerations_in(context)
        for start, end in enumeration
        if context[start:end] not in proposed_texts
    ]
    unique = {span.text: span for span in [*reversed(members), *reversed(spans)]}
    ranked = sorted(unique.values(), key=lambda span: (-span.score, span.start_char))
    return tuple(span for span in ranked if is_name(span, context))


@functools.lru_cache(maxsize=_CACHED_PASSAGES)
def _enumerations_in(context: str) -> tuple[tuple[tuple[int, int], ...], ...]:
    return tuple(
        tuple((start_char + start, start_char + end) for start, end in members)
        for start_char, end_char in split_sentences(context)
        for members in enumerations_in(context[start_char : min(end_char, start_char + _PIECE_CHARS)])
    )
