"""Write synthetic training questions with the rule, varied at random.

Comes in: a passage, a span and a random number generator. Goes out: one question.

A literal example: `synthetic_variants(context, 14, 17, Random(1))` may give `燈塔建於1867年，由哪一個人設計？`,
another seed `燈塔由誰設計？`.

The length of the quoted text varies, and in some questions clauses are reordered or the question word is moved, so that
a model trained on them does not learn a single pattern.
"""

from __future__ import annotations

from random import Random

from qgkd.answer import AnswerType
from qgkd.answers.classify import classify
from qgkd.rule.clauses import frame_answer
from qgkd.rule.cleaning import as_question
from qgkd.rule.composition import Draft
from qgkd.rule.moves import by_whom, clauses_reordered, other_words, time_in_front, time_inside, word_at_end
from qgkd.rule.variants import draft_of, first_variant, variants

_SHORTEST_WINDOW_CHARS, _LONGEST_WINDOW_CHARS = 10, 45
_MOVED_SHARE = 0.35
_OTHER_WORD_SHARE = 0.25


def synthetic_variants(
    context: str, start_char: int, end_char: int, rng: Random, *, answer_type: AnswerType | None = None
) -> str:
    """Write one question about a span of a passage in Traditional characters; one state of `rng` gives one question.

    About a third are reordered, and some others have another question word, if the sentence allows it.
    """
    answer_type = answer_type or classify(context, start_char, end_char)
    frame = frame_answer(context, start_char, end_char)
    window_chars = rng.randint(_SHORTEST_WINDOW_CHARS, _LONGEST_WINDOW_CHARS)
    if answer_type is AnswerType.CLAUSE:
        return variants(frame, answer_type, window_chars)[0]
    draft = draft_of(frame, answer_type, window_chars)
    choices: list[str] = []
    if rng.random() < _MOVED_SHARE:
        choices = _moved(draft, answer_type)
    elif rng.random() < _OTHER_WORD_SHARE:
        choices = list(other_words(draft))
    question = as_question(rng.choice(choices) if choices else draft.text())
    return question if len(question) > 3 else variants(frame, answer_type, window_chars)[0]


def rule_question(context: str, start_char: int, end_char: int, *, answer_type: AnswerType | None = None) -> str:
    """The rule's own question about a span of a passage in Traditional characters, without variation."""
    answer_type = answer_type or classify(context, start_char, end_char)
    return first_variant(frame_answer(context, start_char, end_char), answer_type)


def _moved(draft: Draft, answer_type: AnswerType) -> list[str]:
    texts = [by_whom(draft), word_at_end(draft), *clauses_reordered(draft)]
    if answer_type is AnswerType.DATE:
        texts += [time_inside(draft), time_in_front(draft)]
    return [text for text in texts if text]
