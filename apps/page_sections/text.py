"""First section: the text, pasted or from a file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import streamlit as st

from page_sections import guard, plain, visitor
from page_sections.visitor import say
from qgkd.documents import SUFFIXES, DocumentError
from qgkd.documents.read import clean_text
from qgkd.errors import UserError
from qgkd.page.parts import part_label, split_parts
from qgkd.page.question_list import add_items
from qgkd.page.saved_quiz import open_saved_quiz, showable_title
from qgkd.text.script import detect_script

_SAMPLE = Path(__file__).resolve().parents[2] / "data" / "passages" / "yushan.txt"


def show() -> None:
    """Draw it."""
    st.subheader(say("text.heading"), anchor=False)
    workspace = visitor.workspace()
    st.text_area(
        say("text.box"),
        key=visitor.keep_widget("text_box", st.session_state.get("refused_text", workspace.text)),
        height=220,
        placeholder=say("text.placeholder"),
        on_change=guard.on_click(_take_box),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="text-actions"):
        st.button(say("text.use"), key="use_text", on_click=guard.on_click(_take_box), type="secondary")
        if not workspace.text and _SAMPLE.is_file():
            st.button(say("text.sample"), key="sample", on_click=guard.on_click(_take_sample))
        if workspace.earlier is not None:
            st.button(say("text.earlier"), key="earlier", on_click=guard.on_click(_take_earlier))
    if workspace.asks_to_append:
        _ask_to_append(len(workspace.entries))
    with st.expander(say("text.files")):
        st.file_uploader(
            say("text.upload", formats=" ".join(SUFFIXES)),
            type=[suffix[1:] for suffix in SUFFIXES],
            key=f"upload-{st.session_state.get('uploads', 0)}",
            on_change=guard.on_click(_take_upload),
        )
        st.file_uploader(
            say("text.open_json"),
            type=["json"],
            key=f"quiz-upload-{st.session_state.get('uploads', 0)}",
            on_change=guard.on_click(_take_quiz),
        )
    if workspace.text.strip():
        _show_what_it_is()


def _ask_to_append(count: int) -> None:
    """Another text has come, and there are questions already."""
    plain.note(say("text.ask_to_append", count=count))
    with st.container(horizontal=True, key="append-actions"):
        append, start = guard.on_click(_append), guard.on_click(visitor.start_new_quiz)
        st.button(say("text.append"), key="append", on_click=append)
        st.button(say("text.new_quiz"), key="new_quiz_with_text", on_click=start, kwargs={"takes_text": True})


def _append() -> None:
    visitor.change(lambda now: dataclasses.replace(now, asks_to_append=False))


def _show_what_it_is() -> None:
    workspace = visitor.workspace()
    parts = split_parts(workspace.text)
    script = say(f"script.{detect_script(workspace.text).value}")
    plain.show(say("text.is", chars=f"{len(workspace.text):,}", script=script), "qg-caption")
    if len(parts) < 2:
        return
    numbers = list(range(len(parts)))
    st.multiselect(
        say("text.parts", parts=len(parts)),
        numbers,
        format_func=lambda number: f"{number + 1}. {part_label(workspace.text, parts[number])}",
        key=visitor.keep_widget("parts", [n for n in numbers if n not in workspace.parts_left_out]),
        on_change=guard.on_click(_take_parts),
        args=(len(parts),),
    )


def _take_parts(count: int) -> None:
    left_out = tuple(number for number in range(count) if number not in st.session_state.parts)
    visitor.change(lambda now: dataclasses.replace(now, parts_left_out=left_out))


def take(text: str, title: str = "") -> None:
    """Take a text, or leave it in the box with a note why not."""
    most = visitor.service().settings.max_chars
    if len(text) > most:
        st.session_state.refused_text = text
        visitor.tell("text.too_long", "error", found=f"{len(text):,}", limit=f"{most:,}")
        return
    st.session_state.pop("refused_text", None)
    visitor.change(lambda now: now.with_text(text, showable_title(title)))


def _take_box() -> None:
    typed = st.session_state.text_box
    cleaned = clean_text(typed)
    if cleaned != typed.strip() and "\x00" in typed:
        visitor.tell("text.cleaned")
    take(cleaned, "")


def _take_sample() -> None:
    take(_SAMPLE.read_text("utf-8").strip(), "")


def _take_earlier() -> None:
    earlier = visitor.workspace().earlier
    if earlier is not None:
        take(earlier.text, earlier.title)


def _take_upload() -> None:
    file = st.session_state[f"upload-{st.session_state.get('uploads', 0)}"]
    if file is None:
        return
    st.session_state.uploads = st.session_state.get("uploads", 0) + 1
    try:
        document = visitor.service().read(file.name, file.getvalue())
    except DocumentError as error:
        plain_sentence = error.sentence(visitor.language())
        visitor.tell("error.file", "error", detail=plain_sentence)
        return
    if document.empty_pages:
        visitor.tell("text.empty_pages", "warning", empty=document.empty_pages, pages=document.pages)
    if left_out := document.left_out_notice(visitor.language()):
        visitor.tell("text.left_out", "info", detail=left_out)
    take(document.text, document.title)


def _take_quiz() -> None:
    file = st.session_state[f"quiz-upload-{st.session_state.get('uploads', 0)}"]
    if file is None:
        return
    st.session_state.uploads = st.session_state.get("uploads", 0) + 1
    try:
        opened = open_saved_quiz(file.getvalue(), name=file.name)
    except UserError as error:
        visitor.tell("error.quiz_file", "error", detail=str(error))
        return
    title = opened.title
    visitor.change(lambda now: dataclasses.replace(add_items(now, opened.items, {}), title=now.title or title))
    if opened.mended_items:
        visitor.tell("text.mended", "warning", count=opened.mended_items)
    visitor.tell("text.opened", count=len(opened.items))
