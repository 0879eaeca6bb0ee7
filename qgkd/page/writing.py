"""Questions for a text in parts, batch by batch, so that progress is shown and the work can be stopped.

Comes in: the parts, the answers chosen in them, how many questions, and those the visitor's quiz has already. Goes out:
`Written`: the questions in the order of the text, and why there are fewer than wanted, if there are.

A literal example: ten questions on three parts of 1500, 1500 and 500 characters are dealt out as 4, 4 and 2; where the
second part has only three to give, the other parts make up for it.

Which questions are new, which answers get none and why is decided in `qgkd.quiz`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from qgkd.answer import AnswerSpan
from qgkd.generator import Generator
from qgkd.page.parts import shares
from qgkd.page.turns import StoppedError
from qgkd.question_forms import Passage
from qgkd.quiz.make import make_quizzes
from qgkd.quiz.outcome import Refusal, RefusalCode, Shortfall
from qgkd.quiz.quiz import Quiz, QuizOrder, QuizQuestion
from qgkd.text.cleaning.kinds import Kind

BATCH_QUESTIONS = 10
"""Questions written in one turn at the generator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageOrder:
    """One part of the text and the answers that may be used in it."""

    passage: Passage
    added: tuple[AnswerSpan, ...] = ()
    """The teacher's own answers: used first."""
    propose: Callable[[], Sequence[AnswerSpan]] = tuple
    """Gives the proposals of the part, best first; called when the part's turn has come."""
    is_wanted: Callable[[AnswerSpan], bool] = lambda _: True
    """Whether the teacher left a proposal switched on."""
    nothing_to_ask: Kind | None = None
    """What the part is instead of sentences; None where it has some."""


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """A question and the passage its offsets count in."""

    passage: Passage
    question: QuizQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The questions of one order."""

    questions: tuple[WrittenQuestion, ...]
    wanted: int
    shortfall: Shortfall | None = None
    """Why there are fewer than wanted; None where there are not."""
    stopped: bool = False
    """Whether the visitor stopped the work."""
    refusals: tuple[Refusal, ...] = ()
    """The teacher's own answers without a question."""


@dataclass(slots=True)
class _Part:
    """A part being worked on."""

    order: PassageOrder
    passage: Passage
    """With its proposals, once they are known."""
    exhausted: bool = False
    questions: list[QuizQuestion] = field(default_factory=list)

    def proposals(self) -> tuple[AnswerSpan, ...]:
        """The proposals that are switched on."""
        if self.passage.proposals is None:
            self.passage = dataclasses.replace(self.passage, proposals=tuple(self.order.propose()))
        return tuple(proposal for proposal in self.passage.proposals or () if self.order.is_wanted(proposal))

    def written(self) -> list[WrittenQuestion]:
        """The questions so far, in the order of the text."""
        found = sorted(self.questions, key=lambda item: (item.answer.start_char, item.answer.end_char))
        return [WrittenQuestion(self.passage, question) for question in found]


Turn = Callable[[], AbstractContextManager[None]]


class QuizWriter:
    """Fills one visitor's order.

    Args:
        generator: The rule or a model.
        taken: Questions and answers that the visitor's quiz has already.
        turn: A turn at the generator, waited for per batch; raises `StoppedError` when the visitor gives up.
        report: Called with the number of questions so far.
    """

    def __init__(
        self,
        generator: Generator,
        taken: Sequence[tuple[str, str]] = (),
        *,
        turn: Turn = contextlib.nullcontext,
        report: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._generator = generator
        self._turn = turn
        self._report = report
        self._taken = list(taken)
        self._found = 0
        self._refusals: list[Refusal] = []
        self._tried_answers = 0

    def write(self, orders: Sequence[PassageOrder], count: int) -> Written:
        """Write `count` questions, or more where the teacher added more answers; also returns when stopped half-way."""
        parts = [_Part(order, order.passage, exhausted=not order.passage.context.strip()) for order in orders]
        wanted = max(count, sum(len(order.added) for order in orders))
        stopped = False
        try:
            for part in parts:
                self._write_added(part)
            self._fill(parts, wanted)
        except StoppedError:
            stopped = True
        tried_answers = self._tried_answers or self._found
        reasons = [order.nothing_to_ask for order in orders]
        shortfall = Shortfall(
            found=self._found,
            wanted=wanted,
            tried_answers=tried_answers,
            nothing_to_ask=reasons[0] if reasons and all(reasons) else None,
        )
        return Written(
            questions=tuple(question for part in parts for question in part.written()),
            wanted=wanted,
            shortfall=shortfall if self._found < wanted else None,
            stopped=stopped,
            refusals=tuple(self._refusals),
        )

    def _write_added(self, part: _Part) -> None:
        """One question about each of the teacher's own answers."""
        added = part.order.added
        for at in range(0, len(added), BATCH_QUESTIONS):
            batch = added[at : at + BATCH_QUESTIONS]
            quiz = self._quiz(part, len(batch), answers=batch)
            # A question that is in the visitor's quiz already is no news.
            self._refusals += [one for one in quiz.refusals if one.code is not RefusalCode.ALREADY_ASKED]

    def _fill(self, parts: Sequence[_Part], wanted: int) -> None:
        """Proposed answers: each part its share, then those missing from the parts that have more."""
        lengths = [len(part.passage.context) for part in parts]
        dealt = shares(wanted - self._found, lengths)
        while self._found < wanted and not all(part.exhausted for part in parts):
            missing = sum(share - self._fill_part(part, share) for part, share in zip(parts, dealt, strict=True))
            open_parts = [0 if part.exhausted else length for part, length in zip(parts, lengths, strict=True)]
            dealt = shares(missing, open_parts)

    def _fill_part(self, part: _Part, share: int) -> int:
        """Up to so many questions of one part; returns how many."""
        written = 0
        while written < share and not part.exhausted:
            count = min(share - written, BATCH_QUESTIONS)
            quiz = self._quiz(part, count, proposals=part.proposals())
            part.exhausted = quiz.shortfall is not None
            self._tried_answers += quiz.shortfall.tried_answers if quiz.shortfall is not None else 0
            written += len(quiz.items)
        return written

    def _quiz(
        self,
        part: _Part,
        count: int,
        *,
        answers: tuple[AnswerSpan, ...] | None = None,
        proposals: tuple[AnswerSpan, ...] | None = None,
    ) -> Quiz:
        """One turn at the generator; its questions are kept."""
        order = QuizOrder(
            context=part.passage.context,
            count=count,
            answers=answers,
            proposals=proposals,
            earlier_questions=tuple(self._taken),
            earlier_answers=tuple(question.answer for question in part.questions),
        )
        with self._turn():
            (quiz,) = make_quizzes(self._generator, [order])
        part.questions += quiz.items
        self._taken += [(item.question.text, item.answer.text) for item in quiz.items]
        self._found += len(quiz.items)
        self._report(self._found)
        return quiz
