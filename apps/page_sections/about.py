"""What the system that writes the questions can and cannot do, in the visitor's language."""

from __future__ import annotations

import streamlit as st

from page_sections import plain, visitor
from page_sections.visitor import say
from qgkd.page.models import RULE, ModelShelf, model_card


def show() -> None:
    """Draw it; a model's card, whose language is its author's, is folded."""
    shelf = visitor.service().models
    name = visitor.workspace().wish.model or shelf.offered[0]
    st.subheader(say("about.heading"), anchor=False)
    plain.show(say("about.in_use", name=say("model.rule") if name == RULE else ModelShelf.label(name)))
    st.markdown(say("about.rule" if name == RULE else "about.model"))
    if (card := model_card(name)) is not None:
        with st.expander(say("about.card")):
            # Untrusted Markdown could load pictures from the network: it is shown as plain text.
            st.html(f'<pre class="qg-card">{plain.escaped(card)}</pre>')
    st.markdown(say("about.always"))
