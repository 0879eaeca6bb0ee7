"""Questions that their passage does not answer, for a reader that can say so.

Comes in: all training questions. Goes out: `Unanswerable`s: a question, a passage and where it is cut.

A literal example: the question of one paragraph with another paragraph of its article, which lacks the answer.

Source: questions without an answer in their passage, Rajpurkar et al. 2018 (arXiv 1806.03822); a passage of the same
topic rather than any, Clark & Gardner 2018 (arXiv 1710.10723), section 3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from qgkd.quiz.distinct import ngrams
from qgkd.reading.examples import QGExample
from qgkd.span_training.broken_questions import KnownAnswers, broken_question
from qgkd.span_training.settings import SpanRowSettings
from qgkd.text.sentences import split_sentences

_COMPARED_PASSAGES = 40
_SHORTEST_REST_CHARS = 60
_SAME_ARTICLE_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswerable:
    """A question and a passage without its answer."""

    question: str
    context: str
    without_text: str = ""
    """The window must not hold this text; empty leaves the window to chance."""
    near_char: int | None = None
    """The window must hold this character."""


class UnanswerableQuestions:
    """Draws questions without an answer; see the module.

    Args:
        examples: The training questions.
        settings: How many of each kind.
        random: Every draw.
    """

    def __init__(self, examples: Sequence[QGExample], settings: SpanRowSettings, random: Random) -> None:
        self._examples, self._settings, self._random = examples, settings, random
        self._known = KnownAnswers.of(examples)
        self._of_passage: dict[str, list[QGExample]] = defaultdict(list)
        self._of_article: dict[str, dict[str, None]] = defaultdict(dict)
        for example in examples:
            self._of_passage[example.context].append(example)
            self._of_article[example.title][example.context] = None
        self._contexts = list(self._of_passage)
        self._bigrams = {context: ngrams(context) for context in self._contexts}

    def __iter__(self) -> Iterator[Unanswerable]:
        makers: dict[str, Callable[[QGExample], Unanswerable | None]] = {
            "other_passage": self._with_other_passage,
            "other_window": self._with_other_window,
            "without_sentence": self._without_sentence,
            "broken": self._broken,
        }
        for example in self._examples:
            for kind, make in makers.items():
                if self._random.random() < getattr(self._settings, kind) and (made := make(example)) is not None:
                    yield made

    def _with_other_passage(self, example: QGExample) -> Unanswerable | None:
        siblings = [c for c in self._of_article[example.title] if c != example.context] if example.title else []
        pool = siblings if siblings and self._random.random() < _SAME_ARTICLE_SHARE else self._contexts
        drawn = self._random.sample(pool, min(_COMPARED_PASSAGES, len(pool)))
        usable = [c for c in drawn if c != example.context and example.answer_text not in c]
        if not usable:
            return None
        asked = ngrams(example.question)
        return Unanswerable(
            question=example.question, context=max(usable, key=lambda context: len(asked & self._bigrams[context]))
        )

    @staticmethod
    def _with_other_window(example: QGExample) -> Unanswerable:
        return Unanswerable(
            question=example.question,
            context=example.context,
            without_text=example.answer_text,
        )

    @staticmethod
    def _without_sentence(example: QGExample) -> Unanswerable | None:
        sentences = [example.context[start:end] for start, end in split_sentences(example.context)]
        rest = "".join(sentence for sentence in sentences if example.answer_text not in sentence)
        if len(rest) < _SHORTEST_REST_CHARS or example.answer_text in rest:
            return None
        return Unanswerable(question=example.question, context=rest)

    def _broken(self, example: QGExample) -> Unanswerable | None:
        others = [other for other in self._of_passage[example.context] if other is not example]
        question = broken_question(example, self._known, others, self._random)
        if question is None:
            return None
        return Unanswerable(question=question, context=example.context, near_char=example.answer_start_char)
