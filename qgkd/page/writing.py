"""Questions for a text in parts, batch by batch, so that progress can be told and the work stopped.

Comes in: the passages, the answers chosen in them, how many questions, and what the quiz holds already. Goes out:
`Written`: the questions in the order of the text, and why there are fewer, if there are.

A literal example: ten questions on three parts of 1500, 1500 and 500 characters are dealt out as 4, 4 and 2; where the
second part has only three to give, another is asked of the others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from qgkd.answers.types import AnswerSpan
from qgkd.generator import Generator
from qgkd.page.parts import shares
from qgkd.page.turns import StoppedError
from qgkd.question_forms import Passage
from qgkd.quiz.distinct import DistinctQuestions, normalise
from qgkd.quiz.make import QuizOrder, QuizQuestion, make_quizzes

BATCH_QUESTIONS = 10
"""Asked of the generator in one turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageOrder:
    """One stretch of the text and what may be asked about in it."""

    passage: Passage
    added: tuple[AnswerSpan, ...] = ()
    """The teacher's own answers: asked about first."""
    propose: Callable[[], Sequence[AnswerSpan]] = tuple
    """Gives the other spans to choose from, best first; called when the part's turn has come."""


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """A question and the passage its offsets count in."""

    passage: Passage
    question: QuizQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the work came to."""

    questions: tuple[WrittenQuestion, ...]
    wanted: int
    stopped: bool = False
    refused: tuple[str, ...] = ()
    """The teacher's own answers that nothing could be asked about."""
    tried_answers: bool = True
    """False where the text has nothing that could be an answer."""


@dataclass(slots=True)
class _Part:
    """A passage being worked on."""

    order: PassageOrder
    number: int
    proposals: list[AnswerSpan] | None = None
    exhausted: bool = False
    used: list[AnswerSpan] = field(default_factory=list)

    def left(self) -> list[AnswerSpan]:
        """The proposals not asked about yet, and not in the place of one that was."""
        if self.proposals is None:
            self.proposals = list(self.order.propose())
        return [
            proposal
            for proposal in self.proposals
            if not any(one.start_char < proposal.end_char and proposal.start_char < one.end_char for one in self.used)
        ]


Turn = Callable[[], AbstractContextManager[None]]


class QuizWriter:
    """Works one order off.

    Args:
        generator: The rule or a model.
        taken: Questions and answers that the quiz holds already.
        turn: A turn at the generator, waited for per batch; raises `StoppedError` when the visitor gives up.
        report: Told how many questions there are so far.
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
        self._distinct = DistinctQuestions()
        self._answers = {normalise(answer) for _, answer in taken}
        for question, answer in taken:
            self._distinct.add(question, answer)
        self._found: list[tuple[int, QuizQuestion]] = []
        self._refused: list[str] = []
        self._any_answers = False

    def write(self, orders: Sequence[PassageOrder], count: int) -> Written:
        """Write questions.

        Args:
            orders: The passages, in the order of the text.
            count: How many questions; more where the teacher added more answers.

        Returns:
            What there is, also when stopped half-way.
        """
        parts = [_Part(order, number) for number, order in enumerate(orders)]
        wanted = max(count, sum(len(order.added) for order in orders))
        stopped = False
        try:
            for part in parts:
                self._write_added(part)
            self._fill(parts, wanted)
        except StoppedError:
            stopped = True
        found = sorted(self._found, key=lambda pair: (pair[0], pair[1].answer.start_char, pair[1].answer.end_char))
        return Written(
            questions=tuple(WrittenQuestion(orders[number].passage, question) for number, question in found),
            wanted=wanted,
            stopped=stopped,
            refused=tuple(self._refused),
            tried_answers=self._any_answers,
        )

    def _write_added(self, part: _Part) -> None:
        """One question about each of the teacher's own answers."""
        added = part.order.added
        for at in range(0, len(added), BATCH_QUESTIONS):
            batch = added[at : at + BATCH_QUESTIONS]
            quiz = self._quiz(part, QuizOrder(context=part.order.passage.context, count=len(batch), answers=batch))
            self._keep(part, quiz)
            asked = {(question.answer.start_char, question.answer.end_char) for question in quiz}
            self._refused += [answer.text for answer in batch if (answer.start_char, answer.end_char) not in asked]

    def _fill(self, parts: Sequence[_Part], wanted: int) -> None:
        """Proposed answers: each part its share, then what some could not give from those that can."""
        lengths = [len(part.order.passage.context) for part in parts]
        dealt = shares(wanted - len(self._found), lengths)
        while len(self._found) < wanted and not all(part.exhausted for part in parts):
            missing = 0
            for part, share in zip(parts, dealt, strict=True):
                missing += share - self._fill_part(part, share)
            open_parts = [0 if part.exhausted else length for part, length in zip(parts, lengths, strict=True)]
            dealt = shares(missing, open_parts)

    def _fill_part(self, part: _Part, share: int) -> int:
        """Up to so many questions of one part; returns how many."""
        got = 0
        while got < share and not part.exhausted:
            left = [answer for answer in part.left() if normalise(answer.text) not in self._answers]
            if not left:
                part.exhausted = True
                break
            self._any_answers = True
            count = min(share - got, BATCH_QUESTIONS)
            order = QuizOrder(context=part.order.passage.context, count=count, proposals=tuple(left))
            quiz = self._quiz(part, order)
            part.exhausted = len(quiz) < count
            got += self._keep(part, quiz)
        return got

    def _quiz(self, part: _Part, order: QuizOrder) -> tuple[QuizQuestion, ...]:
        with self._turn():
            questions = make_quizzes(self._generator, [order])[0].items
        part.used += [question.answer for question in questions]
        return questions

    def _keep(self, part: _Part, questions: Sequence[QuizQuestion]) -> int:
        """Keep what no other part, and nothing in the quiz, has asked; returns how many."""
        kept = 0
        for question in questions:
            text, answer = question.question.text, question.answer.text
            if self._distinct.is_new(text, answer):
                self._distinct.add(text, answer)
                self._answers.add(normalise(answer))
                self._found.append((part.number, question))
                kept += 1
        self._report(len(self._found))
        return kept
