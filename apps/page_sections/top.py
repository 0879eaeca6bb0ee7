"""The head of the page: its name, the language, a link to what the system can do, and notes from the last action."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from page_sections import guard, plain, visitor
from page_sections.visitor import say
from qgkd.page.workspace import Workspace
from qgkd.question_forms import Language

_NAMES = {Language.TRADITIONAL: "繁體中文", Language.SIMPLIFIED: "简体中文", Language.ENGLISH: "English"}
ICON = str(Path(__file__).parent / "icon.png")
_STYLE = (Path(__file__).parent / "page.css").read_text("utf-8")


def show_style() -> None:
    """The style sheet; nothing is loaded from elsewhere."""
    st.html(f"<style>{_STYLE}</style>")


def show() -> None:
    """Draw it."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="top"):
        st.html(f"<h1>{plain.escaped(say('top.title'))}</h1>")
        with st.container(horizontal=True, width="content", vertical_alignment="center", key="top-right"):
            about = visitor.view() == "about"
            if not about and visitor.workspace() != Workspace():
                start = guard.on_click(visitor.start_new_quiz)
                st.button(say("top.new_quiz"), on_click=start, key="new_quiz", type="tertiary")
            st.button(say("top.back" if about else "top.about"), on_click=_switch_view, key="view", type="tertiary")
            st.selectbox(
                say("top.language"),
                list(_NAMES),
                format_func=_NAMES.__getitem__,
                key=visitor.keep_widget("language", visitor.language()),
                on_change=_switch_language,
                label_visibility="collapsed",
                width=130,
            )
    if visitor.view() == "quiz":
        plain.show(say("top.intro"), "qg-intro")
    for note in st.session_state.pop("notes", []):
        plain.note(say(note["key"], **note["values"]), note["kind"], note["detail"])


def _switch_language() -> None:
    st.query_params["lang"] = st.session_state.language.value


def _switch_view() -> None:
    if visitor.view() == "about":
        st.query_params.pop("view", None)
    else:
        st.query_params["view"] = "about"
