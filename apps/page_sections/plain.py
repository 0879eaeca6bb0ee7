"""Untrusted text, shown unchanged: never read as HTML, Markdown or formulas.

Comes in: any text. Goes out: HTML with the text escaped, its direction marks isolated from the text around it.
"""

from __future__ import annotations

import html

import streamlit as st


def escaped(text: str) -> str:
    """Text for HTML."""
    return html.escape(text, quote=True)


def show(text: str, css_class: str = "qg-plain") -> None:
    """A paragraph of it."""
    st.html(f'<p class="{css_class}"><bdi>{escaped(text)}</bdi></p>')


def marked(before: str, answer: str, after: str) -> str:
    """A sentence with its answer marked."""
    return f"<bdi>{escaped(before)}<mark>{escaped(answer)}</mark>{escaped(after)}</bdi>"


def note(sentence: str, kind: str = "info", detail: str = "") -> None:
    """A coloured box with a sentence and a detail."""
    more = f'<div class="qg-detail"><bdi>{escaped(detail)}</bdi></div>' if detail else ""
    role = "alert" if kind == "error" else "status"
    st.html(f'<div class="qg-note qg-{escaped(kind)}" role="{role}"><bdi>{escaped(sentence)}</bdi>{more}</div>')
