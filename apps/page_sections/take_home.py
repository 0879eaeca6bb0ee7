"""Last section: the quiz as a file."""

from __future__ import annotations

import dataclasses

import streamlit as st

from page_sections import plain, visitor
from page_sections.visitor import say
from qgkd.errors import UserError
from qgkd.exports.export import Export, Sheet
from qgkd.exports.file_names import safe_file_name
from qgkd.exports.formats import FORMATS, ExportFormat, export_quiz
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
        on_change=_take_title,
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
    title = workspace.title or say("home.untitled")
    try:
        export = _export(tuple(entry.item for entry in workspace.entries), title, chosen, sheet)
    except UserError as error:
        plain.note(say("home.cannot"), "warning", str(error))
        return
    _show_notices(export)
    name = title if sheet is Sheet.BOTH else f"{title} {say(f'sheet.{sheet.value}')}"
    st.download_button(
        say("home.download"),
        data=export.content,
        file_name=safe_file_name(name, chosen.suffix),
        mime=chosen.media_type,
        key="download",
        type="primary",
        on_click="ignore",
        width="stretch",
    )


def _export(items: tuple[QuizItem, ...], title: str, chosen: ExportFormat, sheet: Sheet) -> Export:
    """The file, cached until its quiz or options change."""
    wanted = (items, title, chosen, sheet)
    if st.session_state.get("exported_for") != wanted:
        st.session_state.exported = export_quiz(items, title, chosen, sheet=sheet)
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
