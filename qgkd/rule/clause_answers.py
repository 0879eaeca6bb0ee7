"""Questions whose answer is a clause: reasons, purposes, whole clauses.

Comes in: `Frame` of an answer of type CLAUSE. Goes out: texts of questions; none where no pattern fits.

A literal example: for 船隻常常觸礁 in `因為船隻常常觸礁，居民建了燈塔。` the text is `居民為什麼建了燈塔`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qgkd.rule.cleaning import without_leading_connective, without_parentheses
from qgkd.rule.clauses import Frame
from qgkd.rule.subjects import leading_subject

_REASON = r"因為|由於|起因於|有鑑於|鑑於|基於|因"
_PURPOSE = r"為了|為"
_CUE_BEFORE = re.compile(rf"(?P<subject>.*?)(?:(?:是|主要是|原因是)?(?:{_REASON})|{_PURPOSE})$")
_CUE_INSIDE = re.compile(rf"^(?:{_REASON}|為了|為(?=[避防保求維讓使阻擺紀])|以便|以免)")
_RESULT_WORD = re.compile(r"^(?:故|所以|因此|因而|於是|便|就|而|才|從而|遂|乃)")
_MODAL_BEFORE = re.compile(r"(?:會|可以|可|能夠|能|應該|應|要|必須|需要|來|去|開始|負責|並|將|被迫|試圖|打算|決定|計劃|被要求|允許)$")
_ONLY_MARKS = re.compile(r"^[，。；：！？、」』\s]*$")


def ask_about_clause(frame: Frame) -> Iterator[str]:
    """Texts of questions about a clause, best first."""
    cue = _CUE_BEFORE.match(frame.left)
    is_reason = cue is not None or _CUE_INSIDE.match(frame.answer) and not frame.left
    if is_reason and _ONLY_MARKS.match(frame.right):
        yield from _why(frame, cue["subject"] if cue is not None else "")
    if _MODAL_BEFORE.search(frame.left) and _ONLY_MARKS.match(frame.right):
        yield "".join((*frame.earlier[-1:], frame.left, "做什麼"))


def _why(frame: Frame, subject: str) -> Iterator[str]:
    """The result clause, asked for its reason."""
    subject = without_leading_connective(without_parentheses(subject))
    result = ""
    if frame.later and not frame.right.startswith("。"):
        result = frame.later[0]
    elif frame.earlier:
        result = frame.earlier[-1]
    result = _RESULT_WORD.sub("", without_leading_connective(without_parentheses(result)))
    if len(result) < 4:
        return
    inner = leading_subject(result)
    if subject:
        yield f"{subject}為什麼{result}"
    elif inner:
        yield f"{inner}為什麼{result[len(inner):]}"
    else:
        yield f"為什麼{result}"
