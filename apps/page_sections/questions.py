"""Fourth section: the questions, to read, edit, reorder, delete and add to."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import streamlit as st

from page_sections import guard, plain, question_card, visitor
from page_sections.visitor import say
from qgkd.page import question_list
from qgkd.page.workspace import Workspace
from qgkd.question_forms import Notice, QuestionForm

PER_PAGE = 20


def show() -> None:
    """Draw it."""
    workspace = visitor.workspace()
    _show_messages(workspace)
    if not workspace.entries and not workspace.undo:
        return
    st.subheader(say("list.heading", count=len(workspace.entries)), anchor=False)
    _show_actions(workspace)
    first = _shown_page(len(workspace.entries)) * PER_PAGE
    for number, entry in enumerate(workspace.entries[first : first + PER_PAGE], start=first + 1):
        question_card.show(entry, number, len(workspace.entries))
    if len(workspace.entries) > PER_PAGE:
        _show_actions(workspace, "below-")


def _show_messages(workspace: Workspace) -> None:
    """How the last order ended."""
    for message in workspace.messages:
        values = message["values"]
        if "notice" in message:
            notice = Notice(message["notice"], tuple(values.items()))
            plain.note(notice.sentence(visitor.language()), "info")
        elif message["key"] == "message.refused":
            plain.note(say("message.refused"), "warning", values["answer"])
        else:
            plain.note(say(message["key"], **values), "warning")


def _show_actions(workspace: Workspace, prefix: str = "") -> None:
    with st.container(horizontal=True, key=f"{prefix}list-actions"):
        _button(f"{prefix}undo", Workspace.undone, disabled=not workspace.undo)
        _button(f"{prefix}redo", Workspace.redone, disabled=not workspace.redo)
        form = (
            QuestionForm(workspace.wish.form) if workspace.wish.form in set(QuestionForm) else QuestionForm.SHORT_ANSWER
        )
        _button(f"{prefix}add_question", functools.partial(question_list.add_by_hand, form=form))
        _button(f"{prefix}clear", _cleared, disabled=not workspace.entries)


def _button(name: str, how: Callable[[Workspace], Workspace], *, disabled: bool = False) -> None:
    label = say(f"list.{name.removeprefix('below-')}")
    st.button(label, key=name, on_click=guard.on_click(visitor.change), args=(how,), disabled=disabled)


def _cleared(workspace: Workspace) -> Workspace:
    return dataclasses.replace(workspace.with_entries(()), messages=())


def _shown_page(count: int) -> int:
    """Which page of questions is shown."""
    pages = -(-count // PER_PAGE)
    if pages < 2:
        return 0
    if st.session_state.get("page", 0) >= pages:
        st.session_state.page = pages - 1

    def label(page: int) -> str:
        return f"{page * PER_PAGE + 1}–{min(count, (page + 1) * PER_PAGE)}"

    return st.segmented_control(say("list.page"), range(pages), format_func=label, key="page", required=True, default=0)
