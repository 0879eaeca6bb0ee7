"""What the system that writes the questions can and cannot do."""

from __future__ import annotations

import streamlit as st

from page_sections import plain, visitor
from page_sections.visitor import say
from qgkd.page.models import RULE, ModelShelf, model_card


def show() -> None:
    """Draw it: the rule's own text, or the card of the model in use."""
    shelf = visitor.service().models
    name = visitor.workspace().wish.model or shelf.offered[0]
    st.subheader(say("about.heading"), anchor=False)
    plain.show(say("about.in_use", name=say("model.rule") if name == RULE else ModelShelf.label(name)))
    if name == RULE:
        st.markdown(say("about.rule"))
    elif (card := model_card(name)) is not None:
        # Untrusted Markdown could load pictures from the network: it is shown as plain text.
        st.html(f'<pre class="qg-card">{plain.escaped(card)}</pre>')
    else:
        plain.show(say("about.no_card"))
    st.markdown(say("about.always"))
