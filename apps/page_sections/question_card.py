"""One question of the list."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator
from typing import Any

import streamlit as st

from page_sections import plain, visitor
from page_sections.visitor import keep_widget, say
from qgkd.exports.labels import letter_of
from qgkd.page import question_list
from qgkd.page.service import BusyError
from qgkd.page.workspace import Entry, Workspace
from qgkd.question_forms import Notice, QuestionForm, QuizItem, change_form, difficulty_of, faults_of


def show(entry: Entry, number: int, count: int) -> None:
    """Draw it: its fields, its sentence in the passage, its buttons; a failure is a sentence in the card."""
    with st.container(border=True, key=f"card-{entry.key}"):
        with _failure_noted(entry.key):
            _show_head(entry, number)
            _show_fields(entry, number)
        with _failure_noted(entry.key):
            _show_buttons(entry, number, count)
        if st.session_state.pop(f"failed-{entry.key}", False):
            plain.note(say("card.failed", number=number), "error")


@contextlib.contextmanager
def _failure_noted(key: str) -> Iterator[None]:
    """Log any exception with its traceback, and note it for the card, instead of stopping the page."""
    try:
        yield
    except Exception:
        logging.getLogger("qgkd.page").exception("a question card failed")
        st.session_state[f"failed-{key}"] = True


def _show_fields(entry: Entry, number: int) -> None:
    item = entry.item
    with st.empty():  # always there, so that the fields below keep their place, and the focus
        if faults := faults_of(item):
            plain.note(Notice.of("to_finish", field=" ".join(faults)).sentence(visitor.language()), "warning")
    left, right = st.columns([5, 2]) if item.form is not QuestionForm.MULTIPLE_CHOICE else (st.container(),) * 2
    with left:
        _field(entry, "prompt", "text_area", say(f"card.prompt_{item.form.value}", number=number), item.prompt)
    with right:
        if item.form is QuestionForm.TRUE_FALSE:
            _show_true_false(entry)
        elif item.form is QuestionForm.MULTIPLE_CHOICE:
            _show_options(entry)
        else:
            _field(entry, "answer", "text_input", say("card.answer"), item.answer)
            _field(entry, "accepted", "text_area", say("card.accepted"), "\n".join(item.accepted_answers))
    if item.source_sentence:
        st.html(f'<p class="qg-source"><span>{plain.escaped(say("card.source"))}</span> {_source(item)}</p>')


def _source(item: QuizItem) -> str:
    """The source sentence with the answer marked; the right occurrence where it is the only one."""
    if not item.answer:
        return plain.escaped(item.source_sentence)
    return plain.marked(*item.source_sentence.partition(item.answer))


def _show_head(entry: Entry, number: int) -> None:
    item = entry.item
    with st.container(horizontal=True, vertical_alignment="center", key=f"head-{entry.key}"):
        words = "" if not item.source_sentence else say(f"confidence.{item.confidence.value}")
        marks = _mark(words, item.confidence.value) + _mark(_difficulty(item), "difficulty")
        st.html(f'<div class="qg-head"><b>{number}</b>{marks}</div>')
        st.selectbox(
            say("card.form", number=number),
            list(QuestionForm),
            format_func=lambda form: say(f"form.{form.value}"),
            key=keep_widget(f"form-{entry.key}", item.form),
            on_change=_change_form,
            args=(entry, number),
            label_visibility="collapsed",
            width=150,
        )


def _mark(words: str, kind: str) -> str:
    return f'<span class="qg-mark qg-{kind}">{plain.escaped(words)}</span>' if words else ""


def _difficulty(item: QuizItem) -> str:
    """The difficulty in words; empty where a teacher wrote the item."""
    found = difficulty_of(item)
    if found is None:
        return ""
    reasons = say("difficulty.and").join(say(f"reason.{reason.value}") for reason in found.reasons)
    return say(f"difficulty.{found.level.value}", reasons=reasons)


def _field(entry: Entry, field: str, kind: str, label: str, value: str) -> None:
    """A field that is saved when it loses focus."""
    key = keep_widget(f"{field}-{entry.key}", value)
    draw: Any = getattr(st, kind)
    more = {"height": 68} if kind == "text_area" else {}
    draw(label, key=key, on_change=_take, args=(entry.key, field, key), label_visibility="visible", **more)


def _take(entry_key: str, field: str, widget_key: str) -> None:
    value = st.session_state[widget_key]
    if isinstance(value, str):
        value = value.replace("\x00", "")
    _change(entry_key, functools.partial(question_list.edit, key=entry_key, field=field, value=value))


def _change(entry_key: str, how: functools.partial[Workspace]) -> None:
    with _failure_noted(entry_key):
        visitor.change(how)


def _show_true_false(entry: Entry) -> None:
    key = keep_widget(f"is_true-{entry.key}", entry.item.is_true)
    st.radio(
        say("card.is_true"),
        [True, False],
        format_func=lambda right: say("card.true" if right else "card.false"),
        index=None,
        key=key,
        horizontal=True,
        on_change=_take,
        args=(entry.key, "is_true", key),
    )


def _show_options(entry: Entry) -> None:
    options = entry.item.options
    for first in range(0, len(options), 2):  # row by row, so that a narrow screen has them in order
        for index, column in zip(range(first, min(first + 2, len(options))), st.columns(2), strict=False):
            with column:
                label = say("card.option", letter=letter_of(index))
                _field(entry, f"option-{index}", "text_input", label, options[index])
    key = keep_widget(f"correct_index-{entry.key}", entry.item.correct_index)
    st.radio(
        say("card.correct"),
        range(len(options)),
        format_func=letter_of,
        index=None,
        key=key,
        horizontal=True,
        on_change=_take,
        args=(entry.key, "correct_index", key),
    )


def _show_buttons(entry: Entry, number: int, count: int) -> None:
    with st.container(horizontal=True, key=f"buttons-{entry.key}"):
        if entry.item.passage_id in visitor.workspace().passages:
            st.button(say("card.another"), key=f"another-{entry.key}", on_click=_another, args=(entry.key, number))
        if entry.item.form is QuestionForm.MULTIPLE_CHOICE:
            args = (entry.key, number)
            st.button(say("card.other_options"), key=f"other_options-{entry.key}", on_click=_other_options, args=args)
        _button(entry, "up", functools.partial(question_list.move, key=entry.key, places=-1), disabled=number == 1)
        _button(entry, "down", functools.partial(question_list.move, key=entry.key, places=1), disabled=number == count)
        _button(entry, "delete", functools.partial(question_list.delete, keys=[entry.key]))


def _button(entry: Entry, name: str, how: functools.partial[Workspace], *, disabled: bool = False) -> None:
    st.button(
        say(f"card.{name}"), key=f"{name}-{entry.key}", on_click=_change, args=(entry.key, how), disabled=disabled
    )


def _another(key: str, number: int) -> None:
    with _failure_noted(key):
        _show_another(key, number)


def _show_another(key: str, number: int) -> None:
    try:
        new = visitor.service().another_version(visitor.token(), key)
    except BusyError:
        visitor.tell("order.busy", "warning")
        return
    visitor.load()
    if new is None:
        visitor.tell("card.no_other", "info", number=number)
    elif not new:
        visitor.tell("card.again", "info", number=number)


def _other_options(key: str, number: int) -> None:
    with _failure_noted(key):
        new = visitor.service().other_options(visitor.token(), key)
        if new is None:
            visitor.tell("card.no_other_options", "info", number=number)
        elif not new:
            visitor.tell("card.options_again", "info", number=number)


def _change_form(entry: Entry, number: int) -> None:
    with _failure_noted(entry.key):
        _change_form_to(entry, number, st.session_state[f"form-{entry.key}"])


def _change_form_to(entry: Entry, number: int, form: QuestionForm) -> None:
    workspace = visitor.workspace()
    passage = visitor.service().passage_of(entry, workspace)
    built = change_form(entry.item, passage, form, options=workspace.wish.options, number=number)
    for notice in built.notices:
        visitor.tell("message.notice", "info", detail=notice.sentence(visitor.language()))
    item = built.items[0]
    if item.form is not form:  # the form could not be made: the teacher fills it in
        item = question_list.in_form_by_hand(entry.item, form)
    visitor.change(functools.partial(question_list.replace_item, key=entry.key, item=item))
