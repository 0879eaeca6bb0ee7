"""The sentences of the page, in its three languages.

Comes in: a language and a key. Goes out: a sentence. Others use: `say`, `sentences`.

A literal example: `say(Language.ENGLISH, "list.count", count=3)` is "3 questions".

A language is one file beside this one, named by its tag; all hold the same keys.
"""

from __future__ import annotations

import functools
import json
from importlib import resources

from qgkd.text.language import Language


def say(language: Language, key: str, **values: str | int) -> str:
    """Look a sentence up, with the values inserted unchanged for the names in braces.

    Raises:
        KeyError: There is no such sentence, or a value is missing.
    """
    return sentences(language)[key].format_map(values) if values else sentences(language)[key]


@functools.cache
def sentences(language: Language) -> dict[str, str]:
    """All sentences of a language, by key."""
    source = resources.files("qgkd.page.wording").joinpath(f"{language.value}.json")
    loaded: dict[str, str] = json.loads(source.read_text("utf-8"))
    return loaded
