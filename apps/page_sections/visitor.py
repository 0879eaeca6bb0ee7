"""The visitor: language, token and workspace.

Comes in: the address (`?quiz=TOKEN&lang=en`). Goes out: the workspace, which is on the server's disk; the session holds
nothing that must survive it.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from qgkd.errors import UserError
from qgkd.page.service import PageService
from qgkd.page.settings import PageSettings
from qgkd.page.wording import say as say_in
from qgkd.page.workspace import EarlierText, Workspace
from qgkd.page.workspace_store import WorkspaceStore
from qgkd.question_forms import Language

_OF_ONE_QUIZ = ("typed", "part", "page", "refused_text", "draft", "last_quiz", "left_quiz")
"""What the session holds about the quiz on view."""


@st.cache_resource(show_spinner=False)
def service() -> PageService:
    """What all visitors share."""
    shared = PageService(PageSettings.from_environment())
    shared.warm_up()
    return shared


def begin() -> None:
    """Read the address: a token in it reopens its quiz."""
    asked = st.query_params.get("quiz", "")
    if "token" not in st.session_state:
        known = asked if WorkspaceStore.is_token(asked) else ""
        st.session_state.token = known or WorkspaceStore.new_token()
        st.session_state.came_with_token = bool(known)
    elif WorkspaceStore.is_token(asked) and asked != st.session_state.token:  # another link in the same tab
        st.session_state.token = asked
    st.session_state.pop("followed", None)  # the job that a run was following when a click interrupted it
    load()


def load() -> None:
    """Take the workspace from the disk."""
    st.session_state.loaded_at = time.monotonic()
    st.session_state.workspace = service().store.load(token())


def token() -> str:
    """The visitor's token."""
    return str(st.session_state.token)


def open_quiz(known_token: str) -> None:
    """Switch to another quiz of this visitor."""
    for name in _OF_ONE_QUIZ:
        st.session_state.pop(name, None)
    st.session_state.token = known_token
    st.query_params["quiz"] = known_token
    load()


def start_new_quiz(*, takes_text: bool = False) -> None:
    """Start an empty quiz with the old one's settings; the old one stays under its address, and is offered.

    Args:
        takes_text: Whether the new quiz has the present text, and the old one again the text before it.
    """
    old, old_token, new_token = workspace(), token(), WorkspaceStore.new_token()
    text = old.text if takes_text else ""
    store = service().store
    store.update(new_token, lambda now: dataclasses.replace(now.with_text(text, ""), wish=old.wish))
    if takes_text:
        before = old.earlier or EarlierText(title=old.title, text="")
        store.update(old_token, lambda then: then.with_text(before.text, before.title))
    open_quiz(new_token)
    st.session_state.left_quiz = old_token


def workspace() -> Workspace:
    """The visitor's workspace."""
    found: Workspace | None = st.session_state.workspace
    return found if found is not None else Workspace()


def change(how: Callable[[Workspace], Workspace]) -> None:
    """Change the workspace, on the disk first."""
    try:
        st.session_state.workspace = service().store.update(token(), how)
    except UserError as error:
        tell("error.not_kept", "error", detail=str(error))
        return
    if st.session_state.workspace != Workspace() and st.query_params.get("quiz") != token():
        st.query_params["quiz"] = token()


def language() -> Language:
    """The language of the page."""
    asked = st.query_params.get("lang", "")
    return Language(asked) if asked in set(Language) else Language.TRADITIONAL


def say(key: str, **values: str | int) -> str:
    """A sentence of the page."""
    return say_in(language(), key, **values)


def view() -> str:
    """`quiz` or `about`."""
    return "about" if st.query_params.get("view") == "about" else "quiz"


def tell(key: str, kind: str = "info", *, detail: str = "", **values: str | int) -> None:
    """Add a note for the top of the page when it is drawn next; `detail` is shown unchanged."""
    notes: list[dict[str, Any]] = st.session_state.setdefault("notes", [])
    notes.append({"key": key, "kind": kind, "detail": detail, "values": values})


def keep_widget(key: str, value: Any) -> str:
    """Make a widget show the workspace's value, without touching one that shows it already.

    A widget set on every run would overwrite what the visitor is typing in it.
    """
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    return key
