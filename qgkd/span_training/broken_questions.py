"""Breaks questions: afterwards their passage does not answer them.

Comes in: a question with its passage, other people's answers by type. Goes out: the broken question, or None.

A literal example: `誰在1867年設計了燈塔？` becomes `誰在1902年設計了燈塔？`, or, where the sentence with the answer has
no number, `多少在1867年設計了燈塔？`.

Source: Rajpurkar et al. 2018 (arXiv 1806.03822), section 3, where people wrote such questions: another entity, another
number, an impossible condition.
Differs: by rule, so some of them still have an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from qgkd.answer import AnswerType
from qgkd.answers.candidates import Source, candidates_in
from qgkd.answers.classify import classify, classify_in_sentence
from qgkd.reading.examples import QGExample
from qgkd.text.sentences import split_sentences

_QUESTION_WORDS: Mapping[AnswerType, re.Pattern[str]] = {
    AnswerType.PERSON: re.compile("是?誰|哪一?位|何人"),
    AnswerType.DATE: re.compile("在?(?:何時|哪一?年|什麼時[候間]|哪一?天|幾年)"),
    AnswerType.PLACE: re.compile("在?(?:哪裡|何處|哪兒|何地|什麼地方)"),
    AnswerType.NUMBER: re.compile("有?多少(?!時間)|幾[個位座次名種]"),
}
_WORD_FOR: Mapping[AnswerType, str] = {
    AnswerType.PERSON: "誰",
    AnswerType.DATE: "何時",
    AnswerType.PLACE: "哪裡",
    AnswerType.NUMBER: "多少",
}
_CHANGED_SOURCES = (Source.FORM, Source.NAME, Source.LATIN, Source.QUOTED, Source.COMPOUND)
_SAME_PASSAGE_SHARE = 0.3
_TRIES = 20


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """People's answers by type, to put other names and numbers into questions."""

    by_type: Mapping[AnswerType, Sequence[str]]

    @classmethod
    def of(cls, examples: Sequence[QGExample]) -> KnownAnswers:
        """Collect the answers of questions, each once."""
        found: dict[AnswerType, dict[str, None]] = {}
        for example in examples:
            kind = classify(example.context, example.answer_start_char, example.answer_end_char)
            found.setdefault(kind, {})[example.answer_text] = None
        return cls({kind: tuple(texts) for kind, texts in found.items()})


def broken_question(
    example: QGExample, known: KnownAnswers, of_passage: Sequence[QGExample], random: Random
) -> str | None:
    """Break a question in one way that is possible; None where none is.

    Args:
        example: The question.
        known: Answers of all passages.
        of_passage: The other questions of its passage.
        random: Chooses.
    """
    ways = [_with_another_name, _with_another_question_word]
    for way in random.sample(ways, len(ways)) if random.random() < 0.3 else ways:
        broken = way(example, known, of_passage, random)
        if broken is not None and broken != example.question:
            return broken
    return None


def _with_another_name(
    example: QGExample, known: KnownAnswers, of_passage: Sequence[QGExample], random: Random
) -> str | None:
    """Another of its kind for a name or a number that question and passage share."""
    question = example.question
    found = ((c.start_char, c.end_char) for c in candidates_in(question) if c.source in _CHANGED_SOURCES)
    shared = [(start, end) for start, end in found if question[start:end] in example.context]
    if not shared:
        return None
    start, end = random.choice(shared)
    text = question[start:end]
    kind = classify_in_sentence(question, start, end)
    if random.random() < _SAME_PASSAGE_SHARE:
        others = [other.answer_text for other in of_passage if _kind(other) is kind]
    else:
        others = [other for other in known.by_type.get(kind, ()) if other not in example.context]
    for _ in range(_TRIES if others else 0):
        other = random.choice(others)
        alike = kind not in (AnswerType.NUMBER, AnswerType.DATE) or other[-1] == text[-1]
        if alike and other not in question and other not in _sentence(example):
            return question[:start] + other + question[end:]
    return None


def _with_another_question_word(
    example: QGExample, known: KnownAnswers, of_passage: Sequence[QGExample], random: Random
) -> str | None:
    """A question word of a kind that the sentence with the answer does not have."""
    asked = next((kind for kind, words in _QUESTION_WORDS.items() if words.search(example.question)), None)
    if asked is None:
        return None
    sentence = _sentence(example)
    there = {classify_in_sentence(sentence, c.start_char, c.end_char) for c in candidates_in(sentence)}
    absent = [kind for kind in _WORD_FOR if kind is not asked and kind not in there]
    if not absent:
        return None
    return _QUESTION_WORDS[asked].sub(_WORD_FOR[random.choice(absent)], example.question, count=1)


def _kind(example: QGExample) -> AnswerType:
    return classify(example.context, example.answer_start_char, example.answer_end_char)


def _sentence(example: QGExample) -> str:
    """The sentence that holds the answer's first character."""
    return next(
        example.context[start:end]
        for start, end in split_sentences(example.context)
        if start <= example.answer_start_char < end
    )
