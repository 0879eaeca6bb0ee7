"""Who or what a clause is about: found in the clause itself, or in the clauses before it.

Comes in: clauses in Traditional characters. Goes out: the subject's characters.

A literal example: `leading_subject("燈塔建於1867年，")` gives `"燈塔"`, and `lacks_subject("建於1867年，")` is True.
"""

from __future__ import annotations

import re

from qgkd.word_lists import either
from qgkd.words import Word, tag_words

_NOUN_TAGS = ("n", "nr", "ns", "nt", "nz", "nrt", "nrfg", "j", "vn", "an", "eng", "l", "s", "ng", "i", "k")
_INSIDE_TAGS = (*_NOUN_TAGS, "a", "b", "m", "q", "uj", "f", "x", "t", "mq", "ag", "vg", "g", "zg")
_SUBJECT_LIMIT_CHARS = 16
_OPENING_MARKS = "「『《〈“"
_SKIPPED_TAGS = ("t", "m", "mq", "q", "c", "f", "d", "ad", "x", "zg")
_BARE_VERB_TAGS = ("v", "vd", "vi", "vq", "vg")
_TIME_PREPOSITIONS = ("在", "於", "自", "從", "至", "到", "截至", "直到")
# A clause that starts with one of these has dropped its subject; one with 在 or 根據 may have it further on.
_SUBJECTLESS_PREPOSITIONS = ("由", "被", "把", "將", "以", "與", "為", "向", "給", "用", "遭", "受", "經", "和", "跟")
_PRONOUN = re.compile(rf"^(?:{either('no subjects')})")
_TIME_ONLY = re.compile(r"^[\d〇零一二三四五六七八九十前後初中末年月日世紀代公元西時期間、\-]+$")


def lacks_subject(clause: str) -> bool:
    """Whether a clause comes to its verb before any noun (adverbs and times apart)."""
    words = [word for word in tag_words(clause) if word.text.strip()]
    for position, word in enumerate(words):
        following = words[position + 1].tag if position + 1 < len(words) else ""
        if word.text in _TIME_PREPOSITIONS and following in ("t", "m", "mq"):
            continue
        if word.tag in _SKIPPED_TAGS and not word.text.startswith("哪"):
            continue
        return word.tag in _BARE_VERB_TAGS or word.text in _SUBJECTLESS_PREPOSITIONS
    return False


def leading_subject(clause: str) -> str:
    """The noun phrase a clause starts with, before its verb.

    Args:
        clause: A clause without brackets.

    Returns:
        The phrase, or the empty string: no noun first, only a pronoun or a time, or too long to be repeated.
    """
    words = tag_words(clause)
    taken: list[Word] = []
    for word in words:
        if word.tag not in _INSIDE_TAGS or word.text in "，。；：、！？":
            break
        taken.append(word)
    if len(taken) == len(words) or not taken:
        return ""
    while taken and (taken[-1].tag not in _NOUN_TAGS and taken[-1].text not in tuple("」』》〉”")):
        taken.pop()
    subject = "".join(word.text for word in taken)
    if not 2 <= len(subject) <= _SUBJECT_LIMIT_CHARS or _PRONOUN.match(subject) or _TIME_ONLY.match(subject):
        return ""
    return subject
