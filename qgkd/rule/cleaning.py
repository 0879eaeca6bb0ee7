"""Remove from a quoted text what does not belong in a question.

Comes in: quoted text with the question word in it. Goes out: a question that ends in ？.

A literal example: `as_question("此外，燈塔（高12公尺）由誰設計。")` gives `"燈塔由誰設計？"`.
"""

from __future__ import annotations

import re

from qgkd.text.characters import HAN
from qgkd.text.word_lists import either

_PARENTHESIS = re.compile(r"（[^（）]*）|\([^()]*\)|【[^【】]*】|\[[^\[\]]*\]|﹝[^﹝﹞]*﹞")
_LEADING = re.compile(
    rf"^(?:[，、；：。！？!?,.;:\s—–\-·…]+|(?:{either('connectives before a comma')})(?:，|、|：)"
    rf"|(?:{either('connectives')})(?![代期])"
    r"|故(?=[以什哪誰在其該])|如(?![何此果今同])|即(?=[在於使])|也(?!許|門)|但(?!丁)|而(?![今後])|又(?!稱|名|叫)|並(?!列))"
)
_TRAILING = re.compile(r"[，、；：。！？!?,.;:\s—–\-·…]+$")
_COMMA_AFTER_SAYING = re.compile(rf"(?<=[{HAN}])(?P<verb>{either('verbs of saying')})，(?!$)")
_LABEL = re.compile(rf"^(?P<label>[{HAN}]{{2,8}})：(?=[由是指位在可能會])")
"""A term of a list with its explanation: `火山島：由岩漿堆積而成`."""
_PAIRS = {"「": "」", "『": "』", "《": "》", "〈": "〉", "（": "）", "(": ")", "“": "”", "[": "]", "【": "】"}


def without_parentheses(text: str) -> str:
    """Remove brackets and the text in them."""
    return _PARENTHESIS.sub("", text)


def without_leading_connective(text: str) -> str:
    """Remove marks and words that link a clause to the text before it."""
    while True:
        stripped = _LEADING.sub("", text, count=1)
        if stripped == text or not stripped:
            return text
        text = stripped


def balanced(text: str) -> str:
    """Remove quotation marks and brackets whose other half is missing."""
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
    """Clean quoted text and end it with a question mark."""
    text = balanced(text)
    text = re.sub(r"\s*\n\s*", "", text).strip()
    text = re.sub(rf"(?<=[{HAN}]) +(?=[{HAN}])", "", text)
    text = without_leading_connective(text)
    text = _LABEL.sub(r"\g<label>", text)
    text = _TRAILING.sub("", text)
    text = re.sub(r"[。；;！!]", "，", text)
    text = re.sub(r"[，、]{2,}", "，", text)
    text = _COMMA_AFTER_SAYING.sub(r"\g<verb>", text)
    text = re.sub(rf"(?<=[{HAN}])(?:[也亦則]|(?<![以方不即隨])便)(?=[是被有為在於由會可能由受將曾從])", "", text)
    return _TRAILING.sub("", text) + "？"
