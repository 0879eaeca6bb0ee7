"""Second section: the answers, highlighted in the text."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import streamlit as st

from page_sections import answer_text, guard, plain, visitor
from page_sections.visitor import say
from qgkd.answer import AnswerSpan, AnswerType
from qgkd.page.chosen_answers import Choice, Span, clean_with_choice, occurrences, surroundings, trimmed
from qgkd.page.parts import Part, part_label, split_parts


def show() -> None:
    """Draw it."""
    st.subheader(say("answers.heading"), anchor=False)
    plain.show(say("answers.help"), "qg-caption")
    workspace = visitor.workspace()
    parts = split_parts(workspace.text)
    part = parts[_shown_part(parts)]
    cleaned = clean_with_choice(workspace.text, workspace.choice).part(part.start_char, part.end_char)
    spans = visitor.service().proposals.of(cleaned.text)
    if cleaned.nothing_to_ask is not None:
        plain.note(say(f"nothing.{cleaned.nothing_to_ask}"), "warning")
    _show_types(spans)
    answer_text.show(workspace, part, spans, on_toggle=guard.on_click(_toggle), on_add=guard.on_click(_add_selected))
    _show_typed()


def _shown_part(parts: list[Part]) -> int:
    """Which part of a long text is shown."""
    if len(parts) == 1:
        return 0
    text = visitor.workspace().text
    if st.session_state.get("part", 0) >= len(parts):
        st.session_state.part = 0
    return st.selectbox(
        say("answers.part"),
        range(len(parts)),
        format_func=lambda number: f"{number + 1} / {len(parts)}  {part_label(text, parts[number])}",
        key="part",
    )


def _show_types(spans: Sequence[AnswerSpan]) -> None:
    """Switches for the kinds of answer."""
    kinds = list(AnswerType)
    off = visitor.workspace().wish.types
    counts = {kind: sum(span.type is kind for span in spans) for kind in kinds}
    st.pills(
        say("answers.types"),
        kinds,
        selection_mode="multi",
        format_func=lambda kind: f"{say(f'type.{kind.value}')} {counts[kind]}",
        key=visitor.keep_widget("types", [kind for kind in kinds if kind.value not in off]),
        on_change=guard.on_click(_take_types),
    )


def _take_types() -> None:
    off = tuple(kind.value for kind in AnswerType if kind not in st.session_state.types)
    visitor.change(lambda now: dataclasses.replace(now, wish=dataclasses.replace(now.wish, types=off)))


def _toggle(span: Span) -> None:
    visitor.change(lambda now: dataclasses.replace(now, choice=now.choice.toggle(span)))


def _add_selected(span: Span) -> None:
    _add([span])


def _add(spans: list[Span]) -> None:
    """Add the teacher's own answers; none of them where one cannot be added."""
    workspace = visitor.workspace()
    choice: Choice = workspace.choice
    try:
        for span in spans:
            choice = choice.add(workspace.text, span)
    except ValueError as error:
        visitor.tell(f"answers.{error}", "warning")
        return
    visitor.change(lambda now: dataclasses.replace(now, choice=choice) if now.text == workspace.text else now)


def _show_typed() -> None:
    """An answer typed by hand, with every place of it in the text."""
    typed = st.text_input(say("answers.typed"), key="typed", placeholder=say("answers.typed_placeholder"))
    if not typed.strip():
        return
    text = visitor.workspace().text
    found = [span for place in occurrences(text, typed) if (span := trimmed(text, place)) is not None]
    added = set(visitor.workspace().choice.added)
    if not found:
        plain.note(say("answers.not_found"), "warning", typed)
        return
    if len(found) > 1:
        plain.show(say("answers.several", count=len(found)), "qg-caption")
    for number, span in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center"):
            label = say("answers.added" if span in added else "answers.add")
            add = guard.on_click(_add)
            st.button(label, key=f"add-{number}", on_click=add, args=([span],), disabled=span in added, width="content")
            before, answer, after = surroundings(text, span)
            st.html(f'<span class="qg-place">…{plain.marked(before, answer, after)}…</span>')
    if len(found) > 1 and not set(found) <= added:
        st.button(say("answers.add_all"), key="add-all", on_click=guard.on_click(_add), args=(found,))
