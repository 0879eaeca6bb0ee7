"""From generated questions to items of the form a teacher wants.

Comes in: the questions of a `qgkd.quiz.make.Quiz` and their passage. Goes out: `BuiltItems`: one item per
question, and notices about those that could not take the form.

A literal example: `build_items(quiz.items, Passage("lighthouse", text), QuestionForm.CLOZE)` gives, for the answer
林文海, the statement "燈塔建於1867年，由工程師＿＿＿＿設計。".
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qgkd.answer import AnswerType
from qgkd.answers.classify import classify
from qgkd.question_forms.accepted import propose_accepted
from qgkd.question_forms.confidence import confidence_of
from qgkd.question_forms.distractors import RightAnswer, choose_distractors
from qgkd.question_forms.item import BLANK, QuestionForm, QuizItem
from qgkd.question_forms.item_ids import item_id_of, with_different_ids
from qgkd.question_forms.names import is_noun
from qgkd.question_forms.notices import Notice
from qgkd.question_forms.passage import Passage
from qgkd.question_forms.plausible_numbers import quantity_of
from qgkd.question_forms.statements import LEAST_CONTEXT_CHARS, ShownSentence, shown_sentence
from qgkd.quiz.quiz import QuizQuestion
from qgkd.text.script import detect_script

OPTIONS = 4
"""Of a multiple choice item, the right one included."""
LEAST_OPTIONS = 3
"""With fewer, guessing is too easy."""
_NOUNS = frozenset({AnswerType.PLACE, AnswerType.ORGANISATION, AnswerType.TERM})


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltItems:
    """Items, and notices to the teacher about them."""

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
        passage: The one the questions were made from.
        form: The form wanted.
        options: Of a multiple choice item, 3 or more.
        seed: Chooses distractors, their order, and which statements are false; the same seed gives the same items.

    Returns:
        As many items as questions, in order. A question that cannot take the form stays a short answer item with a
        notice; so does a multiple choice item with fewer options. Half of the true/false items are false.
    """
    plain = [short_answer_item(question, passage) for question in questions]
    built = [
        change_form(item, passage, form, options=options, seed=seed, number=number, is_true=False)
        for number, item in enumerate(plain, start=1)
    ]
    if form is QuestionForm.TRUE_FALSE:
        built = _half_of_them_true(built, plain, passage, seed)
    items = with_different_ids([one.items[0] for one in built])
    return BuiltItems(items=items, notices=tuple(notice for one in built for notice in one.notices))


def _half_of_them_true(
    false_ones: list[BuiltItems], plain: list[QuizItem], passage: Passage, seed: int
) -> list[BuiltItems]:
    """Turn false statements into true ones until half of all are; notices remain where too few can be false."""
    can_be_false = [index for index, one in enumerate(false_ones) if one.items[0].is_true is False]
    count = sum(one.items[0].form is QuestionForm.TRUE_FALSE for one in false_ones)
    rng = random.Random(f"{seed}:{passage.passage_id}:{[item.item_id for item in plain]}")
    # Of an uneven number, and so of a single item, chance decides which half is the greater.
    wanted = (count + rng.randint(0, 1)) // 2
    stay_false = set(rng.sample(can_be_false, min(wanted, len(can_be_false))))
    built = []
    for index, (one, item) in enumerate(zip(false_ones, plain, strict=True)):
        if one.items[0].form is not QuestionForm.TRUE_FALSE or index in stay_false:
            built.append(one)
        elif index in can_be_false:
            built.append(change_form(item, passage, QuestionForm.TRUE_FALSE, seed=seed, is_true=True))
        else:
            enough = len(stay_false) == wanted
            built.append(BuiltItems(items=one.items, notices=() if enough else one.notices))
    return built


def short_answer_item(question: QuizQuestion, passage: Passage) -> QuizItem:
    """The short answer item of one generated question."""
    answer = question.answer
    item = QuizItem(
        item_id=item_id_of(passage.passage_id, QuestionForm.SHORT_ANSWER, answer.start_char, answer.text),
        form=QuestionForm.SHORT_ANSWER,
        question=question.question.text,
        answer=answer.text,
        source_sentence=question.source_sentence,
        passage_id=passage.passage_id,
        answer_start_char=answer.start_char,
        answer_type=answer.type,
        confidence=confidence_of(question.question),
        script=detect_script(passage.context),
    )
    return dataclasses.replace(item, accepted_answers=propose_accepted(item))


