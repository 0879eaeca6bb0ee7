"""How much of the sentence a question quotes.

Comes in: `Frame` and the question word. Goes out: `Draft`, the pieces of a question in order.

A literal example: for 林文海 in `燈塔建於1867年，由林文海設計。` the clause `由誰設計` lacks a subject, so the clause before
it is kept; were that too long, its subject alone would be: `燈塔由誰設計`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from qgkd.rule.cleaning import without_leading_connective, without_parentheses
from qgkd.rule.clauses import Frame, clauses_of
from qgkd.rule.question_words import QuestionWord
from qgkd.rule.subjects import lacks_subject, leading_subject
from qgkd.words import tag_words

# Chosen on the validation questions: the mean length of what people write is 22 characters.
WINDOW_CHARS = 26
_NEEDS_MAIN_CLAUSE = re.compile(
    r"(?:時|時候|後|之後|以後|之前|前|下|以來|期間|之際|的話|起|來看|而言|來說|為例|開始)[，,]?$|^(?:隨著|依據|根據|按照|依照|由於|因為|為了|作為|雖然|儘管|如果|若|除了|自從)"
)
_CLAUSE_STOP = re.compile(r"[；：;:][」』”]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A question before it is cleaned: `earlier + left + word + right + later`."""

    earlier: tuple[str, ...]
    left: str
    word: str
    right: str
    later: tuple[str, ...]

    def text(self) -> str:
        """The pieces joined."""
        return "".join((*self.earlier, self.left, self.word, self.right, *self.later))


def core_of(frame: Frame, word: QuestionWord) -> Draft:
    """The answer's own clause with the question word in the answer's place."""
    left, right = strip_marks_around(frame)
    return Draft(
        earlier=(),
        left=left[: len(left) - word.absorbed_left_chars],
        word=word.text,
        right=right[word.absorbed_right_chars :],
        later=(),
    )


def strip_marks_around(frame: Frame) -> tuple[str, str]:
    """The clause on either side of the answer, without asides and without the quotation marks around the answer."""
    left, right = frame.left, frame.right
    while left[-1:] in ("「", "『", "《", "〈", "“") and right[:1] in ("」", "』", "》", "〉", "”"):
        left, right = left[:-1], right[1:]
    return without_parentheses(left), without_parentheses(right)


def compose(frame: Frame, core: Draft, window_chars: int = WINDOW_CHARS) -> Draft:
    """Add neighbouring clauses, and a subject where there is none.

    Args:
        frame: The answer's surroundings.
        core: The answer's clause.
        window_chars: Neighbouring clauses are added while the whole is no longer than this.

    Returns:
        The draft. A clause that holds the answer's text is never added.
    """
    earlier = [without_parentheses(clause) for clause in frame.earlier]
    later = [without_parentheses(clause) for clause in frame.later]
    kept_later: list[str] = []
    if later and frame.answer not in later[0] and needs_main_clause(core):
        kept_later.append(later.pop(0))
    room = window_chars - len(core.text()) - sum(map(len, kept_later))
    needs_subject = bool(core.left) and lacks_subject(without_leading_connective(core.left + core.word))
    kept_earlier: list[str] = []

    def add(source: list[str], position: int, kept: list[str]) -> None:
        nonlocal room
        while source and len(source[position]) <= room and frame.answer not in source[position]:
            if position == 0 and _CLAUSE_STOP.search(kept[-1] if kept else core.right):
                break
            room -= len(source[position])
            kept.insert(0 if position else len(kept), source.pop(position))

    for source, position, kept in (
        ((earlier, -1, kept_earlier), (later, 0, kept_later))
        if needs_subject
        else ((later, 0, kept_later), (earlier, -1, kept_earlier))
    ):
        add(source, position, kept)
    return _with_subject(frame, replace(core, earlier=tuple(kept_earlier), later=tuple(kept_later)))


def needs_main_clause(core: Draft) -> bool:
    """Whether the answer's clause only sets the scene (`1867年，`, `當他到達誰家時，`)."""
    outside = core.left + "，" + core.right
    if not any(word.tag.startswith("v") or word.text in ("是", "為", "有") for word in tag_words(outside)):
        return True
    return _NEEDS_MAIN_CLAUSE.search(core.left + core.word + core.right) is not None


def _with_subject(frame: Frame, draft: Draft) -> Draft:
    """Put the sentence's subject before a draft that starts without one."""
    first = draft.earlier[0] if draft.earlier else draft.left + draft.word
    first = without_leading_connective(first)
    if not (draft.earlier or draft.left) or not lacks_subject(first):
        return draft
    subject = find_subject(frame)
    if not subject or subject in draft.text():
        return draft
    if draft.earlier:
        return replace(draft, earlier=(subject + first, *draft.earlier[1:]))
    return replace(draft, left=subject + without_leading_connective(draft.left))


def find_subject(frame: Frame) -> str:
    """Whom or what the sentence is about, from its first clauses, the sentence before it, or the passage's opening."""
    for clauses in (frame.earlier, clauses_of(frame.previous_sentence)[:3], (frame.opening + "是",)):
        for clause in clauses:
            subject = leading_subject(without_leading_connective(without_parentheses(clause)))
            if subject and frame.answer not in subject and subject not in frame.answer:
                return subject
    return ""
