"""From generated questions to items of the form a teacher wants.

Comes in: the questions of a `qgkd.quiz.Quiz` and their passage. Goes out: `BuiltItems`: one item per question, and what
could not be done as asked.

A literal example: `build_items(quiz.items, Passage("lighthouse", text), QuestionForm.CLOZE)` gives, for the answer
林文海, the statement "燈塔建於1867年，由工程師＿＿＿＿設計。".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qgkd.question_forms.item import QuestionForm, QuizItem
from qgkd.question_forms.notices import Notice
from qgkd.quiz import QuizQuestion

OPTIONS = 4
"""Of a multiple choice item, the right one included."""


@dataclass(frozen=True)
class Passage:
    """The text the questions are about."""

    passage_id: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltItems:
    """Items, and what the teacher should know about them."""

    items: tuple[QuizItem, ...]
    notices: tuple[Notice, ...] = ()
    """Their `number` counts the items from 1."""


def build_items(
    questions: Sequence[QuizQuestion],
    passage: Passage,
    form: QuestionForm = QuestionForm.SHORT_ANSWER,
    *,
    options: int = OPTIONS,
    seed: int = 0,
) -> BuiltItems:
    """Make one item of every question.

    Args:
        questions: Of `make_quiz(...).items`; their offsets count in the passage.
        passage: What they are about.
        form: The form wanted.
        options: Of a multiple choice item, 3 or more.
        seed: Chooses distractors, their order, and which statements are false; the same seed gives the same items.

    Returns:
        As many items as questions, in order. A question that cannot take the form stays a short answer item and is told
        in the notices, as is a multiple choice item with fewer options.
    """
    raise NotImplementedError


def change_form(
    item: QuizItem,
    passage: Passage | None,
    form: QuestionForm,
    *,
    options: int = OPTIONS,
    seed: int = 0,
    number: int = 1,
) -> BuiltItems:
    """Ask an item in another form, or with other options (another seed).

    Args:
        item: Any item.
        passage: Where it comes from; None for an item that a teacher wrote.
        form: The form wanted.
        options: As `build_items`.
        seed: As `build_items`.
        number: What notices call the item.

    Returns:
        One item, of the form wanted or, with a notice, a short answer item.
    """
    raise NotImplementedError
