"""The kind of an answer, finer than its type: a river among places, a gas among terms.

Comes in: an answer. Goes out: its `Kind` and others of that kind from a list of our own.

A literal example: `kind_of("長江", AnswerType.PLACE)` has the noun 河流;
`others_of_kind("氧氣", AnswerType.TERM)` gives 氮氣, 氫氣 and others.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources

from qgkd.answer import AnswerType
from qgkd.answers.heads import find_head
from qgkd.text.foreign_names import is_spelt, spelling_characters
from qgkd.text.script import to_traditional
from qgkd.text.word_lists import either, words_of
from qgkd.text.words import tag_words

_STYLES = frozenset({"han", "spelt", "latin"})
_DOT = re.compile("[·‧・•．]")
_SCIENCE = re.compile("科學|實驗|物理|化學|生物|天文|地質|[醫植動博]物?學|醫[生師]|數學")
_MODERN_YEAR = re.compile("(?:1[89]|20)[0-9]{2}年|民國|[一二]十世紀")


@dataclass(frozen=True, slots=True)
class Kind:
    """Two texts of one kind can be mistaken for each other."""

    noun: str | None
    """The class noun, or the name of the list that has the text; None where unknown."""
    style: str
    """`latin`, `spelt` (a foreign name in characters) or `han`."""


@dataclass(frozen=True, slots=True)
class _NamedList:
    type: AnswerType
    noun: str
    members: tuple[str, ...]


@functools.cache
def _lists() -> tuple[_NamedList, ...]:
    lines = (resources.files("qgkd.question_forms") / "common_answers.tsv").read_text("utf-8").splitlines()
    entries = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return tuple(
        _NamedList(AnswerType(type_name), noun, tuple(members.split())) for type_name, noun, members in entries
    )


def style_of(text: str) -> str:
    """How a name is written: names written alike can be mistaken for each other."""
    if re.search("[A-Za-z]", text):
        return "latin"
    if _DOT.search(text) or to_traditional(text) in _spelt_names():
        return "spelt"
    # 林文海 is spelt with characters that foreign names are spelt with, too.
    may_be_chinese = 2 <= len(text) <= 3 and text[0] in words_of("surnames")
    return "spelt" if len(text) > 1 and is_spelt(text) and not may_be_chinese else "han"


@functools.cache
def _spelt_names() -> frozenset[str]:
    return frozenset(member for named in _lists() if named.noun == "spelt" for member in named.members)


@functools.lru_cache(maxsize=4096)
def kind_of(text: str, answer_type: AnswerType | None) -> Kind:
    """The kind of a text: by the list that has it, else by the noun it ends in; 林文海 the person ends in no sea."""
    traditional, is_person = to_traditional(text), answer_type is AnswerType.PERSON
    for named in _lists():
        if named.noun not in _STYLES and traditional in named.members:
            return Kind(named.noun, style_of(text))
    bare = traditional.strip("《》〈〉")
    head = find_head(bare)
    if answer_type is AnswerType.WORK and head is not None and head.type is not AnswerType.WORK:
        head = None  # 《明日的田園城市》 is no city
    if is_person or head is not None:
        fits = head is not None and (head.type is AnswerType.PERSON or not is_person)
        return Kind(head.noun if head is not None and fits else None, style_of(text))
    is_work = answer_type is AnswerType.WORK
    fitting = [named for named in _lists() if not is_work or named.type is AnswerType.WORK]
    nouns = {named.noun for named in fitting if len(named.noun) > 1 and bare.endswith(named.noun)}
    return Kind(next(iter(sorted(nouns)), None), style_of(text))


def others_of_kind(text: str, answer_type: AnswerType | None, said: str = "") -> list[str]:
    """Members of our own list for a text's kind, in Traditional characters; empty where no list is for it.

    Persons without a title are grouped by how their names are written; works without a class noun by where and when
    they were written, as far as the sentence that names one (`said`) tells.
    """
    traditional, kind = to_traditional(text), kind_of(text, answer_type)
    noun = kind.noun
    if noun not in {named.noun for named in _lists()}:
        noun = kind.style if answer_type is AnswerType.PERSON else None
        noun = _kind_of_work(traditional, to_traditional(said)) if answer_type is AnswerType.WORK else noun
    is_on_map = traditional in words_of("countries") or any(traditional in named.members for named in _lists())
    if noun == "國家" and not is_on_map:
        return []  # 大漢國: none that is on the map today could be meant
    chosen = [named for named in _lists() if traditional in named.members and named.noun not in _STYLES]
    chosen = chosen or [named for named in _lists() if named.noun == noun]
    # 黑龍江省 among 福建 and 吉林 would stand out.
    chosen = [named for named in chosen if _mostly_end_in(named, traditional[-1])] or chosen
    is_marked = text[:1] in ("《", "〈") and answer_type is AnswerType.WORK
    members = dict.fromkeys(member for named in chosen for member in named.members)
    return [member if is_marked else member.strip("《》〈〉") for member in members]


def _kind_of_work(title: str, said: str) -> str:
    """The list of works that could be taken for one: beside a book by Darwin a Chinese classic stands out."""
    if title.startswith("〈"):
        return "篇章"
    if title.strip("《》").endswith("報"):
        return "報紙"
    if (
        _SPELT_RUN.search(said)
        or _western_author().search(said)
        or any(_names_foreigner(word.text, word.tag) for word in tag_words(said))
    ):
        return "科學著作" if _SCIENCE.search(said) else "西方作品"
    return "近代作品" if _MODERN_YEAR.search(said) else "作品"


@functools.cache
def _western_author() -> re.Pattern[str]:
    """`英國醫生`, `瑞典人`; where a country is only written about, the author may be of another."""
    asian = "日本|韓國|朝鮮|印度|中國"
    return re.compile(rf"(?!{asian})(?:[英法德美俄]國|{either('countries')})(?:籍|人|{either('before a person')})")


_SPELT_RUN = re.compile(f"[{''.join(sorted(spelling_characters()))}]{{4,}}")


def _names_foreigner(text: str, tag: str) -> bool:
    return tag.startswith("nr") and len(text) > 2 and style_of(text) == "spelt"


def _mostly_end_in(named: _NamedList, last_char: str) -> bool:
    return 2 * sum(member.endswith(last_char) for member in named.members) > len(named.members)
