"""How hard an item may be for a pupil who has read the passage, in a word, with the reasons.

Comes in: a `QuizItem` with its source sentence. Goes out: `Difficulty`, or None where a teacher wrote the item.

A literal example: "燈塔建於哪一年？" on "燈塔建於1867年，由林文海設計。" is easy: it is asked in the text's words.

Source: Kirsch & Mosenthal (1990), Reading Research Quarterly 25(1), for the first two features: how far the question's
words are from the text's, and how abstract the answer is. The others are the length of the sentence and whether the
answer is written or chosen.
Differs: the points are ours; no pupils were tested.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from qgkd.answer import AnswerType
from qgkd.question_forms.item import BLANK, QuestionForm, QuizItem
from qgkd.quiz.distinct import comparable, ngrams

_ASKING = re.compile(
    "(?:为|因)?(?:什么|甚么|何[年月日时地处人]?|啥)|哪[里儿些一个位年月日天条座本部种家所间项名]*|谁|多少|几|请问|下列|是否"
)
"""Words that ask, in Simplified characters: the passage has an answer in their place."""
_MOSTLY, _PARTLY = 0.75, 0.45
"""Shares of the question's bigrams that the source sentence has, from which on its words are the text's."""
_LONG_SENTENCE_CHARS = 60
_MEDIUM_FROM, _HARD_FROM = 2, 4


class Level(StrEnum):
    """Difficulty in a word."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Reason(StrEnum):
    """What makes an item easy or hard."""

    SAME_WORDS = "same_words"
    OTHER_WORDS = "other_words"
    CLAUSE = "clause"
    LONG_SENTENCE = "long_sentence"
    TO_WRITE = "to_write"


@dataclass(frozen=True, slots=True)
class Difficulty:
    """A level and its reasons, the weightiest first."""

    level: Level
    reasons: tuple[Reason, ...]


def difficulty_of(item: QuizItem) -> Difficulty | None:
    """Estimate an item's difficulty; None without a source sentence or a prompt."""
    share = _share_of_text(item.prompt, item.source_sentence)
    if share is None:
        return None
    points = {
        Reason.OTHER_WORDS: 0 if share >= _MOSTLY else 1 if share >= _PARTLY else 2,
        Reason.CLAUSE: 2 * (item.answer_type is AnswerType.CLAUSE),
        Reason.TO_WRITE: int(item.form in (QuestionForm.SHORT_ANSWER, QuestionForm.CLOZE)),
        Reason.LONG_SENTENCE: int(len(item.source_sentence) >= _LONG_SENTENCE_CHARS),
    }
    total = sum(points.values())
    level = Level.HARD if total >= _HARD_FROM else Level.MEDIUM if total >= _MEDIUM_FROM else Level.EASY
    named = [reason for reason in sorted(points, key=lambda each: -points[each]) if points[reason]]
    if level is Level.EASY and not points[Reason.OTHER_WORDS]:
        named = [Reason.SAME_WORDS]
    return Difficulty(level, tuple(named))


def _share_of_text(prompt: str, source: str) -> float | None:
    """Which share of the prompt's character bigrams the source sentence has, words that ask left out."""
    pieces = [piece for part in prompt.split(BLANK) for piece in _ASKING.split(comparable(part))]
    bigrams = {bigram for piece in pieces for bigram in ngrams(piece) if len(bigram) == 2}
    if not bigrams or not source:
        return None
    return len(bigrams & ngrams(comparable(source))) / len(bigrams)
