"""Ask questions whose answer is a clause: a reason, a purpose, a whole clause.

Comes in: `Frame` of an answer of type CLAUSE. Goes out: uncleaned questions; none where no pattern fits.

A literal example: for 船隻常常觸礁 in `因為船隻常常觸礁，居民建了燈塔。` it is `居民為什麼建了燈塔`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qgkd.rule.clauses import Frame
from qgkd.rule.cleaning import without_leading_connective, without_parentheses
from qgkd.rule.referents import with_noun
from qgkd.rule.subjects import lacks_subject, leading_subject, says_when
from qgkd.text.characters import HAN
from qgkd.text.word_lists import either
from qgkd.text.words import tag_words

_REASON = r"因為|由於|起因於|有鑑於|鑑於|基於|因"
_PURPOSE = r"為了|為"
_CUE_BEFORE = re.compile(rf"(?P<subject>.*?)(?:(?:是|主要是|原因是)?(?:{_REASON})|{_PURPOSE})$")
_CUE_INSIDE = re.compile(rf"^(?:{_REASON}|為了|為(?=[避防保求維讓使阻擺紀])|以便|以免)")
_IS_FOR = re.compile(rf"[{HAN}]{{2}}是為了$")
_RESULT_WORD = re.compile(rf"^(?:{either('results')})")
_MODAL_BEFORE = re.compile(rf"(?:{either('modals')})$")
_SPEECH_BEFORE = re.compile(r"(?:說|道|表示|認為|指出|是|：)[，：:「『]*$")
_STATE = re.compile(r"[是屬有為位不無沒成具]")
_WORD_CHARACTER = re.compile(rf"[{HAN}0-9A-Za-z]")
_ONLY_MARKS = re.compile(r"^[，。；：！？、」』\s]*$")


def ask_about_clause(frame: Frame) -> Iterator[str]:
    """Yield uncleaned questions about a clause, best first."""
    cue = _CUE_BEFORE.match(frame.left)
    is_reason = cue is not None or (_CUE_INSIDE.match(frame.answer) and not frame.left)
    if _IS_FOR.search(frame.left) and _ONLY_MARKS.match(frame.right):
        yield f"{frame.left}什麼"
    if is_reason and _ONLY_MARKS.match(frame.right):
        yield from _why(frame, cue["subject"] if cue is not None else "")
    if _MODAL_BEFORE.search(frame.left) and _ONLY_MARKS.match(frame.right):
        yield "".join((*frame.earlier[-1:], frame.left, "做什麼"))
    if not _WORD_CHARACTER.search(frame.left) and _ONLY_MARKS.match(frame.right):
        yield from _what_then(frame)


def _what_then(frame: Frame) -> Iterator[str]:
    """Quote the clause before and ask how it continues."""
    before = without_parentheses("".join(frame.earlier[-1:]))
    if len(before) < 5 or _SPEECH_BEFORE.search(before):
        return
    words = tag_words(frame.answer)
    starts_with_action = words[0].tag in ("v", "vn", "p") and _STATE.match(words[0].text) is None
    yield f"{before}{'怎麼做' if starts_with_action else '情況如何'}"


def _why(frame: Frame, subject: str) -> Iterator[str]:
    """Ask for the reason of the result clause."""
    subject = without_leading_connective(without_parentheses(subject))
    result = ""
    if frame.later and not frame.right.startswith("。"):
        result = frame.later[0]
    elif frame.earlier:
        result = frame.earlier[-1]
    if result and says_when(result) and frame.later[1:]:
        result += frame.later[1]
    result = _RESULT_WORD.sub("", without_leading_connective(without_parentheses(result)))
    result = with_noun(result, frame.sentences_before)
    if len(result) < 4:
        return
    inner = leading_subject(result)
    if subject and inner not in ("", subject):
        return  # the reason is one person's, the clause about another
    if subject:
        yield f"{subject}為什麼{result}"
    elif inner:
        yield f"{inner}為什麼{result[len(inner) :]}"
    elif lacks_subject(result):
        yield f"{leading_subject(frame.answer)}為什麼{result}"
    else:
        yield f"為什麼{result}"
