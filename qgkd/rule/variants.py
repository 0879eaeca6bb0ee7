"""Questions from a frame, best first.

Comes in: `Frame` and `AnswerType`. Goes out: distinct questions in Traditional characters.

A literal example: the frame of `林文海` in `燈塔由林文海設計。` gives `["燈塔由誰設計？", "誰設計燈塔…"]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qgkd.answer_types import AnswerType
from qgkd.rule.cleaning import as_question, without_parentheses
from qgkd.rule.clauses import Frame
from qgkd.rule.question_words import QuestionWord, question_word


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The answer's clause with the question word in its place."""

    left: str
    word: str
    right: str


def slot_of(frame: Frame, answer_type: AnswerType) -> Slot:
    """Put the question word in the answer's place."""
    left, right = frame.left, frame.right
    while left[-1:] in tuple("「『《〈“") and right[:1] in tuple("」』》〉”") and right:
        left, right = left[:-1], right[1:]
    left, right = without_parentheses(left), without_parentheses(right)
    word = question_word(frame.answer, answer_type, left, right)
    return Slot(
        left=left[: len(left) - word.absorbed_left_chars], word=word.text, right=right[word.absorbed_right_chars :]
    )


def window(frame: Frame, slot: Slot, max_chars: int) -> tuple[list[str], list[str]]:
    """Choose the neighbouring clauses to keep: those before first, then those after, while they fit."""
    room = max_chars - len(slot.left) - len(slot.word) - len(slot.right)
    earlier: list[str] = []
    for clause in reversed(frame.earlier):
        clause = without_parentheses(clause)
        if len(clause) > room or frame.answer in clause:
            break
        earlier.insert(0, clause)
        room -= len(clause)
    later: list[str] = []
    for clause in frame.later:
        clause = without_parentheses(clause)
        if len(clause) > room or frame.answer in clause:
            break
        later.append(clause)
        room -= len(clause)
    return earlier, later


def variants(frame: Frame, answer_type: AnswerType, max_chars: int = 30) -> list[str]:
    slot = slot_of(frame, answer_type)
    earlier, later = window(frame, slot, max_chars)
    return [as_question("".join(earlier) + slot.left + slot.word + slot.right + "".join(later))]
