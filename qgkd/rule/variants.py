"""Questions from a frame, best first.

Comes in: `Frame` and `AnswerType`. Goes out: distinct questions in Traditional characters.

A literal example: the frame of `1867年` in `1867年，林文海設計燈塔。` gives `林文海在哪一年設計燈塔？`,
`哪一年，林文海設計燈塔？` …
"""

from __future__ import annotations

from collections.abc import Iterator

from qgkd.answer import AnswerType
from qgkd.rule.clause_answers import ask_about_clause
from qgkd.rule.clauses import Frame
from qgkd.rule.cleaning import as_question
from qgkd.rule.composition import WINDOW_CHARS, Draft, compose, core_of, find_subject, strip_marks_around
from qgkd.rule.enumerated import answer_last
from qgkd.rule.moves import by_whom, clauses_reordered, other_words, time_in_front, time_inside, word_at_end
from qgkd.rule.question_words import question_word

_OTHER_WINDOWS_CHARS = (40, 8)
_SHORTEST_QUESTION_CHARS = 4


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
        if len(question) >= _SHORTEST_QUESTION_CHARS and question not in questions:
            questions.append(question)
    return questions or [_about_topic(frame)]


def first_variant(frame: Frame, answer_type: AnswerType, window_chars: int = WINDOW_CHARS) -> str:
    """The best question alone, without the work of writing the others."""
    for text in _texts(frame, answer_type, window_chars):
        question = as_question(text)
        if len(question) >= _SHORTEST_QUESTION_CHARS:
            return question
    return _about_topic(frame)


def draft_of(frame: Frame, answer_type: AnswerType, window_chars: int) -> Draft:
    """The question with its word in the answer's place."""
    frame = answer_last(frame)
    left, right = strip_marks_around(frame)
    return compose(frame, core_of(frame, question_word(frame.answer, answer_type, left, right)), window_chars)


def _texts(frame: Frame, answer_type: AnswerType, window_chars: int) -> Iterator[str]:
    """Texts in order of preference; the empty string where a form does not fit."""
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
    """Where the answer is all its sentence says: ask about the topic."""
    subject = find_subject(frame)
    return f"關於{subject}，文中提到了什麼？" if subject else "文中提到了什麼？"
