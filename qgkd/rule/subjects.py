"""Find the subject of a clause.

Comes in: clauses in Traditional characters. Goes out: the subject's characters.

A literal example: `leading_subject("燈塔建於1867年，")` gives `"燈塔"`, and `lacks_subject("建於1867年，")` is True.
"""

from __future__ import annotations

import re
from itertools import pairwise

from qgkd.text.characters import HAN, is_han
from qgkd.text.word_lists import either, words_of
from qgkd.text.words import Word, tag_words

_NOUN_TAGS = ("n", "nr", "ns", "nt", "nz", "nrt", "nrfg", "j", "vn", "an", "eng", "l", "s", "ng", "i", "k")
_INSIDE_TAGS = (*_NOUN_TAGS, "a", "b", "m", "q", "uj", "f", "x", "t", "mq", "ag", "vg", "g", "zg")
_MAX_SUBJECT_CHARS = 16
_CONJUNCTIONS = ("和", "與", "及", "以及")
_SKIPPED_TAGS = ("t", "m", "mq", "q", "c", "f", "d", "ad", "x", "zg")
_BARE_VERB_TAGS = ("v", "vd", "vi", "vq", "vg")
_TIME_PREPOSITIONS = ("在", "於", "自", "從", "至", "到", "截至", "直到")
# A clause that starts with one of these has no subject; after 在 or 根據 the subject may still follow.
_SUBJECTLESS_PREPOSITIONS = ("由", "被", "把", "將", "以", "與", "為", "向", "給", "用", "遭", "受", "經", "和", "跟")
_PRONOUN = re.compile(rf"^(?:{either('no subjects')})")
_POTENTIAL = re.compile(rf"[{HAN}][不得][{HAN}]$")
_PROPERTY = re.compile(rf"(?:{either('properties')})(?:[約為達有是僅近將大\d]|多少)(?!.*的)")
_STANDS_FOR_SUBJECT = frozenset("他她它牠其該此這那本")
_THERE_IS = re.compile(r"[常仍約共另還只都也各均皆]有")
"""Tagged as modifiers: `常有|烏鴉棲息`."""
_TIME_ONLY = re.compile(r"^[\d〇零一二三四五六七八九十前後初中末年月日世紀代公元西時期間、\-]+$")


def says_when(clause: str) -> bool:
    """Whether a clause is only a date or another adverbial, without a verb."""
    words = [word for word in tag_words(clause) if not word.text.endswith("起")]
    if any(one.tag in ("d", "zg") and other.tag == "a" for one, other in pairwise(words)):
        return False  # 最為著名
    return not any(word.tag.startswith("v") or word.text in ("是", "為", "有") for word in words)


def lacks_subject(clause: str) -> bool:
    """Whether a clause has its verb before any noun; adverbs and expressions of time do not count."""
    words = [word for word in tag_words(clause) if word.text.strip()]
    for position, word in enumerate(words):
        following = words[position + 1].tag if position + 1 < len(words) else ""
        if word.text in _TIME_PREPOSITIONS and following in ("t", "m", "mq"):
            continue
        if word.text[0] in _STANDS_FOR_SUBJECT or (word.tag in ("x", "zg") and is_han(word.text[0]) and position == 0):
            return False
        if word.tag in ("f", "s") and len(word.text) > 1 and word.text[-1] in "中內裡上":
            return False  # 書中描寫: where stands for who
        is_preposition = word.text in _SUBJECTLESS_PREPOSITIONS
        if word.tag in _SKIPPED_TAGS and not is_preposition and not _is_noun_despite_tag(word):
            continue
        return word.tag in _BARE_VERB_TAGS or is_preposition or _is_predicate(clause, word)
    return False


def is_property(text: str) -> bool:
    """Whether text begins with a property whose owner was named before (`全長約`)."""
    return _PROPERTY.match(text) is not None


def _is_noun_despite_tag(word: Word) -> bool:
    """Whether jieba tags a noun wrongly as a time or a number: `第二階段`, `哪一年`, `清朝`."""
    is_court = word.tag == "t" and len(word.text) == 2 and word.text.endswith("朝")
    return word.text.startswith("哪") or (word.tag == "t" and word.text.startswith("第")) or is_court


def _is_predicate(clause: str, word: Word) -> bool:
    """Whether a word is a predicate despite its tag: `分不清`, `座落於`, a property without its owner (`全長約`)."""
    is_verb = _POTENTIAL.match(word.text) is not None or word.text.endswith("於")
    return is_verb or _PROPERTY.match(clause, word.start_char) is not None


def leading_subject(clause: str) -> str:
    """The noun phrase with which a clause without brackets starts, before its verb.

    Empty if there is none, if it is only a pronoun or a time, or if it is too long to repeat.
    """
    words = tag_words(clause)
    taken = _phrase(clause, words)
    if len(taken) == len(words) or not taken:
        return ""
    while taken and (taken[-1].tag not in _NOUN_TAGS and taken[-1].text not in tuple("」』》〉”")):
        taken.pop()
    subject = "".join(word.text for word in taken)
    if not 2 <= len(subject) <= _MAX_SUBJECT_CHARS or subject in words_of("properties"):
        return ""
    return "" if _PRONOUN.match(subject) or _TIME_ONLY.match(subject) else subject


def _phrase(clause: str, words: tuple[Word, ...]) -> list[Word]:
    """The words before the first verb: nouns and their modifiers, whole titles, names joined by 和."""
    taken: list[Word] = []
    title_end_char = 0
    for position, word in enumerate(words):
        if word.text == "《":
            title_end_char = clause.find("》", word.start_char) + 1
        following = words[position + 1].tag if position + 1 < len(words) else ""
        joins = word.text in _CONJUNCTIONS and bool(taken) and following in _NOUN_TAGS and following == taken[-1].tag
        is_inside = word.tag in _INSIDE_TAGS and word.text not in "，。；：、！？"
        acts = word.text in words_of("verbs taken for nouns") and following[:1] == "v"  # 派兵|入侵
        is_inside = is_inside and not (acts or _THERE_IS.fullmatch(word.text))
        if not (joins or is_inside or word.end_char <= title_end_char):
            break
        taken.append(word)
    return taken
