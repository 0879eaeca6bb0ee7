"""The browser's own storage: text not sent yet, and the last quiz.

An invisible component. It also sets the page's language, by which browsers choose the shapes of characters.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import streamlit as st

from page_sections import guard, plain, visitor
from page_sections.visitor import say
from qgkd.page.workspace import Wish, Workspace
from qgkd.page.workspace_store import WorkspaceStore

_JS = (Path(__file__).parent / "keeper.js").read_text("utf-8")


def show() -> None:
    """Mount the component, and offer the draft and the last quiz."""
    mount = st.components.v2.component("qgkd_keeper", html="<i hidden></i>", js=_JS, isolate_styles=False)
    kept = dataclasses.replace(visitor.workspace(), wish=Wish()) != Workspace()
    mount(
        key="keeper",
        data={
            "language": visitor.language().value,
            "token": visitor.token() if kept else "",
            "text": visitor.workspace().text if len(visitor.workspace().text) < 100_000 else "",
            "box": "st-key-text_box",
        },
        on_last_change=guard.on_click(_found_last),
        on_draft_change=guard.on_click(_found_draft),
    )
    # The last visit's quiz is offered to an empty page only, the one just left until the visitor answers.
    last = st.session_state.get("left_quiz") or (not kept and st.session_state.get("last_quiz"))
    if last:
        _offer(last)
    if draft := st.session_state.get("draft"):
        _offer_draft(draft)


def _found_last() -> None:
    last: Any = st.session_state.keeper.get("last")
    if isinstance(last, str) and last != visitor.token() and WorkspaceStore.is_token(last):
        found = visitor.service().store.load(last)
        if found is not None and found != Workspace():
            st.session_state.last_quiz = last


def _found_draft() -> None:
    draft: Any = st.session_state.keeper.get("draft")
    if isinstance(draft, str) and draft.strip() and draft.strip() != visitor.workspace().text.strip():
        st.session_state.draft = draft


def _offer(last: str) -> None:
    found = visitor.service().store.load(last)
    if found is None:
        return
    name = found.title or found.text[:30]
    plain.note(say("keeper.last", count=len(found.entries)), "info", name)
    with st.container(horizontal=True):
        open_it = guard.on_click(visitor.open_quiz)
        st.button(say("keeper.open"), key="open_last", on_click=open_it, args=(last,), type="primary")
        st.button(say("keeper.no"), key="forget_last", on_click=_forget, args=("last_quiz", "left_quiz"))


def _offer_draft(draft: str) -> None:
    plain.note(say("keeper.draft"), "info", draft[:80])
    with st.container(horizontal=True):
        take_it = guard.on_click(_take_draft)
        st.button(say("keeper.take_draft"), key="take_draft", on_click=take_it, args=(draft,), type="primary")
        st.button(say("keeper.no_draft"), key="forget_draft", on_click=_forget, args=("draft",))


def _forget(*names: str) -> None:
    for name in names:
        st.session_state.pop(name, None)


def _take_draft(draft: str) -> None:
    from page_sections.text import take

    _forget("draft")
    take(draft)
