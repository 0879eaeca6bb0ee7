"""Find personal names that jieba cuts, because its list lacks them.

Comes in: a passage in either script. Goes out: names.

A literal example: `people_in("由工程師林文海設計，八田與一監造。")` gives 林文海 and 八田與一.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qgkd.text.characters import HAN
from qgkd.text.foreign_names import spelling_characters
from qgkd.text.word_lists import either, words_of
from qgkd.text.words import Word, is_listed, tag_words

_INTRODUCED = re.compile(rf"(?:{either('before a person')})(?=[{HAN}])")
_JAPANESE_SURNAME = re.compile(rf"(?:{either('Japanese surnames')})(?=[{HAN}])")
_REACH_CHARS = 12
_MAX_CHARS = 8
_DOTTED = re.compile(rf"[{HAN}]{{1,6}}(?:·[{HAN}]{{1,8}})+")
_CLAUSE = re.compile(rf"[{HAN}]{{4,}}")
_AFTER_NAME = frozenset(
    (
        "是",
        "在",
        "於",
        "于",
        "出生",
        "生於",
        "生于",
        "字",
        "號",
        "号",
        "擔任",
        "担任",
        "寫",
        "写",
        "發明",
        "发明",
        "提出",
    )
)
_PIECES = re.compile(rf"[{HAN}]+")
_NAME_TAGS = ("nr", "nrt", "nrfg", "nz")
_THIRD_OF_JAPANESE = "郎門助介衛门卫"
_NO_FIRST_OF_JAPANESE = frozenset(
    "是在有於于為为的之與与和及曾將将會会及等被由從从到至說说家縣县市村港站山區区鄉乡鎮镇町郡島岛川河湖海府國国時时年月日代氏人語语城藩"
)


def people_in(text: str) -> frozenset[str]:
    """Find names after a word for a person (`工程師林文海`, `數學家埃拉托斯特尼`), and Japanese names.

    Returns:
        Names that end at a word boundary: two or three characters after a Chinese surname, up to eight that are spelt
        like a foreign name, a Japanese surname with the given name.
    """
    return frozenset((*_introduced(text), *_japanese(text), *_cut_at_clause_starts(text)))


def _cut_at_clause_starts(text: str) -> Iterator[str]:
    """Names at the beginning of a clause that jieba cuts behind the surname (`蔣|渭水|是`)."""
    for match in _CLAUSE.finditer(text):
        words = tag_words(match.group())[:3]
        if len(words) < 3 or words[0].tag not in ("nr", "nz", "n", "ng", "zg", "x", "g"):
            continue
        is_cut = words[0].text in words_of("surnames") and len(words[1].text) == 2 and words[1].tag[:1] in ("n", "x")
        if is_cut and words[2].text in _AFTER_NAME:
            yield words[0].text + words[1].text


def _introduced(text: str) -> Iterator[str]:
    for match in _INTRODUCED.finditer(text):
        run = _PIECES.match(text[match.end() : match.end() + _REACH_CHARS])
        following = run.group() if run is not None else ""
        name = _chinese_name(following) if following[:1] in words_of("surnames") else ""
        foreign = _spelt_name(following)
        dotted = _dotted_name(text[match.end() : match.end() + 2 * _REACH_CHARS])
        if name or foreign or dotted:
            yield max(name, foreign, dotted, key=len)


def _chinese_name(following: str) -> str:
    ends = {word.end_char for word in tag_words(following) if word.start_char == 0 or not _is_particle(word)}
    return following[: next((length for length in (3, 2) if length in ends and length <= len(following)), 0)]


def _is_particle(word: Word) -> bool:
    return len(word.text) == 1 and word.tag[:1] in ("p", "c", "u", "v", "d", "r", "m")


def _dotted_name(following: str) -> str:
    """A name with middle dots up to the first verb or particle after the last dot (`阿爾·花剌子密|寫下`)."""
    match = _DOTTED.match(following)
    if match is None or following[0] in _NO_FIRST_OF_JAPANESE:
        return ""
    last = match.group().rfind("·") + 1
    end = last
    for word in tag_words(match.group()[last:]):
        if end > last and (_is_particle(word) or (word.tag[:1] in ("v", "p", "d", "c", "u") and is_listed(word.text))):
            break
        end = last + word.end_char
    return following[:end] if end - last <= _REACH_CHARS // 2 else ""


def _spelt_name(following: str) -> str:
    """The words at the beginning that spell a foreign name, three characters or more; at least one is a guess."""
    taken: list[Word] = []
    for word in tag_words(following):
        if not _may_spell(word) or word.end_char > _MAX_CHARS:
            break
        taken.append(word)
    name = "".join(word.text for word in taken)
    is_known_word = len(taken) == 1 and is_listed(name) and not taken[0].tag.startswith("nr")
    return name if len(name) >= 3 and not is_known_word and not following[len(name) :].startswith("·") else ""


def _may_spell(word: Word) -> bool:
    spells = all(character in spelling_characters() for character in word.text)
    if word.tag.startswith(("p", "c", "u", "d", "r")) or word.text in ("在", "和", "於", "到"):
        return False
    if word.tag in _NAME_TAGS or not is_listed(word.text):
        return len(word.text) > 1 or spells or not is_listed(word.text)
    return len(word.text) == 1 and (spells or word.start_char == 0) and word.tag not in ("v", "a", "f", "q")


def _japanese(text: str) -> Iterator[str]:
    for match in _JAPANESE_SURNAME.finditer(text):
        following = text[match.end() : match.end() + _REACH_CHARS]
        run = _PIECES.match(following)
        given = _given_name(run.group()) if run is not None else ""
        if given:
            yield match.group() + given


def _given_name(following: str) -> str:
    """The given name of two characters, or three as in 源太郎; empty where ordinary words follow the surname."""
    if len(following) < 2 or following[0] in _NO_FIRST_OF_JAPANESE - {"與", "与"}:
        return ""
    length_chars = 3 if following[2:3] and following[2] in _THIRD_OF_JAPANESE else 2
    given = following[:length_chars]
    if given[0] in "與与" and given[1] not in "一志":
        return ""
    words = [word for word in tag_words(following) if word.start_char < length_chars]
    is_ordinary = any(
        len(word.text) > 1 and is_listed(word.text) and not word.tag.startswith(("nr", "nz", "m", "a", "n"))
        for word in words
    )
    ends_inside = words[-1].end_char > length_chars and is_listed(words[-1].text)
    return (
        ""
        if is_ordinary or ends_inside or (words[0].tag in ("v", "p", "d", "n", "ns") and len(words[0].text) > 1)
        else given
    )
