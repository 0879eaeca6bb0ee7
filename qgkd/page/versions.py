"""Offers another wording of one question, never one already shown.

Comes in: an entry, its passage and a generator. Goes out: another version of the item, or None where there is none.

A literal example: after "燈塔由誰設計？" about 林文海 comes "設計燈塔的是哪一位？"; when all have been shown, the first
comes again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from qgkd.answer import AnswerSpan
from qgkd.generator import GenerationRequest, Generator
from qgkd.page.workspace import Entry
from qgkd.question_forms import Passage, QuestionForm, QuizItem, change_form
from qgkd.quiz.distinct import normalise

_MORE_VERSIONS = 4


@dataclass(frozen=True, slots=True)
class Version:
    """An item in an entry's place."""

    item: QuizItem
    shown: str
    """Added to the entry's versions, so that it is not offered again."""
    is_new: bool
    """False where every version has been shown and an earlier one has come back."""


def another_version(entry: Entry, passage: Passage, generator: Generator, *, options: int = 4) -> Version | None:
    """The same item with another question, other options or another statement; None where there is no other."""
    item = entry.item
    if item.form in (QuestionForm.SHORT_ANSWER, QuestionForm.MULTIPLE_CHOICE):
        found = _other_question(entry, passage, generator)
        if found is not None:
            return found
    if item.form is QuestionForm.SHORT_ANSWER:
        return None
    for seed in range(len(entry.versions), len(entry.versions) + _MORE_VERSIONS):
        built = change_form(item, passage, item.form, options=options, seed=seed).items[0]
        changed = (built.prompt, built.options, built.is_true) != (item.prompt, item.options, item.is_true)
        if built.form is item.form and changed:
            return Version(built, f"{built.prompt}\n{seed}", is_new=True)
    return None


def other_options(entry: Entry, passage: Passage | None) -> Version | None:
    """The same multiple choice item with other wrong options, as many as it has; None where there are too few."""
    item = entry.item
    shown = wrong_options(item)
    for seen in ((*entry.wrong_options, *shown), shown):  # where all have been seen, those before the present ones
        built = change_form(
            item, passage, item.form, options=len(item.options), seed=len(entry.wrong_options), without=frozenset(seen)
        ).items[0]
        if built.form is item.form and len(built.options) == len(item.options):
            return Version(built, item.question, is_new=len(seen) > len(shown) or not entry.wrong_options)
    return None


def wrong_options(item: QuizItem) -> tuple[str, ...]:
    """The options that are not the right one."""
    return tuple(option for index, option in enumerate(item.options) if index != item.correct_index)


def _other_question(entry: Entry, passage: Passage, generator: Generator) -> Version | None:
    item = entry.item
    if item.answer_start_char is None:
        return None
    answer = AnswerSpan(text=item.answer, start_char=item.answer_start_char, type=item.answer_type)
    request = GenerationRequest(context=passage.context, answer=answer)
    found = generator.generate([request], questions_per_answer=len(entry.versions) + _MORE_VERSIONS)[0]
    seen = {normalise(version) for version in (*entry.versions, item.question)}
    for question in found:
        if normalise(question.text) not in seen:
            return Version(dataclasses.replace(item, question=question.text), question.text, is_new=True)
    shown = [version for version in entry.versions if "\n" not in version]
    if item.question in shown and len(shown) > 1:  # start again with the one after this
        following = shown[(shown.index(item.question) + 1) % len(shown)]
        return Version(dataclasses.replace(item, question=following), following, is_new=False)
    if shown and item.question not in shown and item.form is QuestionForm.SHORT_ANSWER:
        return Version(dataclasses.replace(item, question=shown[0]), shown[0], is_new=False)
    return None
