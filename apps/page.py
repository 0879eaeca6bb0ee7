"""The teacher's page: text in, questions out, edited, taken home.

Comes in: what `qgkd app` starts, with `PageSettings` in the environment. Goes out: the page in the browser. This file
draws the sections in order; what they do is in `qgkd.page`.

A literal example: `qgkd app`, or `streamlit run apps/page.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

if (folder := str(Path(__file__).resolve().parent)) not in sys.path:  # `streamlit run` adds it, AppTest does not
    sys.path.insert(0, folder)

from page_sections import about, answers, guard, keeper, order, questions, take_home, text, top, visitor

st.set_page_config(page_title="qgkd", page_icon=top.ICON, layout="wide", initial_sidebar_state="collapsed")
top.show_style()
if guard.draw(visitor.begin):
    guard.draw(top.show)
    if visitor.view() == "about":
        guard.draw(about.show)
    else:
        guard.draw(keeper.show)
        guard.draw(text.show)
        if visitor.workspace().text.strip():
            guard.draw(answers.show)
            guard.draw(order.show)
        guard.draw(questions.show)
        if visitor.workspace().entries:
            guard.draw(take_home.show)
        guard.draw(order.follow)
