"""Last section: the quiz as a file."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import streamlit as st

from page_sections import guard, plain, visitor
from page_sections.visitor import say
from qgkd.errors import UserError
from qgkd.exports.clean import clean_quiz
from qgkd.exports.export import Export, ExportSettings, Sheet
from qgkd.exports.file_names import safe_file_name
from qgkd.exports.formats import FORMATS, MOST_POINTS, ExportFormat, check_installed, export_quiz
from qgkd.question_forms import QuizItem

_SHOWN_NOTICES = 8


def show() -> None:
    """Draw it."""
    st.subheader(say("home.heading"), anchor=False)
    workspace = visitor.workspace()
    st.text_input(
        say("home.title"),
        key=visitor.keep_widget("title", workspace.title),
        max_chars=200,
        placeholder=say("home.untitled"),
        on_change=guard.on_click(_take_title),
    )
    left, right = st.columns(2)
    chosen = left.selectbox(
        say("home.format"), FORMATS, format_func=lambda kind: say(f"format.{kind.name}"), key="format"
    )
    sheet = Sheet.BOTH
    if chosen.has_sheet:
        sheet = right.selectbox(
            say("home.sheet"), list(Sheet), format_func=lambda kind: say(f"sheet.{kind.value}"), key="sheet", index=2
        )
    settings = _settings(chosen, sheet, tuple(workspace.passages.values()))
    title = workspace.title or say("home.untitled")
    items = tuple(entry.item for entry in workspace.entries)
    write = functools.partial(export_quiz, items, title, chosen, settings=settings)
    content: bytes | Callable[[], bytes] = functools.partial(_content, write)
    try:
        if not _is_whole(items, title, chosen, settings):
            export = _made(write, (items, title, chosen, settings))
            _show_notices(export)
            content = export.content
    except UserError as error:
        plain.note(say("home.cannot"), "warning", str(error))
        return
    name = title if sheet is Sheet.BOTH else f"{title} {say(f'sheet.{sheet.value}')}"
    st.download_button(
        say("home.download"),
        data=content,
        file_name=safe_file_name(name, chosen.suffix),
        mime=chosen.media_type,
        key="download",
        type="primary",
        on_click="ignore",
        width="stretch",
    )


def _settings(chosen: ExportFormat, sheet: Sheet, passages: tuple[str, ...]) -> ExportSettings:
    """What the teacher chooses beside the format; only what the format has a place for is offered."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        points = st.number_input(
            say("home.points"), min_value=1, max_value=MOST_POINTS, value=None, step=1, key="points", width=150
        )
        two = chosen.has_sheet and st.checkbox(say("home.versions"), key="versions")
        with_passage = (
            chosen.has_passages and bool(passages) and st.checkbox(say("home.with_passage"), key="with_passage")
        )
    return ExportSettings(
        sheet=sheet, passages=passages if with_passage else (), points=points, versions=2 if two else 1
    )


def _is_whole(items: tuple[QuizItem, ...], title: str, chosen: ExportFormat, settings: ExportSettings) -> bool:
    """Whether a file is known to hold everything before it is made: what is printed is cleaned and not shortened.

    Such a file is made when it is wanted. A Word file takes a tenth of a second, at every change of every visitor.

    Raises:
        UserError: The format's library is not installed.
    """
    if not chosen.has_sheet:
        return False
    check_installed(chosen)
    cleaned = clean_quiz(items, title, None, settings)
    return bool(cleaned.items) and not cleaned.notices


def _content(write: Callable[[], Export]) -> bytes:
    return write().content


def _made(write: Callable[[], Export], wanted: tuple[Any, ...]) -> Export:
    """The file, cached until its quiz or options change."""
    if st.session_state.get("exported_for") != wanted:
        st.session_state.exported = write()
        st.session_state.exported_for = wanted
    made: Export = st.session_state.exported
    return made


def _show_notices(export: Export) -> None:
    """Notices about what the file leaves out or shortens."""
    sentences = export.sentences(visitor.language())
    for sentence in sentences[:_SHOWN_NOTICES]:
        plain.note(sentence, "warning")
    if len(sentences) > _SHOWN_NOTICES:
        plain.note(say("home.more_notices", count=len(sentences) - _SHOWN_NOTICES), "warning")


def _take_title() -> None:
    title = st.session_state.title.replace("\x00", "").strip()
    visitor.change(lambda now: dataclasses.replace(now, title=title))
