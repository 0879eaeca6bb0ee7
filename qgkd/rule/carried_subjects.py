"""Find the subject that a clause without one takes over.

Comes in: `Frame`. Goes out: the subject's characters; empty where it is not surely the same.

A literal example: for 劉師培 in `黃帝紀元是一種曆法。最早由劉師培提出。` it is 黃帝紀元. In
`四大發明很有名。明清的小說以這四部最為著名，合稱「四大名著」。` the subject of 合稱 is the sentence's own, 明清的小說.
"""

from __future__ import annotations

import re

from qgkd.rule.clauses import Frame, clauses_of
from qgkd.rule.cleaning import without_leading_connective, without_parentheses
from qgkd.rule.referents import opens_unnamed, starts_predicate, with_noun
from qgkd.rule.subjects import lacks_subject, leading_subject, says_when

_WHEN = re.compile(r"哪一[年天]|哪個(?:年代|世紀|朝代)|什麼時候|幾[月日]")
_SUBJECT_WITH_VERB = re.compile(r"的[^，]+[是為有在]")
_MAX_SUBJECT_CHARS = 18
_NOUN_PHRASE = re.compile(r"的[^的，]+，$")


def readable(clause: str) -> str:
    """Replace `哪一年` and similar words by a year, which jieba does not split, before looking for the subject."""
    return _WHEN.sub("1990年", without_leading_connective(clause))


def find_subject(frame: Frame) -> str:
    """Find the sentence's subject in its earlier clauses, the sentence before it, or the passage's opening.

    The nearest clause that has a subject decides. If that subject cannot be extracted, the result is empty, because
    another clause's subject would be wrong.
    """
    for position in range(len(frame.earlier) - 1, -1, -1):
        clause = without_leading_connective(without_parentheses(frame.earlier[position]))
        following = frame.earlier[position + 1] if position + 1 < len(frame.earlier) else frame.left
        if following.startswith("是") and _NOUN_PHRASE.search(clause) and not clause.startswith("是"):
            return _unless_answer(frame, clause[:-1]) if len(clause) <= _MAX_SUBJECT_CHARS else ""
        if opens_unnamed(clause):
            named = with_noun(clause, frame.sentences_before)
            return _unless_answer(frame, _whole_subject(named)) if named != clause else _pronoun_of(clause)
        if says_when(clause) or (lacks_subject(readable(clause)) and not _SUBJECT_WITH_VERB.search(clause)):
            continue
        return _unless_answer(frame, _whole_subject(clause))
    return _unless_answer(frame, _carried_subject(frame))


def _carried_subject(frame: Frame) -> str:
    """The subject of the sentence before, where that one has no other; past sentences that have none, the opening's."""
    previous = [without_parentheses(one) for one in clauses_of(frame.previous_sentence) if not says_when(one)]
    if not previous:
        return ""
    first = without_leading_connective(previous[0])
    if opens_unnamed(first):
        named = with_noun(first, frame.sentences_before[1:])
        return _whole_subject(named) if named != first else ""
    subject = _whole_subject(first)
    others = {leading_subject(clause) for clause in previous[1:] if not lacks_subject(readable(clause))}
    if subject and others <= {"", subject}:
        return subject
    return _whole_subject(frame.opening + "是") if lacks_subject(readable(first)) else ""


def _pronoun_of(clause: str) -> str:
    return clause[0] if clause[0] in "他她它牠" else ""


def _whole_subject(clause: str) -> str:
    """The clause's subject if its predicate surely begins behind it, so that no name is cut."""
    subject = leading_subject(clause)
    return subject if subject and starts_predicate(clause[len(subject) :]) else ""


def _unless_answer(frame: Frame, subject: str) -> str:
    return "" if frame.answer in subject or subject in frame.answer else subject
