"""Find every span of a sentence that could be an answer.

Comes in: one sentence. Goes out: `Candidate`s with offsets in that sentence; they may overlap.

A literal example: `燈塔建於1867年，由林文海設計。` gives 燈塔, 1867年 and 林文海.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from qgkd.answer import AnswerType
from qgkd.answers.heads import HEADS, find_head
from qgkd.answers.patterns import CLOCK, DATE_BODY, DYNASTY, LATIN_NAME, NUMBER_BODY, RANGE_MARK, REIGN, WORK, YEAR
from qgkd.text.enumerations import enumerations_in
from qgkd.text.foreign_names import find_foreign_names, is_spelt, spelling_characters
from qgkd.text.script import to_traditional_aligned
from qgkd.text.word_lists import either, words_of
from qgkd.text.words import Word, is_listed, tag_words


class Source(IntEnum):
    """How a candidate was found; the ranking weights the sources differently."""

    FORM = 0
    """A pattern: date, quantity, title, name with a middle dot."""
    QUOTED = 1
    """Between quotation marks."""
    NAME = 2
    """A word that jieba tags as a name."""
    LATIN = 3
    """A run of Latin letters and digits."""
    COMPOUND = 4
    """Several nouns in a row."""
    NOUN = 5
    """One common noun."""
    CLAUSE = 6
    """A clause after a word such as 因為."""
    ENUMERATION = 7
    """An enumeration as a whole."""


_WORD_SOURCES = (Source.NAME, Source.COMPOUND, Source.NOUN)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span of one sentence."""

    start_char: int
    end_char: int
    source: Source
    type: AnswerType | None
    """None where the span still has to be classified."""


_DATES = re.compile(rf"{DATE_BODY}(?:[－–—\-~～]{DATE_BODY})?|{CLOCK}|{REIGN}|{DYNASTY.pattern}")
_NUMBERS = re.compile(rf"(?<![A-Za-z]){NUMBER_BODY}(?:{RANGE_MARK}{NUMBER_BODY})?")
_HAS_DIGIT_OR_SCALE = re.compile(r"[0-9０-９]|零下")
_MARKS_AROUND = "，。；：！？、「」『』“”…!?;: \n"
_DEMONSTRATIVES_BEFORE = re.compile(r"(?:本|該|该|其|各|某|每|此|[這这那此該该哪].{0,2})")
_FOUNDED_BY = re.compile("[國国省縣县市區区公私][立營营]")
_USELESS_NUMBER = re.compile(
    r"四季|三餐|兩岸|两岸|雙方|百姓|萬物|万物|五官|四方|四海|八方|一般|一起|一同|一律|第[一二三]次|第[一二三四五六七八九十]+[年天日]|[四五六七八九十]|[一兩两半數数几幾].{0,2}|第?[一二三]|[千百萬万億亿十零]+|\d"
)
_QUOTED = re.compile(r"[「『“]([^「」『』“”，。；！？\n]{2,20})[」』”]")
_AFTER_QUOTED = ("」", "』", "”", "》", "〉")
_SPEAKS_OF_WORD = re.compile(r"[」』”][一二兩两三四五幾几]個?(?:字|詞|词|句|語|语)")
_MARKS = "，。；：！？、「」《》（）()\n"
_CLAUSE_CUE = re.compile(rf"(?:{either('before a clause')})(?P<clause>[^{_MARKS}]{{2,25}}(?<!的))(?=[{_MARKS}]|$)")
_RESULT = re.compile("而(?!且|是|又|非)|只好|不得不|只能")
_NAME_TAGS = ("nr", "ns", "nt", "nz", "nrt", "nrfg", "j")
_LAST_TAGS = ("n", "nr", "ns", "nt", "nz", "nrt", "nrfg", "j", "vn", "eng", "l", "s", "ng", "i")
_COMPOUND_TAGS = (*_LAST_TAGS, "an", "b")
_NEVER_LAST_CHARS = frozenset("約约均令曾皆時时後后前內内的是在於于")
_PROPERTY_LAST = re.compile(rf"..(?:{either('properties')}|依序|依次|長度|长度|距離|距离)$")
_DEMONSTRATIVES = "一這这該该此其某各每本"
_MAX_COMPOUND_CHARS = 16
_LIST_GOES_ON = ("、", "和", "與", "与", "及", "等", "或")
_MAX_MEMBERS = 4
_MAX_ENUMERATION_CHARS = 24
_LONG_LIST = 5
_BARE_NUMERAL = re.compile(r"[一二三四五六七八九十百千兩两幾几]+")


