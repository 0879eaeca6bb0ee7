"""Distractors: wrong options that a pupil who has not read the text might choose.

Comes in: a right answer with its type, the passage, and what the pupil is shown. Goes out: wrong options, best first.

A literal example: for 林文海 (person) in a passage that also names 陳大山, the first is 陳大山; the others come from a
list of well-known names that are written in the same way.

The passage's own names come first, then other numbers and dates (`qgkd.question_forms.plausible_numbers`), then a list
of our own (`qgkd.question_forms.kinds`). Never taken: the same thing in other words, what may be right as well, what
contains the answer or is contained in it, and what its length gives away.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from qgkd.answer import AnswerSpan, AnswerType
from qgkd.answers.classify import classify
from qgkd.answers.heads import HEADS
from qgkd.answers.people import people_in
from qgkd.question_forms.kinds import Kind, kind_of, others_of_kind
from qgkd.question_forms.near_quantities import same_shape, without_about
from qgkd.question_forms.passage import Passage
from qgkd.question_forms.plausible_numbers import plausible_numbers, quantity_of
from qgkd.quiz.distinct import comparable
from qgkd.text.enumerations import members_of
from qgkd.text.script import Script, detect_script, to_simplified, to_traditional_aligned
from qgkd.text.sentences import split_sentences

_IN_ONE_CLAUSE = frozenset({AnswerType.PLACE, AnswerType.ORGANISATION, AnswerType.TERM, AnswerType.WORK})
_COUNTED = frozenset({AnswerType.DATE, AnswerType.NUMBER})
_POOR_SCORE = -3.0
_LEAST_CHARS_OF_EVENT = 4
_EXAMPLES = re.compile("例如|比如|包括|像是|等(?:哪|什[麼么])")
_DOT = re.compile("[·‧・•．]")
_NO_PERSON = re.compile("什[麼么]")
"""A person asked for so has given a name to a thing: 命名為什麼."""
_MARKS = "《》〈〉"


@dataclass(frozen=True, slots=True, kw_only=True)
class RightAnswer:
    """The answer that distractors are wanted for."""

    text: str
    type: AnswerType
    shown: str
    """What the pupil reads: an option that occurs in it is useless."""
    is_one_of_several_options: bool = True
    """False for a statement, where the distractor replaces the answer and has to read like the passage."""
    script: Script = Script.NEUTRAL
    """Of the passage; that of the answer where neutral."""


def choose_distractors(
    answer: RightAnswer,
    passage: Passage | None,
    *,
    count: int,
    rng: random.Random,
    without: Collection[str] = (),
) -> tuple[str, ...]:
    """Choose wrong options.

    Args:
        answer: The right one.
        passage: Where it comes from; None leaves other numbers and our own list.
        count: How many are wanted.
        rng: Where the choice comes from; the same state gives the same options.
        without: Texts not to be chosen.

    Returns:
        At most `count`, best first, in the script of the answer.
    """
    taken: list[str] = []
    may_hold_several = answer.type in _COUNTED or bool(_members(answer))
    if may_hold_several and answer.type not in _COUNTED and _EXAMPLES.search(answer.shown):
        return ()  # others may be examples, too
    for candidate in _candidates(answer, passage, rng):
        if len(taken) == count:
            break
        if (
            candidate not in without
            and to_traditional_aligned(candidate) not in HEADS  # 島嶼 is no island
            and is_admissible(candidate, answer, taken)
            and not (passage is not None and _may_be_right_too(candidate, answer, passage))
            and (may_hold_several or not members_of(candidate))
            and not (passage is not None and _is_read_as_answer(candidate, answer, passage))
        ):
            taken.append(candidate)
    return tuple(taken)


def is_admissible(candidate: str, answer: RightAnswer, others: list[str]) -> bool:
    """Whether a text can stand beside the right answer and the wrong options taken so far.

    Returns:
        False where it contains one of them or is contained in one (letters and digits compared, in Simplified
        characters), has the same numbers, occurs in what the pupil reads, or is much longer or shorter than the answer.
    """
    key = comparable(candidate)
    if not key or "\n" in candidate or abs(len(candidate) - len(answer.text)) > _most_chars_apart(answer):
        return False
    if key in comparable(answer.shown):
        return False
    for other in (answer.text, *others):
        other_key = comparable(other)
        if key in other_key or other_key in key:
            return False
        if answer.type not in _COUNTED and _may_be_same_event(key, other_key):
            return False
        if answer.type in _COUNTED and quantity_of(candidate) and quantity_of(candidate) == quantity_of(other):
            return False
    return True


def _may_be_same_event(one: str, other: str) -> bool:
    """Whether two names differ in the first character only (清法戰爭, 中法戰爭): perhaps two names of one thing."""
    return len(one) == len(other) >= _LEAST_CHARS_OF_EVENT and one[1:] == other[1:] and one[-1] in "争战约变"


def _to_script(answer: RightAnswer) -> Callable[[str], str]:
    """The conversion for our own lists, which are in Traditional characters; the passage's words stay as they are."""
    script = answer.script if answer.script is not Script.NEUTRAL else detect_script(answer.text + answer.shown)
    return to_simplified if script is Script.SIMPLIFIED else str


