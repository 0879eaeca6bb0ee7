"""What is wanted from one passage, and the quiz that comes of it.

Comes in: nothing. Goes out: `QuizOrder`, filled by `qgkd.quiz.make`, and `Quiz` with its `QuizQuestion`s.

A literal example: `QuizOrder(context="燈塔由林文海設計。", count=2)` proposes the answers of two questions.
"""

from __future__ import annotations

from dataclasses import dataclass

from qgkd.answer import AnswerSpan
from qgkd.generator import Question
from qgkd.quiz.outcome import Refusal, Shortfall
from qgkd.spans.propose import ProposedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizOrder:
    """What is wanted from one passage."""

    context: str
    count: int
    """How many questions."""
    answers: tuple[AnswerSpan, ...] | None = None
    """The answers to ask about, classified when the order is filled; None proposes them from the passage."""
    proposals: tuple[AnswerSpan, ...] | None = None
    """Where no answers are given: the spans to choose from, best first; None takes those of `qgkd.spans.propose`."""
    proposed_by: ProposedBy | None = None
    """Then: the span model or the rules; None as the package has it."""
    per_answer: int = 1
    """At most this many questions about one answer."""
    earlier_questions: tuple[tuple[str, str], ...] = ()
    """Questions with their answers that must not be repeated; no proposal with such an answer's text is used."""
    earlier_answers: tuple[AnswerSpan, ...] = ()
    """Answers of this passage with a question already; no proposal that overlaps one is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizQuestion:
    """One question of a quiz with its sentence in the passage."""

    question: Question
    source_sentence: str
    """The sentence of the passage that holds the answer."""
    source_start_char: int
    """Where that sentence starts in the passage."""

    @property
    def answer(self) -> AnswerSpan:
        """The question's answer, at its place in the passage and classified."""
        return self.question.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The questions of one passage, in the order of their answers in it."""

    items: tuple[QuizQuestion, ...]
    wanted: int
    """How many questions were wanted."""
    shortfall: Shortfall | None
    """Why there are fewer; None where there are not."""
    refusals: tuple[Refusal, ...] = ()
    """The given answers without a question, each with the reason."""
    proposals: tuple[AnswerSpan, ...] | None = None
    """The spans that answers were chosen from, best first; None where the answers were given."""
