"""The text with its answers highlighted, as a component: click one to drop it, select text to add it.

Comes in: a part of the text and the spans in it. Goes out: what was clicked or selected, in characters of the text.

The component puts text into the page as text nodes; nothing in it can be markup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from page_sections.visitor import say
from qgkd.answer import AnswerSpan, AnswerType
from qgkd.page.chosen_answers import Span
from qgkd.page.highlight import segments
from qgkd.page.parts import Part
from qgkd.page.workspace import Workspace

_JS = (Path(__file__).parent / "answer_text.js").read_text("utf-8")
_HTML = '<div class="qg-answer-text"></div>'


def show(
    workspace: Workspace,
    part: Part,
    spans: Sequence[AnswerSpan],
    *,
    on_toggle: Callable[[Span], None],
    on_add: Callable[[Span], None],
) -> None:
    """Draw it; the callbacks are called with spans of the whole text."""
    mount = st.components.v2.component("qgkd_answer_text", html=_HTML, js=_JS, isolate_styles=False)
    key = "answer_text"

    def on_change(name: str, call: Callable[[Span], None]) -> Callable[[], None]:
        def callback() -> None:
            span = _span(st.session_state[key].get(name), len(workspace.text))
            if span is not None:
                call(span)

        return callback

    mount(
        key=key,
        data={
            "segments": [segment.to_json() for segment in segments(workspace, part, spans)],
            "words": {
                "add": say("answers.add_selected"),
                "text": say("answers.text"),
                "added": say("answers.own"),
                **{kind.value: say(f"type.{kind.value}") for kind in AnswerType},
            },
        },
        on_toggle_change=on_change("toggle", on_toggle),
        on_add_change=on_change("add", on_add),
    )


def _span(value: Any, text_chars: int) -> Span | None:
    """A span sent by the browser; None unless it is a range of the text."""
    start_char, end_char = (value or {}).get("start"), (value or {}).get("end")
    if not (isinstance(start_char, int) and isinstance(end_char, int) and 0 <= start_char < end_char <= text_chars):
        return None
    return Span(start_char, end_char)
