"""How well the sentence around a candidate lends itself to a question: costs set by hand, from reading quizzes.

Comes in: a sentence and a span of it. Goes out: what the place costs the candidate in `qgkd.answers.propose`.

A literal example: in `它在南投縣和嘉義縣的交界處。` 南投縣 costs 2.2: 1.5 for a member of an enumeration, 0.7 for a
sentence about something that only the sentence before names.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qgkd.answer import AnswerType
from qgkd.answers.candidates import Candidate, Source
from qgkd.answers.heads import find_head
from qgkd.text.enumerations import Range, enumerations_in, members_of
from qgkd.text.foreign_names import is_spelt
from qgkd.text.script import to_traditional_aligned
from qgkd.text.word_lists import either, words_of
from qgkd.text.words import is_listed, tag_words

HOPELESS_COST = 10.0
"""What no question comes of: a heading, a table's row, a link; such answers are taken last."""
_MEMBER_COST = 1.5
_PRONOUN_COST = 0.7
_SUBJECTLESS_COST = 1.2
_PLAIN_NOUN_COST = 0.5
_GUESSED_WORD_COST = 1.0
_ASIDE_COST = 2.0
_OWNED_NOUN_COST = 0.7
_MODIFIER_COST = 0.7
_NAMELESS_LIST_COST = 1.0
_DOUBTFUL_NAME_COST = 2.0

_SENTENCE_MARK = re.compile(r"[。！？!?…；.][」』”’）)\]】》〉\s]*$|[。！？!?…](?:\[\d+\])+\s*$")
_NO_PROSE = re.compile(r"\||©|https?:|www\.|^\s*(?:[•·▪■*#^>]|\d+[.、]\s*\^?)|\^|@")
_SINCE_NAMED = re.compile(rf"(?:[^，]{{0,12}}，)?(?:{either('no subjects')}|其中|同年|同時|當時|当时)")
_TIME_PREPOSITIONS = ("在", "於", "于", "自", "從", "从", "到", "至")
_BRACKETS = {"（": "）", "(": ")", "[": "]", "【": "】"}


def setting_cost(sentence: str, candidate: Candidate, answer_type: AnswerType) -> float:
    """Add up what speaks against asking about a span where it stands.

    Args:
        sentence: The span's sentence.
        candidate: The span.
        answer_type: Its type.

    Returns:
        0.0 for a clean setting; subtract it from the score.
    """
    span = (candidate.start_char, candidate.end_char)
    cost = 0.0 if _is_prose(sentence) else HOPELESS_COST
    if _is_member(sentence, span):
        cost += _MEMBER_COST
    if _SINCE_NAMED.match(sentence) is not None:
        cost += _PRONOUN_COST
    elif _is_subjectless(sentence):
        cost += _SUBJECTLESS_COST
    if _is_in_brackets(sentence, candidate.start_char):
        cost += _ASIDE_COST
    if sentence[: candidate.start_char].endswith("等"):
        cost += _MEMBER_COST
    if candidate.source in (Source.NOUN, Source.COMPOUND) and sentence[: candidate.start_char].endswith(("的", "之")):
        cost += _OWNED_NOUN_COST
    if _is_modifier(sentence, candidate) or _counts_nothing(sentence, candidate, answer_type):
        cost += _MODIFIER_COST
    return cost + _cost_of_kind(sentence, candidate, answer_type)


def _cost_of_kind(sentence: str, candidate: Candidate, answer_type: AnswerType) -> float:
    """What speaks against the span itself: cut wrongly, guessed, or without a class to ask for."""
    text = sentence[candidate.start_char : candidate.end_char]
    cost = 0.0
    if candidate.source in (Source.NOUN, Source.COMPOUND) and answer_type is AnswerType.TERM:
        cost += _PLAIN_NOUN_COST
    if _has_guessed_word(sentence, candidate) and find_head(to_traditional_aligned(text)) is None:
        cost += _GUESSED_WORD_COST
    if candidate.source in (Source.COMPOUND, Source.ENUMERATION) and answer_type is AnswerType.CLAUSE:
        cost += HOPELESS_COST  # nouns in a row are no clause
    if candidate.source is Source.ENUMERATION and answer_type is AnswerType.TERM and not _have_one_class(text):
        cost += _NAMELESS_LIST_COST
    if answer_type is AnswerType.PERSON and candidate.type is None and not _is_surely_a_name(text):
        cost += _DOUBTFUL_NAME_COST
    return cost


