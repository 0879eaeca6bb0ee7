"""Third section: how many questions in which form, and the progress of the job."""

from __future__ import annotations

import dataclasses

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from page_sections import guard, plain, visitor
from page_sections.visitor import say
from qgkd.page.jobs import Job
from qgkd.page.models import ModelShelf
from qgkd.page.service import BusyError
from qgkd.page.workspace import MIXED
from qgkd.question_forms import QuestionForm
from qgkd.text.script import Script

_SHORT_JOB_SECONDS = 0.3
"""So long the click that starts a job waits for its end: the rule needs less for a page of text."""
_LOOK_SECONDS = 0.25
_FORMS = [*(form.value for form in QuestionForm), MIXED]
_SCRIPTS = (Script.NEUTRAL, Script.TRADITIONAL, Script.SIMPLIFIED)


def show() -> None:
    """Draw it."""
    st.subheader(say("order.heading"), anchor=False)
    wish = visitor.workspace().wish
    first, second, third = st.columns([1, 2, 2])
    most = visitor.service().settings.most_questions
    first.number_input(
        say("order.count"), 1, most, key=visitor.keep_widget("count", min(wish.count, most)),
        on_change=guard.on_click(_take_wish), args=("count",),
    )  # fmt: skip
    second.selectbox(
        say("order.form"), _FORMS, format_func=lambda form: say(f"form.{form}"),
        key=visitor.keep_widget("form", wish.form), on_change=guard.on_click(_take_wish), args=("form",),
    )  # fmt: skip
    third.selectbox(
        say("order.script"), [script.value for script in _SCRIPTS],
        format_func=lambda script: say(f"order.script_{script}"),
        key=visitor.keep_widget("script", wish.script), on_change=guard.on_click(_take_wish), args=("script",),
    )  # fmt: skip
    _show_advanced()
    with st.container(key="order-actions"):
        _show_job_or_button()


def _show_job_or_button() -> None:
    """Progress of the visitor's job, or the button that starts one."""
    job = visitor.service().jobs.of(visitor.token())
    if job is not None and not job.ended.is_set():
        _show_running(job)
        return
    if job is not None and job.ended_at > st.session_state.loaded_at:
        visitor.load()  # it ended while this run was drawing what was there before
    if job is not None and job.error is not None:
        plain.note(say("error.job"), "error", str(job.error))
    again = bool(visitor.workspace().entries)
    st.button(
        say("order.again" if again else "order.start"),
        key="start",
        type="primary",
        on_click=guard.on_click(_start),
        width="stretch",
    )


def _show_advanced() -> None:
    """Settings that few change."""
    shelf = visitor.service().models
    wish = visitor.workspace().wish
    with st.expander(say("order.advanced")):
        offered = list(dict.fromkeys((*shelf.offered, wish.model or shelf.offered[0])))
        st.selectbox(
            say("order.model"),
            offered,
            format_func=lambda name: say("model.rule") if name == "rule" else ModelShelf.label(name),
            key=visitor.keep_widget("model", wish.model or offered[0]),
            accept_new_options=shelf.any_model,
            help=say("order.model_help") if shelf.any_model else None,
            on_change=guard.on_click(_take_wish),
            args=("model",),
        )
        st.number_input(
            say("order.options"), 3, 6, key=visitor.keep_widget("options", wish.options),
            on_change=guard.on_click(_take_wish), args=("options",),
        )  # fmt: skip


def _take_wish(field: str) -> None:
    value = st.session_state[field]
    if value is not None:
        visitor.change(lambda now: dataclasses.replace(now, wish=dataclasses.replace(now.wish, **{field: value})))


def _start() -> None:
    visitor.change(lambda now: dataclasses.replace(now, messages=(), asks_to_append=False))
    try:
        job = visitor.service().write(visitor.token())
    except BusyError:
        visitor.tell("order.busy", "warning")
        return
    job.ended.wait(_SHORT_JOB_SECONDS)


def _show_running(job: Job) -> None:
    """Progress of a job; `follow` keeps it up to date."""
    stopping = job.stopped.is_set()
    # Above the progress, which comes a moment later: a button that moves while it is pressed is not clicked.
    st.button(
        say("order.stopping" if stopping else "order.stop"), key="stop", disabled=stopping, on_click=job.stopped.set
    )
    place = st.empty()
    st.session_state.followed = (job, place)
    _show_progress(job, place)


def follow() -> None:
    """Stay with a running job until it has ended, as the last thing that a run does; a click interrupts it.

    Browsers that ask again and again would cost more than the questions do: with twenty visitors, fifty runs a second.
    """
    job, place = st.session_state.pop("followed", (None, None))
    if job is None:
        return
    shown = ""
    while not job.ended.wait(_LOOK_SECONDS):
        shown = _show_progress(job, place, shown)
    st.rerun()


def _show_progress(job: Job, place: DeltaGenerator, shown: str = "") -> str:
    """Say how far a job is, unless that is shown already; the session is read, which lets a click interrupt the run."""
    before = visitor.service().turns.before(job.ticket)
    if not visitor.service().models.is_loaded(visitor.workspace().wish.model):
        progress = say("order.loading")
    elif before:
        progress = say("order.waiting", before=before)
    else:
        progress = say("order.progress", done=job.done, wanted=job.wanted)
    if progress != shown:
        place.progress(min(1.0, job.done / max(job.wanted, 1)), text=progress)
    return progress
