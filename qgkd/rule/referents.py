"""Find what a pronoun stands for, and say whether a subject is whole.

Comes in: a clause and the sentences before it, the nearest first, in Traditional characters. Goes out: the clause with
the noun in the pronoun's place; unchanged where the noun is not certain.

A literal example: `with_noun("該校創立於1931年", ("成功大學位於臺南市。",))` is `成功大學創立於1931年`.
"""

from __future__ import annotations

import re

from qgkd.answer import AnswerType
from qgkd.answers.heads import HEADS, find_head
from qgkd.rule.subjects import lacks_subject, leading_subject, says_when
from qgkd.text.foreign_names import spelling_characters
from qgkd.text.word_lists import words_of
from qgkd.text.words import Word, is_listed, tag_words

_PRONOUN = re.compile(r"(?P<singular>[他她它牠])(?![們自人])|(?P<plural>[牠它]們)|(?P<its>其)(?![中他它次實餘後間])")
_DEMONSTRATIVE = re.compile(r"(?:[該此]|這[座個種條項部本所家支場]|本(?=[校院會市縣國島]))(?!後|外|時|處|次|種)")
_OPENS_UNNAMED = re.compile(r"[他她它牠](?!人)|其(?![中他它次實餘後間])|該|此(?![後外時處次])|這(?![裡時樣])")
_PARENTHESES = re.compile(r"（[^（）]*）|\([^()]*\)")
_SCENE = re.compile(r"(?:時|後|前|期間|以來|年|月|日)[，；：]?$")
_REACH_SENTENCES = 6
_NOUN_TAGS = ("n", "ns", "nt", "nz", "nr", "nrt", "j", "ng", "l", "eng")
_TIMES = ("時期", "時代", "期間", "年間", "時", "後", "之後", "以後", "前", "的")
_BOOKS = ("書", "小說", "作品", "著作", "詩", "電影", "劇", "歌曲", "雜誌", "報紙", "法", "條約")


def opens_unnamed(text: str) -> bool:
    """Whether a question would open with a pronoun or a demonstrative."""
    return _OPENS_UNNAMED.match(text) is not None


def with_noun(clause: str, sentences: tuple[str, ...]) -> str:
    """Put the noun in the place of the pronoun or demonstrative that a clause starts with, if it is certain."""
    match = _PRONOUN.match(clause)
    rest = clause[match.end() :] if match is not None else ""
    if match is not None:
        noun = _antecedent(match.group(), sentences)
        if match["its"] and noun:
            first = tag_words(rest)[0] if rest else None
            is_subject = rest.startswith("的") or (first is not None and first.tag in ("v", "d"))
            noun += "" if is_subject else "之" if first is not None and len(first.text) == 1 else "的"
        return noun + rest if noun else clause
    match = _DEMONSTRATIVE.match(clause)
    words = tag_words(clause[match.end() :]) if match is not None else ()
    if match is None or not words or not (words[0].tag in _NOUN_TAGS or words[0].text in HEADS):
        return clause
    noun = _named_by_class(words[0].text, sentences)
    return noun + clause[match.end() + words[0].end_char :] if noun else clause


def _antecedent(pronoun: str, sentences: tuple[str, ...]) -> str:
    for sentence in sentences[:_REACH_SENTENCES]:
        text = _PARENTHESES.sub("", sentence)
        clauses = re.split(r"(?<=[，；：])", text)
        if says_when(clauses[0]) and leading_subject(clauses[0]) and not _SCENE.search(clauses[0]):
            return ""  # 機場在海邊，…: a subject without a verb
        clauses = [clause for clause in clauses if not says_when(clause)]
        if not clauses or _PRONOUN.match(clauses[0]) or lacks_subject(clauses[0]):
            continue  # goes on about the same
        if opens_unnamed(clauses[0]):
            if pronoun in ("他", "她"):
                continue  # of a thing, this one
            return ""
        subject = next(filter(None, map(leading_subject, clauses[:2])), "")
        people = {word.text for word in tag_words(text) if _is_person(word)}
        head = find_head(subject)
        is_person = any(person in subject for person in people) or _is_name(subject)
        is_person = is_person or (head is not None and head.type is AnswerType.PERSON)
        if pronoun in ("他", "她") and "的" in subject:
            subject = subject.partition("的")[0]  # 蘇軾的散文: he is the writer
            is_person = subject in people or _is_name(subject)
        if not subject:
            return ""
        if pronoun in ("他", "她"):
            others = {person for person in people if person not in subject}
            return subject if is_person and not others else ""
        return subject if pronoun == "其" or not is_person else ""
    return ""


def _is_name(subject: str) -> bool:
    """Whether a subject is a surname and a word that jieba cuts off it (`蔣|渭水`)."""
    return len(subject) == 3 and subject[0] in words_of("surnames") and len(tag_words(subject)[0].text) == 1


def _is_person(word: Word) -> bool:
    if not word.tag.startswith("nr") or len(word.text) < 2 or word.text.endswith("人"):
        return False
    head = find_head(word.text)
    return head is None or head.type is AnswerType.PERSON or len(head.suffix) == 1


def _named_by_class(noun: str, sentences: tuple[str, ...]) -> str:
    """The nearest name that ends in the class noun (`該院`: 大安醫院) or is of that class (`該市`: 臺北)."""
    for sentence in sentences[:2]:
        text = _PARENTHESES.sub("", sentence)
        if noun in _BOOKS and (titles := re.findall(r"《[^《》]+》", text)):
            return titles[0] if len(set(titles)) == 1 else ""
        names = [name for name in _noun_phrases(text) if name != noun and _is_of_class(name, noun)]
        if names:
            return names[-1] if len(set(names)) == 1 else ""
    return ""


def _is_of_class(name: str, noun: str) -> bool:
    head = find_head(name)
    if name.endswith(noun):
        return len(name) > len(noun)
    return head is not None and (head.noun.endswith(noun) or (noun == "組織" and head.type is AnswerType.ORGANISATION))


def _noun_phrases(text: str) -> list[str]:
    """Runs of nouns."""
    runs: list[str] = []
    is_open = False
    for word in tag_words(text):
        is_noun = word.tag in _NOUN_TAGS
        if is_noun and is_open:
            runs[-1] += word.text
        elif is_noun:
            runs.append(word.text)
        is_open = is_noun
    return runs


def starts_predicate(text: str) -> bool:
    """Whether text after a subject surely starts its predicate, so that the subject before it is whole.

    `自然保護聯盟把…` does not: it goes on with the name, 世界自然保護聯盟.
    """
    words = tag_words(text)
    for position, word in enumerate(words[:3]):
        following = words[position + 1].text if position + 1 < len(words) else ""
        if word.text in words_of("starts of predicates"):
            return True
        if word.tag == "ad" and position == 0 and len(word.text) == 2 and word.text[-1] in spelling_characters():
            return False  # 托里|切利: perhaps the end of a name
        if word.tag in ("d", "ad"):
            continue
        goes_on = (
            following in _TIMES
            or following in HEADS
            or any(HEADS[following[-n:]].type is AnswerType.ORGANISATION for n in (2, 3) if following[-n:] in HEADS)
        )
        return word.tag in ("v", "vd", "vi") and is_listed(word.text) and word.text not in HEADS and not goes_on
    return False
