"""From a passage to N different questions, spread over it, in the order of the text.

Comes in: a passage (with answers, or they are proposed) and a generator. Goes out: `Quiz`.

A literal example: `make_quiz(RuleGenerator(), "燈塔建於1867年，由工程師林文海設計。", count=3)` gives two items, in the
order of their answers, and the shortfall "2 of 3 questions: …".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qgkd.answers.given import check_answer, too_long
from qgkd.answers.spread import SpreadAnswers
from qgkd.answers.types import AnswerSpan
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest, Generator, Question
from qgkd.quiz.distinct import DistinctQuestions, normalise
from qgkd.quiz.generate_each import generate_each
from qgkd.text.sentences import split_sentences

OVERGENERATION = 1.5
"""Answers tried per answer needed in each round; what near-duplicates and refusals eat, the rest fills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizQuestion:
    """One question of a quiz with where its answer stands."""

    question: Question
    answer: AnswerSpan
    source_sentence: str
    """The sentence of the passage that holds the answer."""
    source_start_char: int
    """Where that sentence starts in the passage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The questions of one passage, in the order of their answers in it."""

    items: tuple[QuizQuestion, ...]
    wanted: int
    """How many questions were asked for."""
    shortfall: str | None
    """Why there are fewer, in a sentence; None where there are not."""
    refusals: tuple[str, ...] = ()
    """For every given answer that nothing could be asked about, a sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizOrder:
    """What is wanted from one passage."""

    context: str
    count: int
    """How many questions."""
    answers: tuple[AnswerSpan, ...] | None = None
    """The answers to ask about; proposed from the passage where None."""
    proposals: tuple[AnswerSpan, ...] | None = None
    """Where no answers are given: the spans to choose from, best first; those of `propose_answers` where None."""
    per_answer: int = 1
    """At most this many questions about one answer."""


def make_quiz(
    generator: Generator,
    context: str,
    *,
    count: int,
    answers: Sequence[AnswerSpan] | None = None,
    per_answer: int = 1,
) -> Quiz:
    """Write N different questions about one passage.

    Args:
        generator: The rule or a model.
        context: The passage, of any length.
        count: How many questions are wanted, 1 or more.
        answers: The answers to ask about; None proposes them.
        per_answer: At most this many questions about one answer.

    Returns:
        At most `count` questions, and a sentence on the shortfall where the passage has fewer to give.

    Raises:
        UserError: The count is not positive, or a given answer is not where it says.
    """
    given = None if answers is None else tuple(answers)
    return make_quizzes(generator, [QuizOrder(context=context, count=count, answers=given, per_answer=per_answer)])[0]


def make_quizzes(generator: Generator, orders: Sequence[QuizOrder]) -> list[Quiz]:
    """Fill several orders together, so that the generator sees all their answers in one batch.

    Args:
        generator: The rule or a model.
        orders: One per passage.

    Returns:
        One quiz per order, in order.

    Raises:
        UserError: As `make_quiz`.
    """
    drafts = [_Draft(order) for order in orders]
    while pending := [(draft, answer) for draft in drafts for answer in draft.next_answers()]:
        requests = [draft.request(answer) for draft, answer in pending]
        most = max(draft.order.per_answer for draft, _ in pending)
        for (draft, answer), written in zip(pending, generate_each(generator, requests, most), strict=True):
            if isinstance(written, ValueError):
                draft.refuse(answer, str(written))
            else:
                draft.accept(answer, written)
    return [draft.quiz() for draft in drafts]


class _Draft:
    """One order being filled, over as many rounds as it takes."""

    def __init__(self, order: QuizOrder) -> None:
        if order.count < 1 or order.per_answer < 1:
            raise UserError(
                f"expected one question or more per passage and per answer, found {order.count} and {order.per_answer}"
            )
        self.order = order
        self.sentences = split_sentences(order.context)
        self.items: list[QuizQuestion] = []
        self.refusals: list[str] = []
        self._untried = self._answers()
        self._distinct = DistinctQuestions()
        self._asked: list[AnswerSpan] = []
        self._tried_answers = 0

    def _answers(self) -> SpreadAnswers:
        """The answers to try: given ones in their order, proposed ones from all over the text."""
        if self.order.answers is None:
            from qgkd.answers.propose import propose_answers

            count = math.ceil(self.order.count / self.order.per_answer)
            proposals = self.order.proposals
            found = propose_answers(self.order.context) if proposals is None else proposals
            return SpreadAnswers(found, self.sentences, count)
        short = []
        for answer in self.order.answers:
            check_answer(self.order.context, answer)
            if (reason := too_long(answer)) is None:
                short.append(answer)
            else:
                self.refusals.append(reason)
        return SpreadAnswers(short, (), 1)

    def next_answers(self) -> list[AnswerSpan]:
        """Take the answers of the next round; none when the order is filled or all have been tried."""
        missing = self.order.count - len(self.items)
        most = math.ceil(missing / self.order.per_answer * OVERGENERATION)
        answers: list[AnswerSpan] = []
        while len(answers) < most and (answer := self._untried.take()) is not None:
            if self.order.answers is None and any(_same_answer(answer, asked) for asked in self._asked + answers):
                self._untried.reject(answer)
            else:
                answers.append(answer)
        self._tried_answers += len(answers)
        return answers

    def request(self, answer: AnswerSpan) -> GenerationRequest:
        """What the generator is asked for one answer."""
        return GenerationRequest(
            context=self.order.context, answer_text=answer.text, answer_start_char=answer.start_char
        )

    def accept(self, answer: AnswerSpan, questions: list[Question]) -> None:
        """Keep what is new of one answer's questions, as long as there is room."""
        if len(self.items) == self.order.count:
            return  # made in case an earlier one failed
        kept = 0
        for question in questions:
            if kept == self.order.per_answer or len(self.items) == self.order.count:
                break
            if not self._distinct.is_new(question.text, answer.text) or self._gives_answer_away(question, answer):
                continue
            self._distinct.add(question.text, answer.text)
            start_char, end_char = self._sentence_of(answer)
            sentence = self.order.context[start_char:end_char].rstrip()
            self.items.append(
                QuizQuestion(question=question, answer=answer, source_sentence=sentence, source_start_char=start_char)
            )
            kept += 1
        if kept:
            self._asked.append(answer)
        elif any(question.text for question in questions):
            self.refuse(answer, f"every question about the answer {answer.text[:40]!r} says what another one says")
        else:
            self.refuse(answer, f"no question could be written about the answer {answer.text[:40]!r}")

    def refuse(self, answer: AnswerSpan, reason: str) -> None:
        """Remember why a given answer has no question; a proposed one gives way to the next without a word."""
        self._untried.reject(answer)
        if self.order.answers is not None:
            self.refusals.append(reason)

    def _gives_answer_away(self, question: Question, answer: AnswerSpan) -> bool:
        """A proposed answer of two characters or more that stands in its own question is no use in a quiz."""
        bare = normalise(answer.text)
        return self.order.answers is None and len(bare) > 1 and bare in normalise(question.text)

    def _sentence_of(self, answer: AnswerSpan) -> tuple[int, int]:
        """The sentences the answer stands in, as one range without leading white space."""
        touched = [(s, e) for s, e in self.sentences if s < answer.end_char and answer.start_char < e]
        start_char, end_char = touched[0][0], touched[-1][1]
        text = self.order.context[start_char:end_char]
        return start_char + len(text) - len(text.lstrip()), end_char

    def quiz(self) -> Quiz:
        """What the order came to."""
        items = sorted(self.items, key=lambda item: (item.answer.start_char, item.answer.end_char))
        return Quiz(
            items=tuple(items),
            wanted=self.order.count,
            shortfall=self._shortfall(),
            refusals=tuple(self.refusals),
        )

    def _shortfall(self) -> str | None:
        found, wanted = len(self.items), self.order.count
        if found >= wanted:
            return None
        source = "given" if self.order.answers is not None else "found in it"
        if self._tried_answers == 0:
            return f"{found} of {wanted} questions: the passage has no stretch of text that could be an answer"
        return (
            f"{found} of {wanted} questions: {self._tried_answers} answers {source} were tried and gave no more "
            "different questions; give a longer passage or ask for fewer"
        )


def _same_answer(one: AnswerSpan, other: AnswerSpan) -> bool:
    """The same words again, or spans that overlap: both lead to the same question."""
    overlap = one.start_char < other.end_char and other.start_char < one.end_char
    return overlap or normalise(one.text) == normalise(other.text)
