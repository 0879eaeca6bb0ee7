"""From a visitor's workspace to what the writer is asked for, and from what it wrote back to the workspace.

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

from qgkd.answers.classify import classify
from qgkd.answers.types import AnswerSpan
from qgkd.page.chosen_answers import Span, wanted_proposals
from qgkd.page.parts import Part, split_parts
from qgkd.page.proposals import Proposals
from qgkd.page.question_list import add_items
from qgkd.page.turns import StoppedError
from qgkd.page.workspace import MIXED, Workspace
from qgkd.page.writing import PassageOrder, Written, WrittenQuestion
from qgkd.question_forms import Notice, Passage, QuestionForm, QuizItem, build_items
from qgkd.text.script import Script, to_simplified_aligned, to_traditional_aligned


def passage_of(context: str) -> Passage:
    """A passage named by what stands in it, so that the same text always has the same name."""
    return Passage(hashlib.sha256(context.encode()).hexdigest()[:12], context)


def passage_orders(workspace: Workspace, proposals: Proposals, stopped: threading.Event) -> list[PassageOrder]:
    """The parts of the text that are wanted, in the script that is wanted, with their answers.

    Args:
        workspace: The visitor's.
        proposals: Finds the spans to choose from.
        stopped: Ends the search for them; the writer then gets a `StoppedError`.
    """
    orders = []
    for number, part in enumerate(split_parts(workspace.text)):
        if number in workspace.parts_left_out:
            continue
        context = _in_script(workspace.text[part.start_char : part.end_char], workspace.wish.script)
        spans = [span for span in workspace.choice.added if _within(span, part)]
        added = tuple(_answer(context, part, span) for span in sorted(spans))
        propose = functools.partial(_propose, workspace, part, context, proposals, stopped)
        orders.append(PassageOrder(passage=passage_of(context), added=added, propose=propose))
    return orders


def _within(span: Span, part: Part) -> bool:
    return part.start_char <= span.start_char and span.end_char <= part.end_char


def _answer(context: str, part: Part, span: Span) -> AnswerSpan:
    """A teacher's own answer, its offsets counted in its part."""
    start_char, end_char = span.start_char - part.start_char, span.end_char - part.start_char
    kind = classify(context, start_char, end_char)
    return AnswerSpan(text=context[start_char:end_char], start_char=start_char, end_char=end_char, type=kind)


def _propose(
    workspace: Workspace, part: Part, context: str, proposals: Proposals, stopped: threading.Event
) -> list[AnswerSpan]:
    """The proposed answers of a part that are still on, in the script wanted; offsets count in the part."""
    if stopped.is_set():
        raise StoppedError
    text = workspace.text[part.start_char : part.end_char]
    on = wanted_proposals(part_proposals(proposals, workspace, part), workspace.choice)
    spans = [_moved(span, -part.start_char) for span in on if span.type.value not in workspace.wish.types]
    return spans if text == context else [_spelt(span, context) for span in spans]


def part_proposals(proposals: Proposals, workspace: Workspace, part: Part) -> list[AnswerSpan]:
    """The spans proposed in a part, their offsets counted in the whole text."""
    found = proposals.of(workspace.text[part.start_char : part.end_char])
    return [_moved(span, part.start_char) for span in found]


def _moved(span: AnswerSpan, chars: int) -> AnswerSpan:
    return AnswerSpan(
        text=span.text,
        start_char=span.start_char + chars,
        end_char=span.end_char + chars,
        type=span.type,
        score=span.score,
    )


def _spelt(span: AnswerSpan, context: str) -> AnswerSpan:
    text = context[span.start_char : span.end_char]
    return AnswerSpan(text=text, start_char=span.start_char, end_char=span.end_char, type=span.type, score=span.score)


def _in_script(text: str, script: str) -> str:
    if script == Script.TRADITIONAL:
        return to_traditional_aligned(text)
    return to_simplified_aligned(text) if script == Script.SIMPLIFIED else text


def with_written(workspace: Workspace, written: Written, wish_form: str, options: int) -> Workspace:
    """Put what was written at the end of the list, each question in the form wanted, and say what fell short."""
    forms = list(QuestionForm) if wish_form == MIXED else [QuestionForm(wish_form)]
    items: list[QuizItem] = []
    told: list[dict[str, Any]] = []
    numbered = enumerate(written.questions)
    for (passage, form), group in itertools.groupby(numbered, lambda pair: _kind(pair, forms)):
        questions = [found.question for _, found in group]
        built = build_items(questions, passage, form, options=options, seed=len(items))
        told += [notice_json(notice, len(workspace.entries) + len(items)) for notice in built.notices]
        items += built.items
    passages = {found.passage.passage_id: found.passage.context for found in written.questions}
    told = [*_shortfall(written), *told]
    changed = add_items(workspace, items, passages)
    return _with_told(changed, told)


def _kind(pair: tuple[int, WrittenQuestion], forms: Sequence[QuestionForm]) -> tuple[Passage, QuestionForm]:
    number, found = pair
    return found.passage, forms[number % len(forms)]


def _with_told(workspace: Workspace, told: Sequence[dict[str, Any]]) -> Workspace:
    return dataclasses.replace(workspace, told=tuple(told))


def notice_json(notice: Notice, before: int) -> dict[str, Any]:
    """A notice as plain values, its item's number counted in the whole list."""
    values = dict(notice.values)
    if isinstance(values.get("number"), int):
        values["number"] = int(values["number"]) + before
    return {"notice": notice.code, "values": values}


def _shortfall(written: Written) -> list[dict[str, Any]]:
    """Why there are fewer than wanted, as keys of sentences."""
    told: list[dict[str, Any]] = []
    found = len(written.questions)
    values = {"found": found, "wanted": written.wanted}
    if written.stopped:
        told.append({"key": "told.stopped", "values": values})
    elif found < written.wanted:
        key = "told.used_up" if written.tried_answers or found else "told.no_answers"
        told.append({"key": key, "values": values})
    told += [{"key": "told.refused", "values": {"answer": answer}} for answer in written.refused]
    return told