@lru_cache(maxsize=256)
def _is_prose(sentence: str) -> bool:
    """Whether it is a sentence with a verb, ended as one, and no line of a list, a table or a web page's frame."""
    if _NO_PROSE.search(sentence) or not _SENTENCE_MARK.search(sentence.rstrip()):
        return False
    return any(
        word.tag[:1] in ("v", "a", "i", "p") or word.text in ("是", "為", "为", "有") for word in tag_words(sentence)
    )


@lru_cache(maxsize=256)
def _is_subjectless(sentence: str) -> bool:
    """Whether the sentence comes to a verb before any noun, times apart."""
    for word in tag_words(sentence):
        if word.tag in ("t", "m", "mq", "q", "c", "f", "d", "ad", "x", "zg") or word.text in _TIME_PREPOSITIONS:
            continue
        return word.tag in ("v", "vd", "vg")
    return True


@lru_cache(maxsize=256)
def _enumerations(sentence: str) -> tuple[tuple[Range, ...], ...]:
    return tuple(enumerations_in(sentence))


def _is_member(sentence: str, span: Range) -> bool:
    """Whether the span is (part of) a member of an enumeration, not the whole."""
    return any(start <= span[0] and span[1] <= end for members in _enumerations(sentence) for start, end in members)


def _have_one_class(enumeration: str) -> bool:
    """Whether the members end in one class noun, which asks for them (`哪些峽谷`)."""
    heads = {find_head(to_traditional_aligned(member)) for member in members_of(enumeration)}
    return len(heads) == 1 and None not in heads


def _is_modifier(sentence: str, candidate: Candidate) -> bool:
    """Whether the span only begins a longer noun phrase (`長江|流域`), so that the rest gives it away."""
    if candidate.source is Source.FORM:
        return False
    following = (word for word in tag_words(sentence) if word.start_char == candidate.end_char)
    return any(word.tag in ("n", "nz", "nt", "vn", "an") for word in following)


def _has_guessed_word(sentence: str, candidate: Candidate) -> bool:
    """Whether a noun phrase holds a word that jieba's list lacks (`雪片向雲內`); names introduced as such may."""
    if candidate.source not in (Source.NAME, Source.COMPOUND, Source.ENUMERATION) or candidate.type is not None:
        return False
    inside = (word for word in tag_words(sentence) if candidate.start_char <= word.start_char < candidate.end_char)
    return any(len(word.text) > 1 and word.tag[:1] == "n" and not is_listed(word.text) for word in inside)


def _counts_nothing(sentence: str, candidate: Candidate, answer_type: AnswerType) -> bool:
    """Whether a number stands for what it counts (`其中34名為…`)."""
    return answer_type is AnswerType.NUMBER and sentence[candidate.end_char :].startswith(
        ("為", "为", "是", "由", "被")
    )


def _is_in_brackets(sentence: str, start_char: int) -> bool:
    before = sentence[:start_char]
    return any(before.count(opening) > before.count(closing) for opening, closing in _BRACKETS.items())


def _is_surely_a_name(text: str) -> bool:
    """Whether a word that jieba takes for a personal name looks like one: it guesses many."""
    head = find_head(to_traditional_aligned(text))
    if head is not None:
        return head.type is AnswerType.PERSON
    if len(text) == 3:
        return text[0] in words_of("surnames") or is_spelt(text)
    if len(text) > 3:
        last = tag_words(text)[-1].text
        return is_spelt(text) or (last != text and len(last) > 1 and _is_surely_a_name(last))
    return False
