"""Questions from a frame, best first.

Comes in: `Frame` and `AnswerType`. Goes out: distinct questions in Traditional characters.

A literal example: the frame of `1867年` in `1867年，林文海設計燈塔。` gives `林文海在哪一年設計燈塔？`, `哪一年，林文海設計燈塔？` …
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from qgkd.answer_types import AnswerType
from qgkd.rule.clause_answers import ask_about_clause
from qgkd.rule.cleaning import as_question, without_leading_connective
from qgkd.rule.clauses import Frame
from qgkd.rule.composition import WINDOW_CHARS, Draft, compose, core_of, find_subject, strip_marks_around
from qgkd.rule.question_words import question_word
from qgkd.rule.subjects import leading_subject

_TIME_BEFORE = re.compile(r"^(?:[在於]|早在|到了?|直到)?$")


def variants(frame: Frame, answer_type: AnswerType, window_chars: int = WINDOW_CHARS) -> list[str]:
    """Write distinct questions.

    Args:
        frame: The answer and the clauses around it, Traditional characters.
        answer_type: What kind of thing the answer is.
        window_chars: See `compose`.

    Returns:
        Questions, best first; never empty.
    """
    questions: list[str] = []
    for text in _texts(frame, answer_type, window_chars):
        question = as_question(text)
        if len(question) > 3 and question not in questions:
            questions.append(question)
    return questions or [_about_topic(frame)]


def _about_topic(frame: Frame) -> str:
    """Where the answer is all its sentence says: ask about the topic."""
    subject = find_subject(frame)
    return f"關於{subject}，文中提到了什麼？" if subject else "文中提到了什麼？"


def _texts(frame: Frame, answer_type: AnswerType, window_chars: int) -> Iterator[str]:
    left, right = strip_marks_around(frame)
    if answer_type is AnswerType.CLAUSE:
        yield from ask_about_clause(frame)
    core = core_of(frame, question_word(frame.answer, answer_type, left, right))
    draft = compose(frame, core, window_chars)
    if answer_type is AnswerType.DATE:
        yield from _time_inside(draft)
    yield draft.text()


def _time_inside(draft: Draft) -> Iterator[str]:
    """`哪一年，林文海設計燈塔` becomes `林文海在哪一年設計燈塔`."""
    if draft.earlier or not _TIME_BEFORE.match(without_leading_connective(draft.left)):
        return
    main = (draft.right + "".join(draft.later)).lstrip("，、")
    subject = leading_subject(main)
    if subject and main.startswith(subject) and not draft.right.startswith("的"):
        yield f"{subject}在{draft.word}{main[len(subject):]}"