def candidates_in(sentence: str, people: frozenset[str] = frozenset()) -> list[Candidate]:
    """Find all candidates of a sentence or a piece of at most a few hundred characters, in no particular order.

    `people` are names of persons, see `qgkd.answers.people`. Of several candidates with the same span, only the one
    with the lowest `Source` is returned.
    """
    found: dict[tuple[int, int], Candidate] = {}
    here = sorted((name for name in people if name in sentence), key=lambda name: (-len(name), name))
    people_spans = [match.span() for name in here for match in re.finditer(re.escape(name), sentence)]
    titles = [match.span() for match in WORK.finditer(sentence)]
    dates = [match.span() for match in _DATES.finditer(sentence)]
    numbers = [match.span() for match in _NUMBERS.finditer(sentence) if _HAS_DIGIT_OR_SCALE.search(match.group())]
    lists = [members for members in enumerations_in(sentence) if len(members) > _LONG_LIST]
    inner_members = [member for members in lists for member in members[1:-1]]
    for candidate in (*_by_form(sentence), *_by_words(sentence, people_spans), *_clauses_and_lists(sentence)):
        key = (candidate.start_char, candidate.end_char)
        if any(start < key[1] and key[0] < end and not (key[0] <= start and end <= key[1]) for start, end in titles):
            continue  # a piece of a title
        if any(_cuts(key, span) and key != span for span in people_spans):
            continue  # a piece of a name
        if sentence[slice(*key)] == sentence.strip(_MARKS_AROUND):
            continue  # would be asked with nothing left of the sentence
        if _SPEAKS_OF_WORD.match(sentence, key[1]) or _SPEAKS_OF_WORD.fullmatch(sentence[key[0] - 1 : key[1]]):
            continue  # 「閒人」二字: of the word, not of what it names
        if any(start <= key[0] and key[1] <= end for start, end in inner_members):
            continue  # a blank in the midst of a long list
        if candidate.source in _WORD_SOURCES and (
            _is_no_answer(sentence[slice(*key)])
            or any(_cuts(key, span) for span in (*dates, *numbers))
            or _belongs_to_neighbours(sentence, candidate)
        ):
            continue
        if key not in found or candidate.source < found[key].source:
            found[key] = candidate
    return list(found.values())


def _is_no_answer(text: str) -> bool:
    """Whether a noun is too general to ask for, or ends in the first character of an adverb (`大氣中約|有`)."""
    is_property = _PROPERTY_LAST.search(text) is not None
    is_property = is_property or text in words_of("points back")  # 兩人
    return is_property or text in words_of("nouns nobody asks about") or text[-1] in _NEVER_LAST_CHARS


def _cuts(span: tuple[int, int], form: tuple[int, int]) -> bool:
    """Whether a span overlaps a date or number without holding it whole."""
    return span[0] < form[1] and form[0] < span[1] and not (span[0] <= form[0] and form[1] <= span[1] and span != form)


def _belongs_to_neighbours(sentence: str, candidate: Candidate) -> bool:
    """Whether a word is named only with its neighbour: `該校`, `這項發明`, the title before a name (`詩人李白`)."""
    words = tag_words(sentence)
    before = [word for word in words if word.end_char == candidate.start_char]
    after = [word for word in words if word.start_char == candidate.end_char]
    last = [word for word in words if word.end_char == candidate.end_char]
    if before and _DEMONSTRATIVES_BEFORE.fullmatch(before[0].text) and candidate.source is not Source.NAME:
        return True
    if before and (_BARE_NUMERAL.fullmatch(before[0].text) or _FOUNDED_BY.fullmatch(before[0].text)):
        return True  # 八|大行星, 國立|故宮博物院
    first = [word for word in words if word.start_char == candidate.start_char]
    if before and first and first[0].tag.startswith("nr"):
        goes_back = len(before[0].text) == 1 and before[0].text in spelling_characters()
        if goes_back and is_spelt(first[0].text) and first[0].text[0] not in words_of("surnames"):
            return True  # 加|拉巴哥群島
    if after and after[0].text in ("一", "二", "三") and last and last[0].tag.startswith("nr"):
        then = next((word.tag for word in words if word.start_char == after[0].end_char), "")
        if then[:1] in ("p", "d", "v"):
            return True  # 澤英|一在…
    is_noun = bool(last) and last[0].tag in ("n", "l", "b") and candidate.type is not AnswerType.PERSON
    return (
        is_noun and bool(after) and after[0].tag.startswith("nr") and not sentence[: candidate.end_char].endswith("》")
    )


def _by_form(sentence: str) -> Iterator[Candidate]:
    dates = [match.span() for match in _DATES.finditer(sentence)]
    for span in (*dates, *(match.span() for match in YEAR.finditer(sentence))):
        yield Candidate(*span, Source.FORM, AnswerType.DATE)
    for match in _NUMBERS.finditer(sentence):
        in_date = any(start < match.end() and match.start() < end for start, end in dates)
        counts_quoted = sentence[: match.start()].endswith(_AFTER_QUOTED)
        if not in_date and not counts_quoted and not _USELESS_NUMBER.fullmatch(match.group()):
            yield Candidate(*match.span(), Source.FORM, None)
    for match in WORK.finditer(sentence):
        yield Candidate(*match.span(), Source.FORM, AnswerType.WORK)
    for span in find_foreign_names(sentence):
        yield Candidate(*span, Source.FORM, AnswerType.PERSON)
    for match in _QUOTED.finditer(sentence):
        yield Candidate(*match.span(1), Source.QUOTED, None)
    for match in LATIN_NAME.finditer(sentence):
        if len(match.group()) > 1:
            yield Candidate(*match.span(), Source.LATIN, None)


