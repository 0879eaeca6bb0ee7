"""Handle an answer that is one member of an enumeration, or the whole enumeration.

Comes in: `Frame` or an answer. Goes out: a frame with the answer as the last member; a question word for all members.

A literal example: the frame of 南投縣 in `它在南投縣、嘉義縣和高雄市的交界處。` becomes that of
`它在嘉義縣、高雄市和南投縣的交界處。`; the question word for all three is 哪些地方.
"""

from __future__ import annotations

import re
from dataclasses import replace

from qgkd.answer import AnswerType
from qgkd.answers.heads import find_head
from qgkd.rule.clauses import Frame
from qgkd.text.enumerations import enumerations_in, members_of
from qgkd.text.word_lists import words_of

_MAX_MOVED_MEMBERS = 4
_IN_ORDER = re.compile(r"(?:依序|依次|順序|先後|分別|從.*到|由.*到)[^，]{0,6}$")
_CLASS_NOUNS = {
    AnswerType.PERSON: "人",
    AnswerType.PLACE: "地方",
    AnswerType.ORGANISATION: "組織",
    AnswerType.WORK: "作品",
}


def answer_last(frame: Frame) -> Frame:
    """Move the answer behind the other members of its enumeration; unchanged if it is in none.

    `在哪一個縣、嘉義縣和高雄市` seems to ask for three places, `在嘉義縣、高雄市和哪一個縣` for one. All other members
    stay; a list in an order, or a long one, stays as it is.
    """
    clause = frame.left + frame.answer + frame.right
    answer_range = (len(frame.left), len(frame.left) + len(frame.answer))
    for members in enumerations_in(clause):
        is_in_order = _IN_ORDER.search(clause[: members[0][0]]) is not None
        if answer_range in members[:-1] and not is_in_order and len(members) <= _MAX_MOVED_MEMBERS + 1:
            others = [clause[start:end] for start, end in members if (start, end) != answer_range]
            joint = clause[members[-2][1] : members[-1][0]]
            left = clause[: members[0][0]] + "、".join(others) + joint
            return replace(frame, left=left, right=clause[members[-1][1] :])
    return frame


def which_ones(answer: str, answer_type: AnswerType) -> str:
    """The question word for a whole enumeration in Traditional characters; empty if the answer is not one."""
    if answer_type is AnswerType.WORK and "》" not in answer:
        return ""  # a part of one title
    members = members_of(answer)
    if any(len(member) == 1 and member in "一二三" for member in members):
        return ""  # 八田與一 is one person
    if not members or answer_type in (AnswerType.DATE, AnswerType.NUMBER, AnswerType.CLAUSE):
        return ""
    heads = [find_head(member.strip("《》「」")) for member in members]
    nouns = {head.noun if head is not None else "" for head in heads}
    if all(member in words_of("countries") for member in members):
        return "哪些國家"
    if all(member in words_of("cities") for member in members):
        return "哪些城市"
    if len(nouns) == 1 and "" not in nouns:
        return "哪些" + nouns.pop()
    return "哪些" + _CLASS_NOUNS[answer_type] if answer_type in _CLASS_NOUNS else "什麼"
