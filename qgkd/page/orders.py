"""Turns a visitor's request into quiz orders, and adds the written questions to the visitor's list.

Comes in: `Workspace`. Goes out: `PassageOrder`s; with `Written`, the `Workspace` that holds the new items.

A literal example: a text of 3,000 characters of which the teacher left out the second half gives one order; the three
questions written for it become three entries at the end of the list.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import threading
from collections.abc import Sequence
from typing import Any

from qgkd.answer import AnswerSpan
from qgkd.page.chosen_answers import Span, clean_with_choice, is_switched_on, place_of
from qgkd.page.parts import split_parts
from qgkd.page.proposals import Proposals
from qgkd.page.question_list import add_items
from qgkd.page.turns import StoppedError
from qgkd.page.workspace import MIXED, Workspace
from qgkd.page.writing import PassageOrder, Written, WrittenQuestion
from qgkd.question_forms import Notice, Passage, QuestionForm, QuizItem, build_items
from qgkd.quiz.outcome import ShortfallCode
from qgkd.text.cleaning.clean_text import CleanText
from qgkd.text.script import Script, to_simplified_aligned, to_traditional_aligned

_SHORTFALLS = {ShortfallCode.USED_UP: "message.used_up", ShortfallCode.NO_ANSWERS: "message.no_answers"}


def passage_orders(workspace: Workspace, proposals: Proposals, stopped: threading.Event) -> list[PassageOrder]:
    """The parts of the text that are wanted, in the script that is wanted, with their answers.

    Setting `stopped` ends the search for answers; the writer then gets a `StoppedError`.
    """
    orders = []
    whole = clean_with_choice(workspace.text, workspace.choice)
    for number, part in enumerate(split_parts(workspace.text)):
        if number in workspace.parts_left_out:
            continue
        cleaned = whole.part(part.start_char, part.end_char)
        context = _in_script(cleaned.text, workspace.wish.script)
        added = sorted(span for span in workspace.choice.added if part.holds(span))
        orders.append(
            PassageOrder(
                passage=Passage(hashlib.sha256(context.encode()).hexdigest()[:12], context),
                added=tuple(_answer(context, cleaned, span) for span in added),
                propose=functools.partial(_propose, proposals, cleaned.text, context, stopped),
                is_wanted=functools.partial(_is_wanted, workspace, cleaned),
                nothing_to_ask=cleaned.nothing_to_ask,
            )
        )
    return orders


def _answer(context: str, cleaned: CleanText, span: Span) -> AnswerSpan:
    """A teacher's own answer, its offset counted in its cleaned part."""
    start_char, end_char = cleaned.clean_span(*span) or (0, 0)  # something of it is left, see `clean_with_choice`
    return AnswerSpan(text=context[start_char:end_char], start_char=start_char)


def _propose(proposals: Proposals, text: str, context: str, stopped: threading.Event) -> tuple[AnswerSpan, ...]:
    """The proposals of a part, in the script wanted."""
    if stopped.is_set():
        raise StoppedError
    return proposals.in_script(text, context)


def _is_wanted(workspace: Workspace, cleaned: CleanText, proposal: AnswerSpan) -> bool:
    """Whether a proposal of a part is switched on, itself and its kind."""
    return proposal.type not in workspace.wish.types and is_switched_on(place_of(proposal, cleaned), workspace.choice)


def _in_script(text: str, script: str) -> str:
    if script == Script.TRADITIONAL:
        return to_traditional_aligned(text)
    return to_simplified_aligned(text) if script == Script.SIMPLIFIED else text


def with_written(workspace: Workspace, written: Written, wish_form: str, options: int) -> Workspace:
    """Put the new questions at the end of the list, each in the form wanted, with messages on what fell short."""
    forms = list(QuestionForm) if wish_form == MIXED else [QuestionForm(wish_form)]
    items: list[QuizItem] = []
    messages = _outcome(written)
    numbered = enumerate(written.questions)
    for (passage, form), group in itertools.groupby(numbered, lambda pair: _passage_and_form(pair, forms)):
        questions = [found.question for _, found in group]
        built = build_items(questions, passage, form, options=options, seed=len(items))
        messages += [_notice(notice, len(workspace.entries) + len(items)) for notice in built.notices]
        items += built.items
    passages = {found.passage.passage_id: found.passage.context for found in written.questions}
    return dataclasses.replace(add_items(workspace, items, passages), messages=tuple(messages))


def _passage_and_form(pair: tuple[int, WrittenQuestion], forms: Sequence[QuestionForm]) -> tuple[Passage, QuestionForm]:
    number, found = pair
    return found.passage, forms[number % len(forms)]


def _notice(notice: Notice, before: int) -> dict[str, Any]:
    """A notice as plain values, its item's number counted in the whole list."""
    values = dict(notice.values)
    if notice.number is not None:
        values["number"] = notice.number + before
    return {"notice": notice.code, "values": values}


def _outcome(written: Written) -> list[dict[str, Any]]:
    """Why there are fewer questions than wanted, as keys and values of sentences in `qgkd.page.wording`."""
    messages: list[dict[str, Any]] = []
    values = {"found": len(written.questions), "wanted": written.wanted}
    if written.stopped:
        messages.append({"key": "message.stopped", "values": values})
    elif written.shortfall is not None and written.shortfall.code is ShortfallCode.NOTHING_TO_ASK:
        messages.append({"key": f"nothing.{written.shortfall.nothing_to_ask}", "values": {}})
    elif written.shortfall is not None:
        messages.append({"key": _SHORTFALLS[written.shortfall.code], "values": values})
    messages += [{"key": "message.refused", "values": {"answer": one.answer.text}} for one in written.refusals]
    return messages
