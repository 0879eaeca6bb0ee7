"""Turning a stretch of a passage into a question: what does not belong in one is taken out.

Comes in: a stretch with the question word in it. Goes out: a question ending in ？.

A literal example: `as_question("此外，燈塔（高12公尺）由誰設計。")` gives `"燈塔由誰設計？"`.
"""

from __future__ import annotations

import re

_PARENTHESIS = re.compile(r"（[^（）]*）|\([^()]*\)|【[^【】]*】|\[[^\[\]]*\]|﹝[^﹝﹞]*﹞")
_LEADING = re.compile(
    r"^(?:[，、；：。！？!?,.;:\s—–\-·…]+|(?:但是?|而且|並且|而|且|因此|所以|此外|另外|然而|不過|同時|於是|其中|例如|如|即|則|也|亦|又|就|便|"
    r"隨後|之後|後來|接著|最後|最終|然後|據說|事實上|實際上|其實|總之|換言之|相反|相對地|相反地|相較之下|再者|首先|其次|至於|特別是|尤其是?|甚至|反而|"
    r"結果|當然|此後|此時|另一方面|一方面|除此之外|與此同時|這時|當時|不僅|不但|雖然|儘管|如果|由此|從此|可是|只是|以及|及|和|或)(?:，|、|：)"
    r"|(?:但是|但(?!丁)|而且|並且|因此|所以|此外|另外|然而|不過|於是|以及|例如|比如|譬如|像是|同時也?|隨後|後來|而(?![今後])|且|又(?!稱|名|叫)|並(?!列)))"
)
_TRAILING = re.compile(r"[，、；：。！？!?,.;:\s—–\-·…]+$")
_PAIRS = {"「": "」", "『": "』", "《": "》", "〈": "〉", "（": "）", "(": ")", "“": "”", "[": "]", "【": "】"}


def without_parentheses(text: str) -> str:
    """Drop asides in brackets."""
    return _PARENTHESIS.sub("", text)


def without_leading_connective(text: str) -> str:
    """Drop what links a clause to the text before it."""
    while True:
        stripped = _LEADING.sub("", text, count=1)
        if stripped == text or not stripped:
            return text
        text = stripped


def balanced(text: str) -> str:
    """Drop quotation marks and brackets whose other half is missing."""
    open_marks: list[tuple[str, int]] = []
    dropped: set[int] = set()
    closing = {close: opening for opening, close in _PAIRS.items()}
    for position, character in enumerate(text):
        if character in _PAIRS:
            open_marks.append((character, position))
        elif character in closing:
            if open_marks and open_marks[-1][0] == closing[character]:
                open_marks.pop()
            else:
                dropped.add(position)
    dropped.update(position for _, position in open_marks)
    return "".join(character for position, character in enumerate(text) if position not in dropped)


def as_question(text: str) -> str:
    """Clean a stretch and end it in a question mark."""
    text = balanced(text)
    text = re.sub(r"\s*\n\s*", "", text).strip()
    text = without_leading_connective(text)
    text = _TRAILING.sub("", text)
    text = re.sub(r"[。；;！!]", "，", text)
    text = re.sub(r"[，、]{2,}", "，", text)
    return _TRAILING.sub("", text) + "？"
