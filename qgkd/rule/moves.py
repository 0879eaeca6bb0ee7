"""Rephrase a question: the question word at the front or the end, clauses in another order.

Comes in: `Draft`. Goes out: uncleaned questions.

A literal example: `誰設計了燈塔` becomes `設計了燈塔的是誰`; `燈塔由誰設計` becomes `燈塔是由誰設計的`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qgkd.rule.cleaning import without_leading_connective
from qgkd.rule.composition import Draft
from qgkd.rule.referents import starts_predicate
from qgkd.rule.subjects import leading_subject
from qgkd.text.characters import HAN
from qgkd.text.word_lists import either
from qgkd.text.words import tag_words

_TIME_BEFORE = re.compile(r"^(?:[在於]|早在|直到|大約|約)?$")
_ONLY_MARKS = re.compile(r"^[，。；：！？、」』》\s]*$")
# 修憲|以後，… · 基隆|到臺北的路段通車 · 桂文燦|編纂的《廣東圖說》刊本，…: the text after | belongs to the subject.
_NO_PREDICATE = re.compile(
    r"[以用][^，。]*的[〈《「]|[之以]?[前後]|時|期間|起[，]|以來|[到至、，]|[。；\s]*$|[^，。]*的[^，。的]{1,12}(?:版|本|書|人|時|後)，"
)
_TITLE = re.compile(rf"(?:{either('before a person')})(?=[{HAN}])")
_MARKS_AT_END = re.compile(r"[，。；：！？、\s]+$")
_BY = re.compile(r"(?<![是經不自理緣])由$")
_SYNONYMS = {
    "誰": ("哪一個人", "何人"),
    "哪一年": ("何年",),
    "什麼時候": ("何時",),
    "哪一天": ("幾月幾日", "何時"),
    "哪裡": ("何處", "什麼地方"),
    "哪一個地方": ("哪裡", "何處"),
}


def time_inside(draft: Draft) -> str:
    """`哪一年，林文海設計燈塔` becomes `林文海在哪一年設計燈塔`; empty if the clause has another form."""
    if draft.earlier or not _TIME_BEFORE.match(without_leading_connective(draft.left)):
        return ""
    main = without_leading_connective((draft.right + "".join(draft.later)).lstrip("，、"))
    subject = "" if draft.right.startswith("的") else leading_subject(main)
    rest = main[len(subject) :]
    # 加拿大|導演卡麥隆: the title belongs to the name.
    if not subject or _NO_PREDICATE.match(rest) or _TITLE.match(rest) or not starts_predicate(rest):
        return ""
    return f"{subject}{'於' if rest.startswith('在') else '在'}{draft.word}{rest}"


def time_in_front(draft: Draft) -> str:
    """`1867年，…` becomes `在哪一年，…`; empty if the date is not at the front."""
    if draft.earlier or draft.left or draft.right.startswith("的"):
        return ""
    return f"在{draft.word}，{(draft.right + ''.join(draft.later)).lstrip('，、')}"


def word_at_end(draft: Draft) -> str:
    """`誰設計了燈塔` becomes `設計了燈塔的是誰`; empty unless the question word is the subject of one clause."""
    predicate = _MARKS_AT_END.sub("", draft.right)
    if draft.left or draft.earlier or len(predicate) < 4 or re.search(r"[，；：]", predicate):
        return ""
    first = tag_words(predicate)[0]
    if not first.tag.startswith("v") or first.text in ("是", "為", "有") or predicate.endswith(("的", "了", "著")):
        return ""
    return f"{predicate}的是{draft.word}"


def by_whom(draft: Draft) -> str:
    """`燈塔由誰設計` becomes `燈塔是由誰設計的`; empty without 由."""
    predicate = _MARKS_AT_END.sub("", draft.right)
    if not _BY.search(draft.left) or not 1 < len(predicate) <= 12 or re.search(r"[，；：的]|而成", predicate):
        return ""
    return f"{''.join(draft.earlier)}{_BY.sub('是由', draft.left)}{draft.word}{predicate}的"


def clauses_reordered(draft: Draft) -> Iterator[str]:
    """Yield the question with its own clause last, or first."""
    core = _MARKS_AT_END.sub("", draft.left + draft.word + draft.right)
    if draft.later and not draft.earlier and leading_subject(draft.later[0]):
        yield _MARKS_AT_END.sub("", "".join(draft.later)) + "，" + without_leading_connective(core)
    if draft.earlier and not draft.later and leading_subject(core):
        yield without_leading_connective(core) + "，" + _MARKS_AT_END.sub("", "".join(draft.earlier))


def other_words(draft: Draft) -> Iterator[str]:
    """Yield the question with synonyms of its question word."""
    words = _SYNONYMS.get(draft.word, ())
    if not words and draft.word.startswith("哪一"):
        words = ("哪" + draft.word[2:], "什麼" + draft.word[3:])
    for word in words:
        yield "".join((*draft.earlier, draft.left, word, draft.right, *draft.later))