def _most_chars_apart(answer: RightAnswer) -> int:
    return max(5 if answer.type is AnswerType.WORK else 2, len(answer.text) // 2)


def _candidates(answer: RightAnswer, passage: Passage | None, rng: random.Random) -> Iterator[str]:
    """Every text that may be tried, best first."""
    if members := _members(answer):
        yield from _with_a_member_changed(answer, members, passage, rng)
        return
    if answer.type in _COUNTED and quantity_of(answer.text):
        same_form = same_shape(answer.text, answer.type, passage.names if passage is not None else ())
        yield from rng.sample(same_form, len(same_form))
        yield from plausible_numbers(answer.text, answer.type, rng)
        return
    kind = kind_of(answer.text, answer.type)
    of_passage = _of_passage(answer, passage, kind)
    if answer.type is AnswerType.PERSON and kind.style == "spelt" and passage is not None:
        people = people_in(passage.context)
        # Of names spelt in characters jieba guesses persons and places alike.
        of_passage = [span for span in of_passage if span.text in people or _DOT.search(span.text)]
    same_kind = [span for span in of_passage if kind_of(span.text, span.type) == kind]
    if kind.noun is not None or answer.type is AnswerType.PERSON:
        yield from _nearest_in_length(same_kind, answer, rng)
    else:
        # The answer's kind is unknown: what ends like it comes first, and in a statement only that.
        # 1947年 beside 建中靖國元年 is seen to be wrong at once.
        alike = [
            span
            for span in same_kind
            if span.text[-1] == answer.text[-1] and (answer.type not in _COUNTED or not quantity_of(span.text))
        ]
        yield from _nearest_in_length(alike, answer, rng)
    # In a statement a person of another time is easily seen to be wrong; among options it is the best there is.
    if answer.is_one_of_several_options or kind.noun is not None or answer.type is not AnswerType.PERSON:
        others = others_of_kind(answer.text, answer.type, _said_of(answer, passage))
        yield from map(_to_script(answer), rng.sample(others, len(others)))
    # A term of no known kind beside a term of another: the options have nothing in common.
    is_vague = answer.type in (AnswerType.TERM, AnswerType.CLAUSE) or answer.type in _COUNTED
    is_vague = is_vague or (answer.type is AnswerType.PERSON and _NO_PERSON.search(answer.shown) is not None)
    if answer.is_one_of_several_options and not is_vague and not _asks_for_noun(answer, kind.noun):
        rest = [
            span
            for span in of_passage
            if kind_of(span.text, span.type).style == kind.style and span.score > _POOR_SCORE
        ]
        yield from _nearest_in_length(rest, answer, rng)


def _of_passage(answer: RightAnswer, passage: Passage | None, kind: Kind) -> list[AnswerSpan]:
    """The passage's spans of the answer's type, or its class noun."""
    if passage is None:
        return []
    return [
        _marked_alike(span, answer)
        for span in passage.names
        if not (answer.type is AnswerType.WORK and {span.text[:1], answer.text[:1]} == {"《", "〈"})
        if span.type is answer.type
        or (answer.type is not AnswerType.WORK and kind.noun is not None and kind_of(span.text, span.type) == kind)
    ]


def _may_be_right_too(candidate: str, answer: RightAnswer, passage: Passage) -> bool:
    """Whether the passage leaves a doubt; checked last, since it searches the passage."""
    if answer.type in _COUNTED:
        one, other = without_about(candidate)[1], without_about(answer.text)[1]
        return passage.may_be_right_too(one, other, in_one_clause=False)
    bare = candidate.strip(_MARKS) if answer.type is AnswerType.WORK else candidate
    return passage.may_be_right_too(bare, answer.text, in_one_clause=answer.type in _IN_ONE_CLAUSE)


def _is_read_as_answer(candidate: str, answer: RightAnswer, passage: Passage) -> bool:
    """Whether a reader accepts the candidate, too; a statement asks nothing. Last of all, as it runs a network."""
    return answer.is_one_of_several_options and passage.reader_accepts(answer.shown, candidate)


def _marked_alike(span: AnswerSpan, answer: RightAnswer) -> AnswerSpan:
    """A title of a work with its marks where the answer has them, and without where it has not."""
    if answer.type is not AnswerType.WORK:
        return span
    bare = span.text.strip(_MARKS)
    is_marked = answer.text[:1] in ("《", "〈")
    text = answer.text[0] + bare + answer.text[-1] if is_marked else bare
    return dataclasses.replace(span, text=text)


def _said_of(answer: RightAnswer, passage: Passage | None) -> str:
    """What the pupil reads, and the passage's sentence that first names the answer."""
    if passage is None:
        return answer.shown
    found = passage.context.find(answer.text)
    spans = (span for span in split_sentences(passage.context) if span[0] <= found < span[1])
    return answer.shown + "".join(passage.context[start:end] for start, end in spans)


def _asks_for_noun(answer: RightAnswer, noun: str | None) -> bool:
    """Whether what the pupil reads asks for a thing by its class (`哪一條河流`), and others do not fit."""
    return noun is not None and comparable(noun) in comparable(answer.shown)


def _nearest_in_length(spans: list[AnswerSpan], answer: RightAnswer, rng: random.Random) -> list[str]:
    """Those as long as the answer first; chance decides among equals."""
    nearest = sorted(spans, key=lambda span: (abs(len(span.text) - len(answer.text)), rng.random()))
    return [span.text for span in nearest]


def _members(answer: RightAnswer) -> tuple[str, ...]:
    return members_of(answer.text) if answer.type not in _COUNTED else ()


def _with_a_member_changed(
    answer: RightAnswer, members: tuple[str, ...], passage: Passage | None, rng: random.Random
) -> Iterator[str]:
    """For an enumeration: the same one with one member changed for another of its kind."""
    position_order = rng.sample(range(len(members)), len(members))
    choices = {}
    for position in position_order:
        member = RightAnswer(
            text=members[position],
            type=_type_of(members[position], answer.type),
            shown=answer.text,
            is_one_of_several_options=False,
            script=answer.script,
        )
        # 細小血管 for 毛細血管: of a member of no known kind another one may be right as well.
        is_vague = member.type is AnswerType.TERM and kind_of(member.text, member.type).noun is None
        choices[position] = () if is_vague else choose_distractors(member, passage, count=3, rng=rng)
    for turn in range(3):
        for position in position_order:
            if turn < len(choices[position]):
                yield answer.text.replace(members[position], choices[position][turn], 1)


def _type_of(text: str, otherwise: AnswerType) -> AnswerType:
    answer_type = classify(text, 0, len(text))
    return answer_type if answer_type in _COUNTED else otherwise
