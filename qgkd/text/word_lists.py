"""Word lists for answer types, proposed answers and the rule system, each in both scripts.

Comes in: a list's name in `word_lists.tsv`. Goes out: its words, or a pattern of them.

A literal example: `either("eras")` is `民國|民国|光緒|光绪|…`, longest words first, for a regular expression.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def _lists() -> dict[str, tuple[str, ...]]:
    lines = (resources.files("qgkd.text") / "word_lists.tsv").read_text("utf-8").splitlines()
    entries = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {name: tuple(words.split()) for name, words in entries}


@lru_cache(maxsize=64)
def words_of(name: str) -> frozenset[str]:
    """The words of a list, in Traditional and in Simplified characters."""
    from qgkd.text.script import to_simplified

    traditional = _lists()[name]
    return frozenset(traditional) | frozenset(to_simplified(" ".join(traditional)).split())


@lru_cache(maxsize=64)
def either(name: str) -> str:
    """The words of a list as alternatives of a regular expression, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words_of(name), key=lambda word: (-len(word), word)))
