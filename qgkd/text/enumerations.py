"""Find the members of enumerations: one of them alone is a poor answer, all of them together a good one.

Comes in: a sentence, in either script. Goes out: for every enumeration the ranges of its members.

A literal example: `enumerations_in("它在南投縣、嘉義縣和高雄市的交界處。")` gives `[((2, 5), (6, 9), (10, 13))]`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qgkd.text.word_lists import words_of
from qgkd.text.words import Word, tag_words

Range = tuple[int, int]

_JOINTS = frozenset(("、", "和", "與", "与", "及", "以及", "或"))
_MEMBER_TAGS = (
    *("n", "nr", "ns", "nt", "nz", "nrt", "nrfg", "j", "vn", "an", "eng"),
    *("b", "s", "ng", "m", "q", "mq", "zg"),
)
_TOTAL = re.compile("[二兩两三四五六七八九十]+(?:[種种類类個个位條条者大項项人國国]|部分|階段|阶段)?")
_OPENING, _CLOSING = "「『《〈“", "」』》〉”"


def enumerations_in(sentence: str) -> list[tuple[Range, ...]]:
    """Find enumerations of nouns, names, quantities or things in quotation marks.

    Returns:
        The members' ranges, two or more for each enumeration, in the order of the text.
    """
    words = tag_words(sentence)
    found: list[tuple[Range, ...]] = []
    members: list[Range] = []
    position = 0
    while position < len(words):
        stop = _member_end(words, position)
        if stop > position:
            members.append((words[position].start_char, words[stop - 1].end_char))
            position = stop
            if position < len(words) and words[position].text in _JOINTS:
                position += 1
                continue
        else:
            position += 1
        if len(members) > 1:
            found.append(_without_total(words, members))
        members = []
    if len(members) > 1:
        found.append(_without_total(words, members))
    return found


def _without_total(words: Sequence[Word], members: Sequence[Range]) -> tuple[Range, ...]:
    """The members, the last one without the number of all (`金、銀和銅|三種`)."""
    start_char, end_char = members[-1]
    inside = [word for word in words if start_char < word.start_char < end_char]
    rests = ((word.start_char, "".join(one.text for one in inside[position:])) for position, word in enumerate(inside))
    total_char = next((char for char, rest in rests if _TOTAL.fullmatch(rest)), end_char)
    return (*members[:-1], (start_char, total_char))


def members_of(text: str) -> tuple[str, ...]:
    """The members of a text that is one enumeration, else none; a title in 《》 is one member."""
    if text[:1] == "《" and text.find("》") == len(text) - 1:
        return ()
    for members in enumerations_in(text):
        if members[0][0] == 0 and members[-1][1] == len(text):
            return tuple(text[start:end] for start, end in members)
    return ()


def _member_end(words: Sequence[Word], start: int) -> int:
    """One past the last word of the noun phrase that starts here; `start` where none does."""
    position = start
    while position < len(words):
        if words[position].text in _OPENING:
            closing = _closing(words, position)
            if closing is None:
                break
            position = closing + 1
        elif _is_of_member(words[position]):
            position += 1
        else:
            break
    return position


def _is_of_member(word: Word) -> bool:
    return word.tag in _MEMBER_TAGS and word.text not in _JOINTS and word.text not in _verbs()


def _verbs() -> frozenset[str]:
    return words_of("verbs taken for nouns") | words_of("verbs never in names")


def _closing(words: Sequence[Word], opening: int) -> int | None:
    mark = _CLOSING[_OPENING.index(words[opening].text)]
    return next((position for position in range(opening, len(words)) if words[position].text == mark), None)
