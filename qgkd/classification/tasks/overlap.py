"""Finds texts that occur in two data sets, ignoring script and punctuation.

Comes in: the texts of one set, then any text. Goes out: whether it is one of them.

A literal example: after `TextsSeen(["这个宾馆比较陈旧了，特价的房间也很一般。"])` the text
`這個賓館比較陳舊了 特價的房間也很一般` is recognised; so is either with a sentence more.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from qgkd.text.script import to_simplified

_NO_WORD = re.compile(r"[\W_]+")
_STRETCH_CHARS = 10
_SHARED = 0.5


class TextsSeen:
    """Recognises a text exactly, or by half of its stretches of ten letters."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take the texts to compare with."""
        self._exact: set[str] = set()
        self._holding: dict[str, list[int]] = defaultdict(list)
        self._stretches: list[int] = []
        for text in texts:
            letters = letters_of(text)
            if letters in self._exact or not letters:
                continue
            self._exact.add(letters)
            stretches = _stretches_of(letters)
            for stretch in stretches:
                self._holding[stretch].append(len(self._stretches))
            self._stretches.append(len(stretches))

    def __contains__(self, text: str) -> bool:
        """Whether the letters are those of a text seen, or half the stretches of the shorter of the two are."""
        letters = letters_of(text)
        if letters in self._exact:
            return True
        stretches = _stretches_of(letters)
        shared = Counter(place for stretch in stretches for place in self._holding.get(stretch, ()))
        return any(
            count >= _SHARED * min(len(stretches), self._stretches[place]) for place, count in shared.most_common(20)
        )


def letters_of(text: str) -> str:
    """Letters and digits alone, in Simplified characters and lower case."""
    return _NO_WORD.sub("", to_simplified(text)).lower()


def _stretches_of(letters: str) -> set[str]:
    return {letters[start : start + _STRETCH_CHARS] for start in range(len(letters) - _STRETCH_CHARS + 1)}