def change_form(
    item: QuizItem,
    passage: Passage | None,
    form: QuestionForm,
    *,
    options: int = OPTIONS,
    seed: int = 0,
    number: int = 1,
    is_true: bool | None = None,
    without: Collection[str] = (),
) -> BuiltItems:
    """Ask an item in another form, or with other options (another seed).

    Args:
        item: Any item.
        passage: Where it comes from; None for an item that a teacher wrote.
        form: The form wanted.
        options: As `build_items`.
        seed: As `build_items`.
        number: The item's number in notices.
        is_true: Whether a true/false statement is true; None lets the seed decide.
        without: Wrong options not to be chosen.

    Returns:
        One item, of the form wanted or, with a notice, a short answer item.
    """
    rng = random.Random(f"{seed}:{item.passage_id}:{item.answer_start_char}:{item.answer}:{form.value}")
    bare = _in_form(item, QuestionForm.SHORT_ANSWER)
    if form is QuestionForm.MULTIPLE_CHOICE:
        return _multiple_choice(bare, passage, options, number, rng, without)
    if form is QuestionForm.SHORT_ANSWER:
        return BuiltItems(items=(bare,))
    shown = shown_sentence(bare, passage)
    if shown is None or not shown.answers:
        return _stays(bare, Notice.of("no_sentence", number=number))
    if shown.context_chars() < LEAST_CONTEXT_CHARS:
        return _stays(bare, Notice.of("sentence_too_short", number=number, answer=item.answer))
    if form is QuestionForm.CLOZE:
        if shown.cuts_a_name():
            return _stays(bare, Notice.of("answer_is_cut", number=number, answer=item.answer))
        if shown.still_shows(item.answer):
            return _stays(bare, Notice.of("sentence_shows_answer", number=number, answer=item.answer))
        return BuiltItems(items=(dataclasses.replace(_in_form(bare, form), statement=shown.with_answer_as(BLANK)),))
    wants_true = rng.random() < 0.5 if is_true is None else is_true
    return _true_false(bare, passage, shown, number, rng, wants_true)


def _multiple_choice(
    item: QuizItem,
    passage: Passage | None,
    options: int,
    number: int,
    rng: random.Random,
    without: Collection[str],
) -> BuiltItems:
    right = RightAnswer(text=item.answer, type=_type_of(item), shown=item.question, script=item.script)
    wrong = choose_distractors(right, passage, count=options - 1, rng=rng, without=without)
    if len(wrong) < min(LEAST_OPTIONS, options) - 1:
        return _stays(item, Notice.of("no_options", number=number, answer=item.answer))
    offered = _ordered([item.answer, *wrong], rng)
    made = dataclasses.replace(
        _in_form(item, QuestionForm.MULTIPLE_CHOICE), options=offered, correct_index=offered.index(item.answer)
    )
    if len(offered) == options:
        return BuiltItems(items=(made,))
    notice = Notice.of("fewer_options", number=number, found=len(offered), wanted=options)
    return BuiltItems(items=(made,), notices=(notice,))


def _true_false(
    item: QuizItem,
    passage: Passage | None,
    shown: ShownSentence,
    number: int,
    rng: random.Random,
    is_true: bool,
) -> BuiltItems:
    """The sentence unchanged, or with another of the answer's kind in its place."""
    made = _in_form(item, QuestionForm.TRUE_FALSE)
    right = RightAnswer(
        text=item.answer, type=_type_of(item), shown=shown.with_answer_as(BLANK), is_one_of_several_options=False
    )
    is_whole = right.type not in _NOUNS or is_noun(item.answer)
    can_be_swapped = not is_true and is_whole and not shown.cuts_a_name()
    wrong = choose_distractors(right, passage, count=1, rng=rng) if can_be_swapped else ()
    if wrong:
        statement = shown.with_answer_as(wrong[0])
        return BuiltItems(items=(dataclasses.replace(made, statement=statement, is_true=False),))
    notices = () if is_true else (Notice.of("no_false_statement", number=number, answer=item.answer),)
    return BuiltItems(items=(dataclasses.replace(made, statement=shown.text, is_true=True),), notices=notices)


def _in_form(item: QuizItem, form: QuestionForm) -> QuizItem:
    """The item without the fields of its old form, with the id of the new one."""
    item_id = item_id_of(item.passage_id, form, item.answer_start_char, item.answer or item.question)
    return dataclasses.replace(
        item, item_id=item_id, form=form, options=(), correct_index=None, statement=None, is_true=None
    )


def _stays(item: QuizItem, notice: Notice) -> BuiltItems:
    return BuiltItems(items=(item,), notices=(notice,))


def _type_of(item: QuizItem) -> AnswerType:
    """The answer's type; that of an answer a teacher typed, which has none yet, is found from its characters."""
    return item.answer_type or classify(item.answer, 0, len(item.answer))


def _ordered(options: list[str], rng: random.Random) -> tuple[str, ...]:
    """Numbers and dates in order, the rest by chance."""
    quantities = [quantity_of(option) for option in options]
    if all(quantities) and len({len(quantity) for quantity in quantities}) == 1:
        return tuple(option for _, option in sorted(zip(quantities, options, strict=True)))
    return tuple(rng.sample(options, len(options)))
