"""Other answers that count as right where a pupil types one.

Comes in: an item. Goes out: the answers proposed beside its own; the teacher's list after an edit.

A literal example: for `《臺灣府城教會報》` the proposals are `臺灣府城教會報`, `《台灣府城教會報》`,
`台灣府城教會報`, `《台湾府城教会报》` and `台湾府城教会报`; for `約235公尺` among others `235公尺`, `235` and
`二百三十五公尺`.

A learning platform compares letter by letter: without these, a pupil who leaves out 《》, writes 台 for 臺, or a number
in characters is marked wrong. Each proposal names the same thing; how strict to be is the teacher's choice.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator

from qgkd.answer import AnswerType
from qgkd.answers.classify import classify
from qgkd.answers.heads import HEADS, find_head
from qgkd.question_forms.accepted_numbers import other_dates, other_quantities
from qgkd.question_forms.item import QuizItem
from qgkd.question_forms.names import is_person_name
from qgkd.text.characters import HAN
from qgkd.text.script import Script, to_simplified, to_traditional
from qgkd.text.word_lists import words_of
from qgkd.text.words import tag_words

MOST_PROPOSED = 20
_LEAST_NAME_CHARS = 2
_FEWEST_UNKNOWN_CHARS, _MOST_UNKNOWN_CHARS = 3, 5
"""Of a name that no word list has."""
_MARKS = re.compile("[《》〈〉「」『』“”]")
_BRACKET = re.compile(r"^(?P<outside>[^（(]+)[（(](?P<inside>[^）)]+)[）)]$")
_LATIN = re.compile(r"[A-Za-z][A-Za-z .&'’-]+")
_DOT = re.compile("[·‧・•．]")
_BLANK_AT_HAN = re.compile(rf"(?<=[{HAN}])\s+|\s+(?=[{HAN}])|(?<=[0-9])\s+(?=[0-9])")
_FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_NUMBERS: dict[AnswerType, Callable[[QuizItem, str], list[str]]] = {
    AnswerType.NUMBER: other_quantities,
    AnswerType.DATE: other_dates,
}


def propose_accepted(item: QuizItem) -> tuple[str, ...]:
    """Propose what else counts as the item's right answer.

    Returns:
        At most 20 texts, the likeliest first: without quotation and title marks or an added bracket, a name without its
        title, a number with and without its unit, in digits and in characters, and all of these in the other script.
        None equals the answer or another one but for case and blanks; empty where the answer is.
    """
    answer = item.answer.strip()
    if not answer:
        return ()
    kind = item.answer_type or classify(answer, 0, len(answer))
    own = _extended([answer], _without_blanks)
    if kind in _NUMBERS:
        own = _extended(own, lambda text: _NUMBERS[kind](item, text))
    else:
        own = _extended(own, lambda text: _names(text, kind))
    if item.script is Script.SIMPLIFIED:
        own = [answer, *map(to_simplified, own)]
    written = _extended(own, lambda text: _in_other_script(text, item.script))
    return tuple(_different(written, answer))[:MOST_PROPOSED]


def with_answer(item: QuizItem, answer: str) -> QuizItem:
    """The item with another right answer, and new proposals where the teacher has not changed the accepted ones."""
    if answer == item.answer:
        return item
    # Its type was the other answer's.
    changed = dataclasses.replace(item, answer=answer, answer_type=None)
    if item.accepted_answers and item.accepted_answers != propose_accepted(item):
        return changed
    return dataclasses.replace(changed, accepted_answers=propose_accepted(changed))


def accepted_from_lines(text: str) -> tuple[str, ...]:
    """The answers that a teacher typed, one per line; empty lines and repetitions do not count."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return tuple(dict.fromkeys(line for line in lines if line))


def _extended(texts: list[str], rewrite: Callable[[str], Iterable[str]]) -> list[str]:
    """The texts, then what each is rewritten to."""
    return list(dict.fromkeys([*texts, *(new for text in texts for new in rewrite(text))]))


def _different(texts: Iterable[str], answer: str) -> Iterator[str]:
    seen = {_key(answer)}
    for text in texts:
        if _key(text) and _key(text) not in seen:
            seen.add(_key(text))
            yield text


def _key(text: str) -> str:
    """What a platform compares: case and blanks at the ends or repeated do not count."""
    return " ".join(text.split()).casefold()


def _without_blanks(text: str) -> list[str]:
    """`3 952 公尺` as `3952公尺`, `Ｘ光` as `X光`."""
    return [_BLANK_AT_HAN.sub("", text.translate(_FULL_WIDTH))]


def _names(text: str, kind: AnswerType) -> list[str]:
    """A name without marks, bracket and title; a work with title marks."""
    found = [_MARKS.sub("", text)]
    if bracket := _BRACKET.match(text):
        found.append(bracket["outside"].strip())
        if _LATIN.fullmatch(bracket["inside"].strip()):
            found.append(bracket["inside"].strip())
    if kind is AnswerType.WORK and found[0] == text:
        found.append(f"《{text}》")
    if kind is AnswerType.PERSON:
        names = list(_without_title(found[0])) or [found[0]]
        found += names + [spelling for name in names for spelling in _spellings(name)]
    return found


def _without_title(text: str) -> Iterator[str]:
    """巴克禮牧師 and 牧師巴克禮 as 巴克禮; 清朝皇帝 is no name with a title."""
    for title in _titles():
        for name in (text.removeprefix(title), text.removesuffix(title)):
            if name != text and len(name) >= _LEAST_NAME_CHARS and _names_a_person(name):
                yield name
                return


def _names_a_person(text: str) -> bool:
    """Whether what is left without a title is a name: 巴克禮, 後藤新平; not 大學, 年輕, 前任英國."""
    if is_person_name(text):
        return True
    words = tag_words(text)
    if len(words) == 1:
        return words[0].tag.startswith("nr")
    is_known = any(word.text in words_of(name) for word in words for name in ("countries", "cities"))
    return _FEWEST_UNKNOWN_CHARS <= len(text) <= _MOST_UNKNOWN_CHARS and not is_known and find_head(text) is None


def _titles() -> list[str]:
    """Titles of persons in both scripts, the longest first; 三世 is a part of the name."""
    heads = [head.suffix for head in HEADS.values() if head.type is AnswerType.PERSON and len(head.suffix) > 1]
    nouns = {*heads, *map(to_simplified, heads), *words_of("before a person")}
    return sorted((noun for noun in nouns if noun[-1] not in "世帝王"), key=lambda noun: (-len(noun), noun))


def _spellings(name: str) -> list[str]:
    """A foreign name with Taiwan's dot and China's, without a dot, and its last part."""
    parts = _DOT.split(name)
    if len(parts) < 2:
        return []
    last = [parts[-1]] if len(parts[-1]) >= _LEAST_NAME_CHARS else []
    return ["·".join(parts), "‧".join(parts), "".join(parts), *last]


def _in_other_script(text: str, script: Script) -> list[str]:
    """In the other script, and with 台 for 臺 and 臺 for 台."""
    found = []
    if script is not Script.SIMPLIFIED:
        by_phrase = to_traditional(to_simplified(text))
        taiwan = "".join(
            new if (old, new) == ("台", "臺") else old
            for old, new in zip(text, by_phrase if len(by_phrase) == len(text) else text, strict=True)
        )
        found += [taiwan, text.replace("臺", "台"), to_simplified(text)]
    if script is not Script.TRADITIONAL:
        traditional = to_traditional(text)
        found += [traditional, traditional.replace("臺", "台")]
    return found
