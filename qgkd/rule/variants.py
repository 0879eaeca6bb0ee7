"""Write several questions about one answer, best first.

Comes in: `Frame` and `AnswerType`. Goes out: distinct questions in Traditional characters.

A literal example: the frame of `1867年` in `1867年，林文海設計燈塔。` gives `林文海在哪一年設計燈塔？`,
`哪一年，林文海設計燈塔？` …
"""

from __future__ import annotations

from collections.abc import Iterator

from qgkd.answer import AnswerType
from qgkd.rule.carried_subjects import find_subject
from qgkd.rule.clause_answers import ask_about_clause
from qgkd.rule.clauses import Frame
from qgkd.rule.cleaning import as_question
from qgkd.rule.composition import WINDOW_CHARS, Draft, compose, core_of, strip_marks_around
from qgkd.rule.doubtful import is_doubtful
from qgkd.rule.enumerated import answer_last
from qgkd.rule.moves import by_whom, clauses_reordered, other_words, time_in_front, time_inside, word_at_end
from qgkd.rule.question_words import question_word

_OTHER_WINDOWS_CHARS = (40, 8)
_MIN_QUESTION_CHARS = 4


def variants(frame: Frame, answer_type: AnswerType, window_chars: int = WINDOW_CHARS) -> list[str]:
    """Write distinct questions about the answer of a frame in Traditional characters, best first; never empty."""
    return list(dict.fromkeys(_questions(frame, answer_type, window_chars))) or [_about_topic(frame)]


def first_variant(frame: Frame, answer_type: AnswerType) -> str:
    """Write only the best question that is not doubtful, which is faster; the best one where all are."""
    first = ""
    for question in _questions(frame, answer_type, WINDOW_CHARS):
        if not is_doubtful(question, frame.answer):
            return question
        first = first or question
    return first or _about_topic(frame)


def draft_of(frame: Frame, answer_type: AnswerType, window_chars: int) -> Draft:
    """Compose the question with its question word in the answer's place."""
    frame = answer_last(frame)
    left, right = strip_marks_around(frame)
    return compose(frame, core_of(frame, question_word(frame.answer, answer_type, left, right)), window_chars)


def _questions(frame: Frame, answer_type: AnswerType, window_chars: int) -> Iterator[str]:
    questions = map(as_question, _texts(frame, answer_type, window_chars))
    return (question for question in questions if len(question) >= _MIN_QUESTION_CHARS)


def _texts(frame: Frame, answer_type: AnswerType, window_chars: int) -> Iterator[str]:
    """Yield uncleaned questions in order of preference; the empty string if a form does not fit."""
    if answer_type is AnswerType.CLAUSE:
        yield from ask_about_clause(frame)
    draft = draft_of(frame, answer_type, window_chars)
    if answer_type is AnswerType.DATE:
        yield time_inside(draft)
    yield by_whom(draft)
    yield draft.text()
    yield word_at_end(draft)
    if answer_type is AnswerType.DATE:
        yield time_in_front(draft)
    yield from (draft_of(frame, answer_type, chars).text() for chars in _OTHER_WINDOWS_CHARS)
    yield from other_words(draft)
    yield from clauses_reordered(draft)


def _about_topic(frame: Frame) -> str:
    """Ask about the topic if the sentence contains nothing but the answer."""
    subject = find_subject(frame)
    return f"關於{subject}，文中提到了什麼？" if subject else "文中提到了什麼？"
