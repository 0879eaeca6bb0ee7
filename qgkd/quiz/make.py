"""From a passage to N different questions, spread over it, in the order of the text.

Comes in: a passage (with answers, or they are proposed) and a generator. Goes out: `Quiz`.

A literal example: `make_quiz(RuleGenerator(), "燈塔建於1867年，由工程師林文海設計。", count=3)` gives two items, in the
order of their answers, and the shortfall "2 of 3 questions: …".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from qgkd.answer import AnswerSpan
from qgkd.answers.classify import classified
from qgkd.answers.given import is_too_long
from qgkd.answers.spread import SpreadAnswers
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest, Generator, Question
from qgkd.quiz.distinct import DistinctQuestions, normalise
from qgkd.quiz.generate_each import generate_each
from qgkd.quiz.outcome import Refusal, RefusalCode, Shortfall
from qgkd.quiz.quiz import Quiz, QuizOrder, QuizQuestion
from qgkd.rule.doubtful import is_doubtful
from qgkd.rule.mixed_sentences import mixes_sentences
from qgkd.spans.propose import propose
from qgkd.text.cleaning.clean import cleaned_for
from qgkd.text.sentences import split_sentences

OVERGENERATION = 1.5
"""Answers tried per answer needed in each round, to make up for near-duplicates and refusals."""


def make_quiz(
    generator: Generator,
    context: str,
    *,
    count: int,
    answers: Sequence[AnswerSpan] | None = None,
    per_answer: int = 1,
) -> Quiz:
    """Write N different questions about one passage, which is cleaned first.

    Args:
        generator: The rule or a model.
        context: The passage, of any length.
        count: How many questions are wanted, 1 or more.
        answers: The answers to ask about; None proposes them.
        per_answer: At most this many questions about one answer.

    Returns:
        At most `count` questions, their offsets in the cleaned passage, and the shortfall where it has fewer to give.

    Raises:
        UserError: The count is not positive, or a given answer is not at its offset.
    """
    given = None if answers is None else tuple(answers)
    passage = cleaned_for(context, given or ())
    order = QuizOrder(
        context=passage.text,
        count=count,
        answers=None if given is None else tuple(map(passage.answer, given)),
        nothing_to_ask=passage.nothing_to_ask,
        per_answer=per_answer,
    )
    return make_quizzes(generator, [order])[0]


def make_quizzes(generator: Generator, orders: Sequence[QuizOrder]) -> list[Quiz]:
    """Fill several orders together, in order, so that the generator receives all their answers in one batch.

    Raises:
        UserError: As `make_quiz`.
    """
    drafts = [_Draft(order) for order in orders]
    while pending := [(draft, answer) for draft in drafts for answer in draft.next_answers()]:
        requests = [GenerationRequest(context=draft.order.context, answer=answer) for draft, answer in pending]
        most = max(draft.order.per_answer for draft, _ in pending)
        for (draft, answer), written in zip(pending, generate_each(generator, requests, most), strict=True):
            if isinstance(written, ValueError):
                draft.refuse(answer, RefusalCode.GENERATOR, str(written))
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
        self._sentences = split_sentences(order.context)
        self._items: list[QuizQuestion] = []
        self._refusals: list[Refusal] = []
        self._proposals: tuple[AnswerSpan, ...] | None = None
        self._earlier = DistinctQuestions(order.earlier_questions)
        self._earlier_texts = {normalise(answer) for _, answer in order.earlier_questions}
        self._distinct = DistinctQuestions()
        self._used: list[AnswerSpan] = []
        self._tried_answers = 0
        self._untried = self._answers()

    def _answers(self) -> SpreadAnswers:
        """The answers to try: given ones in their order, proposed ones from all over the text."""
        order = self.order
        if order.answers is None:
            count = math.ceil(order.count / order.per_answer)
            found = order.proposals
            self._proposals = tuple(propose(order.context, by=order.proposed_by)) if found is None else found
            usable = [proposal for proposal in self._proposals if not self._was_used(proposal)]
            return SpreadAnswers(usable, self._sentences, count)
        short = []
        for answer in order.answers:
            if is_too_long(answer.text):
                self._refusals.append(Refusal(answer=answer, code=RefusalCode.TOO_LONG))
            else:
                short.append(classified(order.context, answer))
        return SpreadAnswers(short, (), 1)

    def _was_used(self, proposal: AnswerSpan) -> bool:
        """Whether an earlier question has this answer, or one that overlaps it."""
        return normalise(proposal.text) in self._earlier_texts or any(
            _overlap(proposal, used) for used in self.order.earlier_answers
        )

    def next_answers(self) -> list[AnswerSpan]:
        """Take the answers of the next round; none when the order is filled or all have been tried."""
        missing = self.order.count - len(self._items)
        most = math.ceil(missing / self.order.per_answer * OVERGENERATION)
        answers: list[AnswerSpan] = []
        while len(answers) < most and (answer := self._untried.take()) is not None:
            if self.order.answers is None and any(_same_answer(answer, used) for used in self._used + answers):
                self._untried.reject(answer)
            else:
                answers.append(answer)
        self._tried_answers += len(answers)
        return answers

    def accept(self, answer: AnswerSpan, questions: list[Question]) -> None:
        """Keep what is new of one answer's questions, as long as there is room."""
        if len(self._items) == self.order.count:
            return  # made in case an earlier one failed
        kept = 0
        for question in questions:
            if kept == self.order.per_answer or len(self._items) == self.order.count:
                break
            if not self._is_new(question, answer) or self._is_no_use(question, answer):
                continue
            self._distinct.add(question.text, answer.text)
            start_char, end_char = self._sentence_of(answer)
            sentence = self.order.context[start_char:end_char].rstrip()
            self._items.append(QuizQuestion(question=question, source_sentence=sentence, source_start_char=start_char))
            kept += 1
        if kept:
            self._used.append(answer)
        else:
            is_earlier = normalise(answer.text) in self._earlier_texts
            repeated = RefusalCode.ALREADY_ASKED if is_earlier else RefusalCode.REPEATS_ANOTHER
            has_text = any(question.text for question in questions)
            self.refuse(answer, repeated if has_text else RefusalCode.NO_QUESTION)

    def refuse(self, answer: AnswerSpan, code: RefusalCode, reason: str = "") -> None:
        """Record why a given answer has no question; a proposed one is replaced by the next and not reported."""
        self._untried.reject(answer)
        if self.order.answers is not None:
            self._refusals.append(Refusal(answer=answer, code=code, reason=reason))

    def _is_new(self, question: Question, answer: AnswerSpan) -> bool:
        return all(known.is_new(question.text, answer.text) for known in (self._earlier, self._distinct))

    def _is_no_use(self, question: Question, answer: AnswerSpan) -> bool:
        """Whether a question about a proposed answer is doubtful or holds the answer, of two characters or more."""
        if self.order.answers is not None:
            return False
        bare = normalise(answer.text)
        context = self.order.context
        start_char, end_char = self._sentence_of(answer)
        return (
            (len(bare) > 1 and bare in normalise(question.text))
            or is_doubtful(question.text, answer.text)
            or mixes_sentences(question.text, context[start_char:end_char], answer.text, context)
        )

    def _sentence_of(self, answer: AnswerSpan) -> tuple[int, int]:
        """The sentences that the answer stands in, as one range without leading white space."""
        touched = [(s, e) for s, e in self._sentences if s < answer.end_char and answer.start_char < e]
        start_char, end_char = touched[0][0], touched[-1][1]
        text = self.order.context[start_char:end_char]
        return start_char + len(text) - len(text.lstrip()), end_char

    def quiz(self) -> Quiz:
        """The finished quiz."""
        found, wanted = len(self._items), self.order.count
        shortfall = Shortfall(
            found=found,
            wanted=wanted,
            tried_answers=self._tried_answers,
            answers_were_given=self.order.answers is not None,
            nothing_to_ask=self.order.nothing_to_ask,
        )
        return Quiz(
            items=tuple(sorted(self._items, key=lambda item: (item.answer.start_char, item.answer.end_char))),
            wanted=wanted,
            shortfall=shortfall if found < wanted else None,
            refusals=tuple(self._refusals),
            proposals=self._proposals,
        )


def _same_answer(one: AnswerSpan, other: AnswerSpan) -> bool:
    """The same words again, or spans that overlap: both lead to the same question."""
    return _overlap(one, other) or normalise(one.text) == normalise(other.text)


def _overlap(one: AnswerSpan, other: AnswerSpan) -> bool:
    return one.start_char < other.end_char and other.start_char < one.end_char
