"""The teacher's edits of the list of questions.

Comes in: a `Workspace` and an action on one entry. Goes out: the `Workspace` after it, with the old list in `undo`.
An entry that is no longer there (another tab, a late click) changes nothing.

A literal example: `move(workspace, "k3", -1)` puts entry k3 one place up.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from qgkd.page.workspace import Entry, Workspace
from qgkd.question_forms import QuestionForm, QuizItem, accepted_from_lines, with_answer
from qgkd.text.script import detect_script


def new_key() -> str:
    """A key for an entry."""
    return secrets.token_hex(6)


def add_items(workspace: Workspace, items: Iterable[QuizItem], passages: dict[str, str]) -> Workspace:
    """Put new items at the end."""
    added = tuple(Entry(key=new_key(), item=item, versions=(item.question,)) for item in items)
    return workspace.with_entries(workspace.entries + added, passages)


def add_by_hand(workspace: Workspace, form: QuestionForm, *, question: str = "", answer: str = "") -> Workspace:
    """Put an item at the end that the teacher writes."""
    item = QuizItem(item_id=new_key(), form=QuestionForm.SHORT_ANSWER, question=question, answer=answer)
    item = in_form_by_hand(item, form)
    return workspace.with_entries((*workspace.entries, Entry(key=new_key(), item=item)))


def in_form_by_hand(item: QuizItem, form: QuestionForm) -> QuizItem:
    """An item in another form, its missing parts left for the teacher to write."""
    bare = dataclasses.replace(item, options=(), correct_index=None, statement=None, is_true=None, form=form)
    if form is QuestionForm.MULTIPLE_CHOICE:
        return dataclasses.replace(bare, options=(item.answer, "", "", ""), correct_index=0)
    if form is QuestionForm.TRUE_FALSE:
        return dataclasses.replace(bare, statement=item.prompt, is_true=True)
    return dataclasses.replace(bare, statement=item.prompt) if form is QuestionForm.CLOZE else bare


def edit(workspace: Workspace, key: str, field: str, value: Any) -> Workspace:
    """Change one field of an item.

    The fields are `prompt`, `answer`, `accepted` (one answer per line), `option-N`, and `is_true` and `correct_index`
    (None: not chosen).
    """
    return _changed(workspace, key, lambda entry: dataclasses.replace(entry, item=_edited(entry.item, field, value)))


def _edited(item: QuizItem, field: str, value: Any) -> QuizItem:
    if field == "prompt":
        item = item.with_prompt(value)
        return item if item.passage_id else dataclasses.replace(item, script=detect_script(item.prompt))
    if field == "answer":
        changed = with_answer(item, value)
        if item.form is QuestionForm.MULTIPLE_CHOICE and item.correct_index is not None:
            options = (*item.options[: item.correct_index], value, *item.options[item.correct_index + 1 :])
            changed = dataclasses.replace(changed, options=options)
        return dataclasses.replace(changed, answer_start_char=None) if value != item.answer else changed
    if field == "accepted":
        return dataclasses.replace(item, accepted_answers=accepted_from_lines(value))
    if field == "is_true":
        return dataclasses.replace(item, is_true=value)
    if field == "correct_index":
        answer = item.answer if value is None else item.options[value]
        return dataclasses.replace(with_answer(item, answer), correct_index=value)
    number = int(field.removeprefix("option-"))
    options = (*item.options[:number], value, *item.options[number + 1 :])
    answer = value if number == item.correct_index else item.answer
    return dataclasses.replace(with_answer(item, answer), options=options)


def replace_item(
    workspace: Workspace, key: str, item: QuizItem, version: str | None = None, wrong_options: Sequence[str] = ()
) -> Workspace:
    """Put another item in an entry's place; note the version shown, and the wrong options that are shown no longer."""

    def changed(entry: Entry) -> Entry:
        versions = entry.versions
        if version is not None and version not in versions:
            versions = (*versions, version)
        gone = tuple(dict.fromkeys((*entry.wrong_options, *wrong_options)))
        return dataclasses.replace(entry, item=item, versions=versions, wrong_options=gone)

    return _changed(workspace, key, changed)


def delete(workspace: Workspace, keys: Sequence[str]) -> Workspace:
    """Take entries out."""
    return workspace.with_entries(tuple(entry for entry in workspace.entries if entry.key not in keys))


def move(workspace: Workspace, key: str, places: int) -> Workspace:
    """Move an entry down by so many places, or up where negative; it stops at the ends."""
    entries = list(workspace.entries)
    at = next((index for index, entry in enumerate(entries) if entry.key == key), None)
    if at is None:
        return workspace
    entry = entries.pop(at)
    entries.insert(max(0, min(len(entries), at + places)), entry)
    return workspace.with_entries(tuple(entries))


def _changed(workspace: Workspace, key: str, change: Callable[[Entry], Entry]) -> Workspace:
    return workspace.with_entries(tuple(change(entry) if entry.key == key else entry for entry in workspace.entries))
