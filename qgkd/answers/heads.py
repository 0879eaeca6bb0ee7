"""Find the noun an answer ends in, which gives the answer's type and the words a question uses for it.

Comes in: an answer in Traditional characters. Goes out: `Head`, or None.

A literal example: `find_head("西南聯合大學")` gives `Head("大學", AnswerType.ORGANISATION, "所", "大學")`, and the
question asks 哪一所大學.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from qgkd.answer import AnswerType
from qgkd.text.word_lists import either, words_of


@dataclass(frozen=True, slots=True)
class Head:
    """A last noun with the answer type, measure word and class noun that go with it."""

    suffix: str
    type: AnswerType
    measure: str
    noun: str


def _read_heads() -> dict[str, Head]:
    heads: dict[str, Head] = {}
    for line in (resources.files("qgkd.answers") / "heads.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            type_name, measure, noun, suffixes = line.split("\t")
            for suffix in suffixes.split():
                heads.setdefault(suffix, Head(suffix, AnswerType(type_name), measure, noun))
    return heads


HEADS = _read_heads()
"""Heads by suffix, Traditional characters; read from `heads.tsv`."""
_MAX_HEAD_CHARS = max(map(len, HEADS))


@lru_cache(maxsize=1)
def _known_names() -> dict[str, Head | None]:
    """Whole names that are not what they end in (臺灣 is no 海灣), words with no noun to ask by (特色 is no 顏色)."""
    known: dict[str, Head | None] = {}
    for line in (resources.files("qgkd.answers") / "known_names.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            type_name, measure, noun, names = line.split("\t")
            for name in names.split():
                known[name] = Head(name, AnswerType(type_name), measure, noun) if noun else None
    for list_name, noun in (("countries", "國家"), ("cities", "城市")):
        known.update({name: Head(name, AnswerType.PLACE, "個", noun) for name in words_of(list_name)})
    return known


# 杭州 ends in 州 but is a city: these suffixes need an answer of three characters or more.
_NEEDS_THREE_CHARS = frozenset("州府區會部局法學業王路方")
_EACH = re.compile("[各諸列][國省縣市州島地]$")
_METHOD = Head("法", AnswerType.TERM, "種", "方法")
_LAW = re.compile(rf"(?:[憲刑民商稅律權土地約]|{either('laws')})法$")


@lru_cache(maxsize=4096)
def find_head(answer_text: str) -> Head | None:
    """Find the longest known last noun of an answer in Traditional characters; one that is only a head has none.

    A name that is known as a whole, a country or a city say, has the head of what it is.
    """
    known = _known_names()
    if answer_text in known:
        return known[answer_text]
    if answer_text in HEADS or _EACH.search(answer_text):
        return None
    for length_chars in range(min(_MAX_HEAD_CHARS, len(answer_text) - 1), 0, -1):
        head = HEADS.get(answer_text[-length_chars:])
        if length_chars == 1 and "的" in answer_text[-3:]:
            return None
        if head is not None and (len(answer_text) > 2 or head.suffix not in _NEEDS_THREE_CHARS):
            return _METHOD if head.suffix == "法" and _LAW.search(answer_text) is None else head
    return None
