"""Lower the score of candidates whose sentence makes a bad question; the costs were set by hand.

Comes in: a sentence and a span of it. Goes out: a cost, which `qgkd.answers.propose` subtracts from the score.

A literal example: in `它在南投縣和嘉義縣的交界處。` 南投縣 costs 2.2: 1.5 for a member of an enumeration, 0.7 for a
sentence whose subject is a pronoun.
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

UNUSABLE_COST = 10.0
"""A heading, a table row or a link: such answers come last, below `qgkd.answers.spread.POOR_SCORE`."""
_MEMBER_COST = 1.5
_PRONOUN_COST = 0.7
_SUBJECTLESS_COST = 1.2
_PLAIN_NOUN_COST = 0.5
_GUESSED_WORD_COST = 1.0
_BRACKETS_COST = 2.0
_NOUN_AFTER_DE_COST = 0.7
_MODIFIER_COST = 0.7
_MIXED_LIST_COST = 1.0
_DOUBTFUL_NAME_COST = 2.0

_SENTENCE_MARK = re.compile(r"[。！？!?…；.][」』”’）)\]】》〉\s]*$|[。！？!?…](?:\[\d+\])+\s*$")
_LIST_OR_WEB_MARK = re.compile(r"\||©|https?:|www\.|^\s*(?:[•·▪■*#^>]|\d+[.、]\s*\^?)|\^|@")
_STARTS_WITH_PRONOUN = re.compile(rf"(?:[^，]{{0,12}}，)?(?:{either('no subjects')}|其中|同年|同時|當時|当时)")
_CLOSES_EARLIER = re.compile("[^「」]*」")
"""A quotation that began in the sentence before."""
_IN_SPEECH = re.compile(r"[：:說说道寫写][「“][^」”]*$")
_TIME_PREPOSITIONS = ("在", "於", "于", "自", "從", "从", "到", "至")
_BRACKETS = {"（": "）", "(": ")", "[": "]", "【": "】"}


def sentence_cost(sentence: str, candidate: Candidate, answer_type: AnswerType) -> float:
    """Add up the costs of asking about a span in this sentence; 0.0 where nothing makes the question harder."""
    span = (candidate.start_char, candidate.end_char)
    cost = 0.0 if is_prose(sentence) else UNUSABLE_COST
    if _is_member(sentence, span):
        cost += _MEMBER_COST
    if _STARTS_WITH_PRONOUN.match(sentence) is not None:
        cost += _PRONOUN_COST
    elif _is_subjectless(sentence):
        cost += _SUBJECTLESS_COST
    before = sentence[: candidate.start_char]
    if any(before.count(opening) > before.count(closing) for opening, closing in _BRACKETS.items()):
        cost += _BRACKETS_COST
    is_quoted_on = _CLOSES_EARLIER.match(sentence) is not None and "」" in sentence[candidate.end_char :]
    if _IN_SPEECH.search(before) or is_quoted_on:
        cost += UNUSABLE_COST  # what somebody said, a line of a poem
    if before.endswith("等"):
        cost += _MEMBER_COST
    if candidate.source in (Source.NOUN, Source.COMPOUND) and before.endswith(("的", "之")):
        cost += _NOUN_AFTER_DE_COST
    # A number may have no counted noun after it (`其中34名為…`).
    lacks_noun = answer_type is AnswerType.NUMBER and sentence[candidate.end_char :][:1] in tuple("為为是由被")
    if lacks_noun or _is_modifier(sentence, candidate):
        cost += _MODIFIER_COST
    return cost + _cost_of_span(sentence, candidate, answer_type)


def _cost_of_span(sentence: str, candidate: Candidate, answer_type: AnswerType) -> float:
    """The costs of the span itself: a wrong cut, a guessed word, or members without a common class noun."""
    text = sentence[candidate.start_char : candidate.end_char]
    cost = 0.0
    if candidate.source in (Source.NOUN, Source.COMPOUND) and answer_type is AnswerType.TERM:
        cost += _PLAIN_NOUN_COST
    if _has_guessed_word(sentence, candidate) and find_head(to_traditional_aligned(text)) is None:
        cost += _GUESSED_WORD_COST
    if candidate.source in (Source.COMPOUND, Source.ENUMERATION) and answer_type is AnswerType.CLAUSE:
        cost += UNUSABLE_COST  # several nouns in a row are not a clause
    if candidate.source is Source.ENUMERATION and answer_type is AnswerType.TERM and not _have_one_class(text):
        cost += _MIXED_LIST_COST
    if answer_type is AnswerType.PERSON and candidate.type is None and not _looks_like_a_name(text):
        cost += _DOUBTFUL_NAME_COST
    return cost


@lru_cache(maxsize=256)
def is_prose(sentence: str) -> bool:
    """Whether this is a complete sentence with a verb, not a line of a list, a table or a web page's navigation."""
    if _LIST_OR_WEB_MARK.search(sentence) or not _SENTENCE_MARK.search(sentence.rstrip()):
        return False
    return any(
        word.tag[:1] in ("v", "a", "i", "p") or word.text in ("是", "為", "为", "有") for word in tag_words(sentence)
    )


@lru_cache(maxsize=256)
def _is_subjectless(sentence: str) -> bool:
    """Whether the sentence has a verb before any noun; expressions of time do not count."""
    for word in tag_words(sentence):
        if word.tag in ("t", "m", "mq", "q", "c", "f", "d", "ad", "x", "zg") or word.text in _TIME_PREPOSITIONS:
            continue
        return word.tag in ("v", "vd", "vg")
    return True


@lru_cache(maxsize=256)
def _enumerations(sentence: str) -> tuple[tuple[Range, ...], ...]:
    return tuple(enumerations_in(sentence))


def _is_member(sentence: str, span: Range) -> bool:
    """Whether the span is (part of) one member of an enumeration, not the whole enumeration."""
    return any(start <= span[0] and span[1] <= end for members in _enumerations(sentence) for start, end in members)


def _have_one_class(enumeration: str) -> bool:
    """Whether all members end in the same class noun, which the question can use (`哪些峽谷`)."""
    heads = {find_head(to_traditional_aligned(member)) for member in members_of(enumeration)}
    return len(heads) == 1 and None not in heads


def _is_modifier(sentence: str, candidate: Candidate) -> bool:
    """Whether the span is the beginning of a longer noun phrase (`長江|流域`), whose rest would hint at the answer."""
    if candidate.source is Source.FORM:
        return False
    following = (word for word in tag_words(sentence) if word.start_char == candidate.end_char)
    return any(word.tag in ("n", "nz", "nt", "vn", "an") for word in following)


def _has_guessed_word(sentence: str, candidate: Candidate) -> bool:
    """Whether a noun phrase contains a word that jieba's list lacks (`雪片向雲內`); known names are allowed to."""
    if candidate.source not in (Source.NAME, Source.COMPOUND, Source.ENUMERATION) or candidate.type is not None:
        return False
    inside = (word for word in tag_words(sentence) if candidate.start_char <= word.start_char < candidate.end_char)
    return any(len(word.text) > 1 and word.tag[:1] == "n" and not is_listed(word.text) for word in inside)


def _looks_like_a_name(text: str) -> bool:
    """Whether a word that jieba tags as a personal name looks like one; many of these tags are guesses."""
    head = find_head(to_traditional_aligned(text))
    if head is not None:
        return head.type is AnswerType.PERSON
    if len(text) == 3:
        return text[0] in words_of("surnames") or is_spelt(text)
    if len(text) > 3:
        last = tag_words(text)[-1].text
        return is_spelt(text) or (last != text and len(last) > 1 and _looks_like_a_name(last))
    return False