def _by_words(sentence: str, people_spans: list[tuple[int, int]]) -> Iterator[Candidate]:
    """Yield every name, every run of nouns as a whole, and the first common noun of a run."""
    for start_char, end_char in people_spans:
        yield Candidate(start_char, end_char, Source.NAME, AnswerType.PERSON)
    words = tuple(
        word
        for word in tag_words(sentence)
        if not any(word.start_char < end and start < word.end_char for start, end in people_spans)
    )
    start = 0
    while start < len(words):
        stop = start
        while stop < len(words) and words[stop].tag in _COMPOUND_TAGS:
            stop += 1
            if stop < len(words) and words[stop].start_char != words[stop - 1].end_char:
                break
        last = stop
        while last > start and words[last - 1].tag not in _LAST_TAGS:
            last -= 1
        for position, word in enumerate(words[start : max(stop, start + 1)]):
            if len(word.text) > 1 and word.tag in _NAME_TAGS:
                yield Candidate(word.start_char, _end_with_class(words, start + position), Source.NAME, None)
            elif position == 0 and _is_noun_to_ask_about(word):
                yield Candidate(word.start_char, word.end_char, Source.NOUN, None)
        introduces = any(begin == words[last - 1].end_char for begin, _ in people_spans) if last > start else False
        if last - start > 1 and not introduces and _is_one_noun(words[start:last]):
            yield Candidate(words[start].start_char, words[last - 1].end_char, Source.COMPOUND, None)
        start = max(stop, start + 1)


def _end_with_class(words: tuple[Word, ...], position: int) -> int:
    """The end of a name including its class noun, which jieba may split off (`玉山北|峰`)."""
    end_char = words[position].end_char
    following = words[position + 1] if position + 1 < len(words) else None
    if following is None or following.start_char != end_char:
        return end_char
    if len(following.text) == 2 and following.text[-1] in HEADS and not is_listed(following.text):
        return following.end_char  # 熱蘭|遮城
    if len(following.text) > 1:
        return end_char
    return following.end_char if following.text in HEADS and following.tag in _LAST_TAGS else end_char


def _is_one_noun(words: tuple[Word, ...]) -> bool:
    """Whether a run of nouns reads as one noun; `哥倫布航行`, a person and an action, does not."""
    has_person = any(word.tag.startswith("nr") for word in words)
    if has_person and words[-1].tag == "vn":
        return False
    if any(word.text in words_of("verbs never in names") for word in words):
        return False
    text = "".join(word.text for word in words)
    acts = any(word.tag == "vn" or word.text in words_of("verbs taken for nouns") for word in words[:-1])
    if (acts or words[-1].text in words_of("verbs taken for nouns")) and find_head(
        to_traditional_aligned(text)
    ) is None:
        return False  # 石蕊試紙檢驗醋酸: who, does, what
    return words[-1].end_char - words[0].start_char <= _MAX_COMPOUND_CHARS


def _is_noun_to_ask_about(word: Word) -> bool:
    is_noun = word.tag in ("n", "l") and word.text not in words_of("verbs taken for nouns")
    return len(word.text) > 1 and is_noun and word.text[0] not in _DEMONSTRATIVES


def _clauses_and_lists(sentence: str) -> Iterator[Candidate]:
    """Yield clauses after their cue, then enumerations of two to four names or titles, each as one span."""
    for match in _CLAUSE_CUE.finditer(sentence):
        start_char, end_char = match.span("clause")
        # 因為|白化|而死亡: the rest is what came of it.
        result = _RESULT.search(sentence, start_char + 2, end_char) if match["clause"] else None
        is_reason = sentence[match.start() : start_char].startswith(("因", "由於", "由于", "為了", "为了"))
        yield Candidate(start_char, result.start() if result and is_reason else end_char, Source.CLAUSE, None)
    for members in enumerations_in(sentence):
        start_char, end_char = members[0][0], members[-1][1]
        is_cut_short = sentence[end_char:].startswith(_LIST_GOES_ON) or sentence[:start_char].endswith(_LIST_GOES_ON)
        if not is_cut_short and len(members) <= _MAX_MEMBERS and end_char - start_char <= _MAX_ENUMERATION_CHARS:
            yield Candidate(start_char, end_char, Source.ENUMERATION, None)
